"""Folding: what many shards wrote becomes one row a counter, so that reading costs by days and not by writers.

Sums do not change, so it may run at any time, be broken off anywhere, or never run at all.
"""

from __future__ import annotations

from typing import Any

import asyncpg

FOLDED_SHARD = -1
"""The shard that no writer has: only folding adds to it."""

ROWS_MAX = 1_000
"""Rows of one step: its locks make writers of the same counters wait some tens of milliseconds at most."""

_ONE_FOLDER = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.fold'), $1)"

# Rows are locked in the order of the key, as writers lock theirs: the two can wait for each other, but not in a circle.
_LOCK = """
SELECT generation, basis, measure, param, currency, day, gap, shard
FROM counter
WHERE shop = $1 AND shard >= 0
ORDER BY shop, generation, basis, measure, param, currency, day, gap, shard
LIMIT $2
FOR UPDATE
"""
_FOLD = """
WITH gone AS (
    DELETE FROM counter c
    USING unnest($2::smallint[], $3::smallint[], $4::smallint[], $5::int[], $6::text[], $7::int[], $8::int[],
                 $9::smallint[]) AS k(generation, basis, measure, param, currency, day, gap, shard)
    WHERE c.shop = $1 AND c.shard >= 0 AND c.generation = k.generation AND c.basis = k.basis AND c.measure = k.measure
      AND c.param = k.param AND c.currency = k.currency AND c.day = k.day AND c.gap = k.gap AND c.shard = k.shard
    RETURNING c.*
)
INSERT INTO counter AS c (shop, generation, basis, measure, param, currency, day, gap, shard, value)
SELECT shop, generation, basis, measure, param, currency, day, gap, $10::smallint, sum(value)::bigint
FROM gone
GROUP BY shop, generation, basis, measure, param, currency, day, gap
HAVING sum(value) <> 0
ORDER BY shop, generation, basis, measure, param, currency, day, gap
ON CONFLICT (shop, generation, basis, measure, param, currency, day, gap, shard)
DO UPDATE SET value = c.value + excluded.value
"""


async def fold(conn: asyncpg.Connection[Any], shop: int, rows_max: int = ROWS_MAX) -> int:
    """One step, inside the caller's transaction: up to `rows_max` rows of a shop go into the folded shard.

    Gives how many rows were folded; fewer than `rows_max` means that nothing is left, or that another process is
    folding this shop. Two statements, because the second must see what writers had committed when the first got its
    locks: needs READ COMMITTED.
    """
    if not await conn.fetchval(_ONE_FOLDER, shop):
        return 0
    rows = await conn.fetch(_LOCK, shop, rows_max)
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await conn.execute(_FOLD, shop, *columns, FOLDED_SHARD)
    return len(rows)
