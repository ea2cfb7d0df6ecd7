"""The switch: the built generation becomes the live one. Orders are given its days then and afterwards."""

from __future__ import annotations

from typing import Any

import asyncpg

from services.metrics.generations.store.progress import Build
from services.metrics.lifecycle import Beside
from services.metrics.orders import is_unsettled, settle_next

_STAGES = (13, 14)  # STAGE and STAGE_FLOW, where they are the same with other settings
_TAKE_COUNTERS = f"""
INSERT INTO counter AS c (shop, generation, basis, measure, param, gap, day, currency, shard, value)
SELECT shop, $2::smallint, basis, measure, param, gap, day, currency, shard, value FROM counter
WHERE shop = $1 AND generation = $3 AND measure IN {_STAGES}
"""  # noqa: S608 - constants
_TAKE_GAPS = """
INSERT INTO gap_count (shop, generation, partition, first, gap, value)
SELECT shop, $2::smallint, partition, first, gap, value FROM gap_count WHERE shop = $1 AND generation = $3
"""
_TAKE_BUILT_GAPS = """
INSERT INTO gap_count (shop, generation, partition, first, gap, value)
SELECT shop, generation, partition, first, gap, sum(value)::bigint FROM built_gap
WHERE shop = $1 AND generation = $2 GROUP BY shop, generation, partition, first, gap HAVING sum(value) <> 0
"""
_TAKE_FIGURES = """
INSERT INTO gap_figure (shop, generation, partition, day, gaps, gap_days, first_gaps, first_gap_days)
SELECT shop, $2::smallint, partition, day, gaps, gap_days, first_gaps, first_gap_days
FROM gap_figure WHERE shop = $1 AND generation = $3
"""
_LIVE = "UPDATE generation SET live = (number = $2) WHERE shop = $1 AND (live OR number = $2)"
_DONE = (
    "UPDATE generation SET building = false WHERE shop = $1 AND building",
    "DELETE FROM generation_build WHERE shop = $1",
)


async def switch(conn: asyncpg.Connection[Any], build: Build, of: Beside) -> None:
    """Exchange. The caller holds the shop alone, and nothing is marked any more."""
    shop, generation = build.generation.counters.shop, build.number
    live = build.live.counters.generation
    if build.same_stages:
        await conn.execute(_TAKE_COUNTERS, shop, generation, live)
    if of.keeps_figures:
        for statement in (_TAKE_GAPS, _TAKE_FIGURES):
            await conn.execute(statement, shop, generation, live)
    elif of.counts_gaps:
        await conn.execute(_TAKE_BUILT_GAPS, shop, generation)
    await conn.execute(_LIVE, shop, generation)


async def settle(conn: asyncpg.Connection[Any], shop: int, limit: int) -> bool:
    """Give some orders the days of the generation that went live, inside the caller's transaction. Whether all have."""
    if await settle_next(conn, shop, limit) == limit or await is_unsettled(conn, shop):
        return False
    for statement in _DONE:
        await conn.execute(statement, shop)
    return True
