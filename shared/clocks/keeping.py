"""Clocks of shops whose time goes by their events, and which timers they let fall due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from shared.clocks.courses import Moment, timers_of
from shared.db.timers import Reach

_READ = """
SELECT c.shop, c.partition, c.until, c.origin
FROM unnest($1::smallint[], $2::int[]) AS k(shop, partition) JOIN shop_clock c USING (shop, partition)
"""
_MOVE = """
INSERT INTO shop_clock AS c (shop, partition, until, origin)
SELECT * FROM unnest($1::smallint[], $2::int[], $3::timestamptz[], $4::text[])
ON CONFLICT (shop, partition) DO UPDATE SET until = excluded.until, origin = excluded.origin
WHERE c.until < excluded.until
"""
# Timers that a shop set while its time went by events follow the wall once the shop does.
_REACHES = """
SELECT c.shop, c.partition, CASE WHEN s.settings->>'clock' = 'stream' THEN c.until ELSE $2 END
FROM shop_clock c JOIN shop s ON s.number = c.shop
WHERE c.partition = ANY($1::int[])
"""

Place = tuple[int, int]
"""(shop, partition)."""


async def read(conn: asyncpg.Connection[Any], places: Iterable[Place]) -> dict[Place, tuple[datetime, str]]:
    """(until, origin) of each clock that was ever set."""
    wanted = sorted(places)
    if not wanted:
        return {}
    rows = await conn.fetch(_READ, [shop for shop, _ in wanted], [partition for _, partition in wanted])
    return {(shop, partition): (until, origin) for shop, partition, until, origin in rows}


async def move(conn: asyncpg.Connection[Any], clocks: Mapping[Place, Moment]) -> None:
    """Set clocks forward."""
    if clocks:
        places = sorted(clocks)
        moments = [clocks[place] for place in places]
        columns = [[shop for shop, _ in places], [partition for _, partition in places]]
        await conn.execute(_MOVE, *columns, [moment.until for moment in moments], [one.origin for one in moments])


class ShopsOwnClock:
    """Wall time for partitions of topics; for shops on the stream clock, what `clock.advanced` said last."""

    async def reaches(self, conn: asyncpg.Connection[Any], now: datetime, partitions: Sequence[int]) -> list[Reach]:
        """Implements `shared.messaging.handling.ShopClock`."""
        own = await conn.fetch(_REACHES, list(partitions), now)
        return [
            *(Reach(partition, now) for partition in partitions),
            *(Reach(timers_of(shop, partition), until) for shop, partition, until in own),
        ]
