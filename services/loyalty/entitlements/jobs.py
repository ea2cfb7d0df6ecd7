"""Sends what is due: claimed in one transaction, sent outside of any, its outcome written in another.

A process that dies between the two leaves its claim, which ends by itself, and the delivery is sent again under the
same id. Receivers take repeats by it, so each is told at least once and counts once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import groupby
from random import Random, SystemRandom
from time import monotonic
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from services.loyalty.entitlements import measures, store
from services.loyalty.entitlements.domain import State, outcome_of, trouble_of
from services.loyalty.entitlements.sealing import Vault
from services.loyalty.entitlements.store import Claimed
from services.loyalty.settings import LoyaltySettings
from shared.db import AWAY, acquire, create_pool
from shared.kernel import Clock, SystemClock
from shared.receivers import attempt
from shared.receivers.calling import ANSWER_BYTES_MAX, SECONDS_MAX

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

log = structlog.get_logger(__name__)

_HELD = timedelta(seconds=60)
# Together no more than there are connections: an attempt that waits for one would fail for nothing.
_EACH, _SHOPS_MAX = 2, 10
_LOOK_SECONDS = 1.0
_MEASURE_SECONDS = 15.0
_WIND_UP_SECONDS = 4.0


class Sender:
    """One for each process."""

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        vault: Vault,
        outgoing: Outgoing,
        clock: Clock | None = None,
        *,
        held: timedelta = _HELD,
        rng: Random | None = None,
    ) -> None:
        """`held`: how long a delivery stays ours; longer than an attempt may take."""
        self._pool = pool
        self._vault = vault
        self._outgoing = outgoing
        self._clock = clock or SystemClock()
        self._held = held
        self._rng = rng or SystemRandom()
        self._measured_again = monotonic()

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: LoyaltySettings, **more: Any) -> AsyncIterator[Sender]:
        """One with connections of its own, as long as the block lasts."""
        from shared.outgoing.client import Outgoing  # here: what does not send needs no HTTP client

        url = settings.database_url.get_secret_value()
        pool = await create_pool(url, "loyalty", application="loyalty-entitlements", max_size=2)
        outgoing = Outgoing(loopback=settings.entitlement_loopback, seconds_max=SECONDS_MAX, bytes_max=ANSWER_BYTES_MAX)
        async with pool, outgoing:
            yield cls(pool, Vault(settings.secret_key.get_secret_value()), outgoing, **more)

    async def turn(self) -> int:
        """Send some of what is due, and wait for all of it; how many."""
        claimed = await self._claim({})
        await asyncio.gather(*(self._send(one, monotonic()) for one in claimed))
        return len(claimed)

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop` is set. A receiver that hangs keeps no other shop waiting."""
        at_work: dict[int, asyncio.Task[None]] = {}
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                await self._measure()
                for shop, several in groupby(await self._claim(at_work), lambda one: one.shop):
                    at_work[shop] = asyncio.create_task(self._send_several(list(several)))
                await asyncio.wait(
                    {stopped, *at_work.values()}, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for shop in [shop for shop, task in at_work.items() if task.done()]:
                    at_work.pop(shop).result()
        finally:
            stopped.cancel()
            if at_work:  # what is on its way may end; what does not is sent again
                await asyncio.wait(at_work.values(), timeout=_WIND_UP_SECONDS)
            for task in at_work.values():
                task.cancel()
            await asyncio.gather(*at_work.values(), return_exceptions=True)

    async def _claim(self, busy: Collection[int]) -> list[Claimed]:
        most = _EACH * (_SHOPS_MAX - len(busy))
        if most <= 0:
            return []
        async with acquire(self._pool) as conn:
            found = await store.claim(conn, self._held, _EACH, most, busy)
        return sorted(found, key=lambda one: one.shop)

    async def _send_several(self, claimed: Sequence[Claimed]) -> None:
        since = monotonic()
        await asyncio.gather(*(self._send(one, since) for one in claimed))

    async def _send(self, one: Claimed, since: float) -> None:
        # A process that was held up must not send what somebody else has by now, who may be a step further.
        if monotonic() - since > self._held.total_seconds() - SECONDS_MAX:
            return
        body, now = one.body.encode(), self._clock.now()
        told = await attempt(
            self._outgoing, self._vault, one.url, one.secrets, body, shop=one.shop, message_id=str(one.place), now=now
        )
        outcome = outcome_of(told.status, one.failures + 1, self._rng.random(), told.asked)
        trouble = "" if outcome.state is State.DELIVERED else trouble_of(told.status, told.why)
        try:
            async with acquire(self._pool) as conn:
                ours = await store.done(conn, one, outcome, told.status, trouble)
        except AWAY as error:  # the claim ends, and it is sent again
            log.warning("an entitlement's delivery is not noted", error=type(error).__name__)
            return
        if ours:
            measures.note_attempt(outcome.state)
        if trouble:
            log.warning("an entitlement is not delivered", shop=one.shop, delivery=str(one.place), reason=trouble)

    async def _measure(self) -> None:
        if monotonic() < self._measured_again:
            return
        async with acquire(self._pool) as conn:
            measures.tell(await store.standing(conn))
        self._measured_again = monotonic() + _MEASURE_SECONDS


async def keep_sending(settings: LoyaltySettings, stop: asyncio.Event) -> None:
    """What a worker does beside its topics until `stop` is set. A database that is away is waited for."""
    while not stop.is_set():
        try:
            async with Sender.opened(settings) as sender:
                await sender.run(stop)
        except AWAY as error:
            log.warning("entitlements wait for the database", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await stop.wait()
