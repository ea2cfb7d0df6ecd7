"""Pulls: one connection at a time, its place kept after each page that Kafka has; by the worker, or by a command.

A run that is killed leaves its claim, which ends by itself, and the place after the last page that was acknowledged.
What is read twice has the same ids.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import structlog

from services.gateway.collector import Desk, Message, Outlet, Unavailable, open_outlet
from services.gateway.identity import Marker
from services.gateway.intake import RulesBook
from services.gateway.pulling import measures, store
from services.gateway.pulling.commands import opened_api
from services.gateway.pulling.domain import Known, PullTrouble, retry_after, start
from services.gateway.pulling.outside import Asking
from services.gateway.settings import GatewaySettings
from services.gateway.shops import load_shops
from services.gateway.webhooks import ADAPTORS, Address, Vault, find_connection, read_order
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.db import AWAY, acquire, create_pool
from shared.kernel import Clock, SystemClock

if TYPE_CHECKING:
    from shared.outgoing.client import Outgoing

log = structlog.get_logger(__name__)

_HELD = timedelta(minutes=10)
_PAGES_MAX = 200
_PAGES_BY_HAND_MAX = 100_000
_LOOK_SECONDS = 2.0
_MEASURE_SECONDS = 15.0
_SEND_ATTEMPTS = 5
_CLAIM_ATTEMPTS = 20


class Pulled(NamedTuple):
    """What a run brought."""

    orders: int
    events: int
    set_aside: int
    """Orders of which something could not be read."""
    calls: int
    since: datetime
    reached: datetime | None


@dataclass(slots=True)
class _Hold:
    """A pull that is ours until some time, which pages put off."""

    row: asyncpg.Record
    until: datetime
    more: bool = False
    """Whether there is more than one run may take."""

    @classmethod
    def of(cls, row: asyncpg.Record) -> _Hold:
        return cls(row, row["claimed_until"])

    @property
    def address(self) -> Address:
        return Address(self.row["shop"], self.row["address"])


class Puller:
    """One for each process."""

    def __init__(
        self, pool: asyncpg.Pool[Any], settings: GatewaySettings, outlet: Outlet, outgoing: Outgoing, clock: Clock
    ) -> None:
        secret = settings.secret_key.get_secret_value()
        self._pool = pool
        self._every = timedelta(minutes=settings.pull_every_minutes)
        self._outlet = outlet
        self._outgoing = outgoing
        self._clock = clock
        self._vault, self._marker, self._book = Vault(secret), Marker(secret.encode()), RulesBook()
        self._known = Known()
        self._measured_again = monotonic()

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: GatewaySettings, clock: Clock | None = None) -> AsyncIterator[Puller]:
        """One with connections of its own, as long as the block lasts."""
        from shared.outgoing.client import Outgoing  # here: workers that pull nothing need no HTTP client

        url = settings.database_url.get_secret_value()
        outlet = open_outlet(settings)
        pool = await create_pool(url, "gateway", application="gateway-pull", max_size=2)
        async with pool, outlet.running(), Outgoing(loopback=settings.pull_loopback) as outgoing:
            yield cls(pool, settings, outlet, outgoing, clock or SystemClock())

    async def next_due(self) -> Pulled | None:
        """Do one pull that is due; None where none is. Trouble is noted with it and logged."""
        async with acquire(self._pool) as conn:
            row = await store.claim(conn, _HELD)
        return None if row is None else await self._noted(_Hold.of(row))

    async def measure(self) -> None:
        """Have Prometheus told how all pulls stand, if it was not just now."""
        if monotonic() < self._measured_again:
            return
        async with acquire(self._pool) as conn:
            measures.tell(await store.standing(conn))
        self._measured_again = monotonic() + _MEASURE_SECONDS

    async def now(
        self, address: str, *, since: datetime | None = None, dry_run: bool = False, lane: bool = False
    ) -> Pulled:
        """Do one now. `lane`: as history. `dry_run`: sends nothing and keeps no place. Raises PullTrouble."""
        hold = await self._hold(address)
        try:
            return await self._run(hold, since=since, dry_run=dry_run, lane=lane, pages_max=_PAGES_BY_HAND_MAX)
        finally:
            await self._release(hold, timedelta(0) if dry_run else self._every, "")

    async def _hold(self, address: str) -> _Hold:
        """The claim of a connection; a worker that is at it is waited for a little. Raises PullTrouble."""
        async with acquire(self._pool) as conn:
            place, _ = await find_connection(conn, address)
            if not await store.is_there(conn, place):
                raise PullTrouble("the connection has no API yet; give it one with `mandegar connections api`")
        for _ in range(_CLAIM_ATTEMPTS):
            async with acquire(self._pool) as conn:
                row = await store.claim(conn, _HELD, place)
            if row is not None:
                return _Hold.of(row)
            await asyncio.sleep(1.0)
        raise PullTrouble("a worker is pulling this connection; `mandegar connections pulls` shows how far it is")

    async def _noted(self, hold: _Hold) -> Pulled | None:
        row, trouble, after = hold.row, "", self._every
        try:
            pulled = await self._run(hold, since=None, dry_run=False, lane=False, pages_max=_PAGES_MAX)
            after = timedelta(0) if hold.more else after
            measures.note_done(row["vendor"], orders=pulled.orders, set_aside=pulled.set_aside, calls=pulled.calls)
            log.info("orders pulled", vendor=row["vendor"], shop=row["shop"], **_figures(pulled))
            return pulled
        except PullTrouble as error:
            trouble = str(error)
            measures.note_failed(row["vendor"])
            async with acquire(self._pool) as conn:
                after = retry_after(await store.failures(conn, hold.address) + 1)
            log.warning("a pull failed", vendor=row["vendor"], shop=row["shop"], reason=trouble)
            return None
        finally:
            await self._release(hold, after, trouble)

    async def _release(self, hold: _Hold, after: timedelta, trouble: str) -> None:
        async with acquire(self._pool) as conn:
            failures = await store.failures(conn, hold.address) + 1 if trouble else 0
            await store.done(conn, hold.address, hold.until, after=after, failures=failures, trouble=trouble)

    async def _run(self, hold: _Hold, *, since: datetime | None, dry_run: bool, lane: bool, pages_max: int) -> Pulled:
        api = opened_api(self._vault, hold.address, hold.row["sealed"])
        adaptor, rules = ADAPTORS[api.vendor], self._book.of(await self._shop(hold.address.shop))
        begin = start(hold.row["reached"], since, hold.row["created_at"])
        name, goes_on = str(hold.address), since is None and not dry_run and not lane
        asking = Asking(self._outgoing, api, lambda head: goes_on and self._known.has(name, head.id, head.updated))
        orders = events = aside = 0
        reached, asked_at = None, self._clock.now()
        async with contextlib.aclosing(asking.pages(begin, pages_max)) as pages:
            async for page in pages:
                desk = Desk.open(rules, self._marker, self._clock.now())
                read = [read_order(desk, adaptor, document) for document in page.documents]
                messages = [message for one in read for message in one.messages]
                if not dry_run:
                    await self._send([_in_lane(one) for one in messages] if lane else messages)
                    await self._advance(hold, page.newest)
                    for head in page.heads:
                        self._known.keep(name, head.id, head.updated, asked_at)
                orders, events = orders + len(read), events + len(messages)
                aside += sum(one.trouble is not None for one in read)
                reached, asked_at = page.newest or reached, self._clock.now()
        hold.more = asking.has_more
        return Pulled(orders, events, aside, asking.calls, begin, reached)

    async def _shop(self, number: int) -> Shop:
        async with acquire(self._pool) as conn:
            return {shop.number: shop for shop in (await load_shops(conn)).values()}[number]

    async def _advance(self, hold: _Hold, newest: datetime | None) -> None:
        async with acquire(self._pool) as conn:
            until = await store.advance(conn, hold.address, hold.until, newest, _HELD)
        if until is None:
            raise PullTrouble("another worker has taken over this pull")
        hold.until = until

    async def _send(self, messages: Sequence[Message]) -> None:
        for attempt in range(_SEND_ATTEMPTS):
            try:
                return await self._outlet.send(messages)
            except Unavailable:
                await asyncio.sleep(2.0**attempt / 4)
        raise PullTrouble("Kafka is away or busy")


async def keep_pulling(settings: GatewaySettings, stop: asyncio.Event) -> None:
    """What a worker does beside its topics until `stop` is set. A database that is away is waited for."""
    if settings.pull_every_minutes == 0:
        await stop.wait()
        return
    while not stop.is_set():
        try:
            async with Puller.opened(settings) as puller:
                while not stop.is_set():
                    await puller.measure()
                    if await _unless(stop, puller.next_due()) is None:
                        await _wait(stop, _LOOK_SECONDS)
        except AWAY as error:
            log.warning("pulls wait for a server", error=type(error).__name__)
            await _wait(stop, _LOOK_SECONDS)


async def _unless(stop: asyncio.Event, work: Any) -> Pulled | None:
    """The work, given up when `stop` is set: its place is kept."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, stopped):
            one.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _in_lane(message: Message) -> Message:
    return message._replace(topic=topics.RAW_ORDERS_BACKFILL) if message.topic == topics.RAW_ORDERS else message


def _figures(pulled: Pulled) -> dict[str, int]:
    return {"orders": pulled.orders, "events": pulled.events, "set_aside": pulled.set_aside, "calls": pulled.calls}
