"""A version that was published is made: everybody is judged by it, some at a time, beside what events change.

1 begin: hold the shop's segments alone, for a moment. Who settled by the version before has committed, and all who
  settle from then on read the new one; so whoever is not settled by an event is met on the way
2 walk: identities in the order of their numbers, a chunk in each transaction, with where it came to
3 made: nobody was left

Killed anywhere, another worker goes on where the last chunk ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import asyncpg
import structlog

from services.campaigns.clocks import shops_of
from services.campaigns.segments.events import key_of
from services.campaigns.segments.keeping import Settling, Touch
from services.campaigns.segments.store import catalogue, members
from services.campaigns.settings import CampaignsSettings
from shared.db import AWAY, create_pool, write_transaction
from shared.kernel import Clock, SystemClock
from shared.messaging.partitioning import partitions_of

log = structlog.get_logger(__name__)

CHUNK = 1_000
_LOOK_SECONDS = 1.0


class Maker:
    """One for each worker; several may stand side by side."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock | None = None, chunk: int = CHUNK) -> None:
        self._pool, self._clock, self._chunk = pool, clock or SystemClock(), chunk

    async def step(self) -> bool:
        """Do a piece of what is to be done; False when there is nothing."""
        async with write_transaction(self._pool, self._clock) as tx:
            one = await catalogue.to_make(tx.conn)
            if one is None:
                return False
            if one.making != one.version:
                await members.hold(tx.conn, [one.shop], alone=True)
                await catalogue.begin(tx.conn, one)
                return True
            identities = await catalogue.chunk(tx.conn, one, self._chunk)
            if not identities:
                await catalogue.made(tx.conn, one)
                log.info("a segment is made", shop=one.shop, segment=one.segment, version=one.version)
                return True
            await members.hold(tx.conn, [one.shop])
            shop = (await shops_of(tx.conn, [one.shop]))[one.shop]
            standing = (await members.standing(tx.conn, [one.shop])).get(one.shop, [])
            own = [other for other in standing if other.segment == one.segment]
            count = await catalogue.partitions(tx.conn)
            keys = [key_of(shop, customer).key for customer in identities]
            places = partitions_of(keys, count).tolist() if count else [0] * len(keys)
            touched = {who: Touch(place, "live") for who, place in zip(identities, places, strict=True)}
            await Settling(tx, shop, own, "published").settle(touched)
            await catalogue.walked(tx.conn, one, identities)
        return True


async def keep_making(settings: CampaignsSettings, stop: asyncio.Event) -> None:
    """What a worker does beside its topics until `stop` is set. A database that is away is waited for."""
    url = settings.database_url.get_secret_value()
    while not stop.is_set():
        try:
            async with await create_pool(url, "campaigns", application="campaigns-segments", max_size=1) as pool:
                maker = Maker(pool)
                while not stop.is_set():
                    if not await maker.step():
                        await _wait(stop)
        except AWAY as error:
            log.warning("segments wait for the database", error=type(error).__name__)
            await _wait(stop)


async def _wait(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_SECONDS):
            await stop.wait()
