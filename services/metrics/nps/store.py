"""Every query of the slice. Who writes holds the shop (`counters.hold`), who moves identities holds it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.metrics.nps.domain import Answer, Run, tallies, windows
from shared.db import Reads
from shared.kernel import Zone

_ADD = """
INSERT INTO nps_answer (shop, answer, customer, identity, answered_at, score)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::smallint[])
ON CONFLICT (shop, answer) DO NOTHING
RETURNING shop
"""
_MOVE = """
UPDATE nps_answer a SET customer = k.after
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS k (identity, before, after)
WHERE a.shop = $1 AND a.customer = k.before AND a.identity = k.identity
"""
# $2 and $3: where windows begin, and the instants behind their ends, both rising. `width_bucket` says how many of them
# an instant has reached. Of two answers of one instant the one with the greater id is the later, as feedback has it.
_RUNS = """
WITH said AS (
    SELECT score, answered_at AS at, lead(answered_at) OVER (PARTITION BY customer ORDER BY answered_at, answer) AS next
    FROM nps_answer
    WHERE shop = $1 AND answered_at >= ($2::timestamptz[])[1]
      AND answered_at < ($3::timestamptz[])[cardinality($3::timestamptz[])]
), counting AS (
    SELECT score, width_bucket(at, $3::timestamptz[]) AS since,
           least(width_bucket(at, $2::timestamptz[]), width_bucket(next, $3::timestamptz[])) AS until
    FROM said
)
SELECT since, until, score, count(*) AS answers FROM counting WHERE since < until GROUP BY since, until, score
"""


async def add(conn: asyncpg.Connection[Any], answers: Sequence[Answer]) -> set[int]:
    """Keep answers that are not known yet; the shops that got any."""
    if not answers:
        return set()
    columns = [list(column) for column in zip(*sorted(answers), strict=True)]
    return {shop for (shop,) in await conn.fetch(_ADD, *columns)}


async def move(conn: asyncpg.Connection[Any], shop: int, moved: Mapping[int, tuple[int, int]]) -> bool:
    """Count answers of identities for other customers: (from, to) of each. Whether there were any."""
    columns = list(zip(*((identity, *pair) for identity, pair in sorted(moved.items())), strict=True))
    status: str = await conn.execute(_MOVE, shop, *(list(column) for column in columns))
    return status != "UPDATE 0"


async def tallies_at(reads: Reads, shop: int, zone: Zone, days: Sequence[int], length: int) -> list[dict[int, int]]:
    """How many customers stand with which score at the end of each of `days` (rising ordinals), by window."""
    begins, ends = windows(zone, days, length)
    rows = await reads.fetch(_RUNS, shop, begins, ends)
    return tallies((Run(*row) for row in rows), len(days))
