"""The switch: the built generation becomes the live one, and orders fall on its days, all in one transaction."""

from __future__ import annotations

from typing import Any

import asyncpg

from services.metrics.generations.store.progress import Build
from services.metrics.lifecycle import Beside

_OF_MOVED = "b.shop = $1 AND b.generation = $2 AND b.moved"
_DAYS = f"""
UPDATE order_fact o SET day = b.day, booked_day = b.booked_day, odd = b.odd
FROM built_order b
WHERE {_OF_MOVED} AND o.shop = b.shop AND o.order_id = b.order_id
"""  # noqa: S608 - constants
_FORGET_SPELLS = f"""
DELETE FROM spell s USING built_order b WHERE {_OF_MOVED} AND s.shop = b.shop AND s.order_id = b.order_id
"""  # noqa: S608 - constants
_SPELLS = f"""
INSERT INTO spell (shop, order_id, since, until, start, customer, currency, net)
SELECT s.shop, s.order_id, s.since, s.until, s.start, s.customer, s.currency, s.net
FROM built_order b JOIN built_spell s USING (shop, generation, order_id)
WHERE {_OF_MOVED}
"""  # noqa: S608 - constants
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
_LIVE = "UPDATE generation SET live = (number = $2), building = false WHERE shop = $1 AND (live OR number = $2)"
_DONE = "DELETE FROM generation_build WHERE shop = $1 AND generation = $2"


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
    for statement in (_DAYS, _FORGET_SPELLS, _SPELLS, _LIVE, _DONE):
        await conn.execute(statement, shop, generation)
