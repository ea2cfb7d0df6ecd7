"""Queries on the clocks of shops, inside the transaction of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from services.gateway.clocks.domain import Told

WHOLE_SHOP = -1
"""Instead of a partition: where the shop's time stands, as others were told. Whoever moves it locks this row."""

_LOCK = """
INSERT INTO shop_clock AS c (shop, partition, until, origin, partitions) VALUES ($1, $2, NULL, 'live', 0)
ON CONFLICT (shop, partition) DO UPDATE SET partition = excluded.partition
RETURNING c.until
"""
_TELL = """
INSERT INTO shop_clock AS c (shop, partition, until, origin, partitions)
SELECT $1, t.partition, t.until, t.origin, t.partitions
FROM unnest($2::int[], $3::timestamptz[], $4::text[], $5::int[]) AS t(partition, until, origin, partitions)
ON CONFLICT (shop, partition) DO UPDATE SET
    until = excluded.until, origin = excluded.origin, partitions = excluded.partitions
WHERE excluded.until > c.until
"""
_STANDING = "SELECT partition, until, origin, partitions FROM shop_clock WHERE shop = $1 AND partition > $2"
_MOVE = "UPDATE shop_clock SET until = $3 WHERE shop = $1 AND partition = $2"


async def lock(conn: asyncpg.Connection[Any], shop: int) -> datetime | None:
    """Where the shop's time stands, and nobody else moves it until the transaction ends. None: it has not begun."""
    until: datetime | None = await conn.fetchval(_LOCK, shop, WHOLE_SHOP)
    return until


async def tell(conn: asyncpg.Connection[Any], shop: int, told: Mapping[int, Told]) -> dict[int, Told]:
    """Write what partitions have told; gives what all of them have. The shop's clock must be locked."""
    places = sorted(told)
    await conn.execute(
        _TELL,
        shop,
        places,
        [told[place].until for place in places],
        [told[place].origin for place in places],
        [told[place].partitions for place in places],
    )
    rows = await conn.fetch(_STANDING, shop, WHOLE_SHOP)
    return {row["partition"]: Told(row["until"], row["origin"], row["partitions"]) for row in rows}


async def move(conn: asyncpg.Connection[Any], shop: int, until: datetime) -> None:
    """The shop's time stands here now."""
    await conn.execute(_MOVE, shop, WHOLE_SHOP, until)
