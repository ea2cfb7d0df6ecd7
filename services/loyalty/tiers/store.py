"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.tiers.domain.outlook import Told
from services.loyalty.tiers.domain.plans import Day
from shared.db import Reads

Place = tuple[int, int]
"""Shop and identity."""

# Of what stands, by the membership of somebody; `kept` is null where all of it came back. Points that wait count on
# the day on which they start.
_DAYS = """
SELECT o.shop, o.customer, d.day, sum(d.spend)::bigint, sum(d.points)::bigint, sum(d.orders), sum(d.opening)::bigint
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN occasion o USING (shop, customer)
CROSS JOIN LATERAL (
    SELECT o.day, o.kept, CASE WHEN o.starts <= o.day THEN o.points ELSE 0 END, (o.kind = 1)::int, 0
    UNION ALL
    SELECT o.starts, 0, o.points, 0, o.points WHERE o.starts > o.day AND o.points > 0
) AS d (day, spend, points, orders, opening)
WHERE o.through > 0 AND o.kept IS NOT NULL
GROUP BY o.shop, o.customer, d.day
"""
_STANDINGS = """
SELECT t.shop, t.customer, t.level, t.since, t.due, t.missed, t.seen, t.number
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN tier_standing t USING (shop, customer)
"""
_SAVE = """
INSERT INTO tier_standing AS t (shop, customer, level, since, due, missed, seen, number)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::int[], $5::int[], $6::boolean[], $7::int[],
                     $8::int[])
ON CONFLICT (shop, customer) DO UPDATE SET
    level = excluded.level, since = excluded.since, due = excluded.due, missed = excluded.missed,
    seen = excluded.seen, number = excluded.number
"""
# Distinct identities by leaps through the index: the next one behind the last.
_WHO_DID = """
WITH RECURSIVE leap (customer, place) AS (
    SELECT min(customer), 1 FROM occasion WHERE shop = $1 AND customer > $2
    UNION ALL
    SELECT (SELECT min(o.customer) FROM occasion o WHERE o.shop = $1 AND o.customer > l.customer), l.place + 1
    FROM leap l WHERE l.customer IS NOT NULL AND l.place < $3
)
SELECT customer FROM leap WHERE customer IS NOT NULL ORDER BY customer
"""
_FORGET = """
DELETE FROM tier_standing AS t USING unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)
WHERE t.shop = k.shop AND t.customer = k.customer
"""


class Kept(NamedTuple):
    """Where somebody stands, as it is kept."""

    told: Told
    since: int
    due: int
    missed: bool


async def days_of(reads: Reads, places: Collection[Place]) -> dict[Place, list[Day]]:
    """What these identities did, by day."""
    if not places:
        return {}
    found: dict[Place, list[Day]] = {}
    for shop, customer, *day in await reads.fetch(_DAYS, *_columns(places)):
        found.setdefault((shop, customer), []).append(Day(*day))
    return found


async def standings(reads: Reads, places: Collection[Place]) -> dict[Place, Kept]:
    """What was told of these persons last."""
    rows = await reads.fetch(_STANDINGS, *_columns(places))
    return {
        (row["shop"], row["customer"]): Kept(
            Told(row["level"], row["seen"], row["number"]), row["since"], row["due"], row["missed"]
        )
        for row in rows
    }


async def save(conn: asyncpg.Connection[Any], standing: Mapping[Place, Kept]) -> None:
    """Write where persons stand; whoever does holds their memberships."""
    if standing:
        rows = [
            (*place, one.told.level, one.since, one.due, one.missed, one.told.seen, one.told.number)
            for place, one in sorted(standing.items())
        ]
        await conn.execute(_SAVE, *(list(column) for column in zip(*rows, strict=True)))


async def who_did(reads: Reads, shop: int, after: int, limit: int) -> list[int]:
    """The next identities of whom anything is known, by number."""
    return [row["customer"] for row in await reads.fetch(_WHO_DID, shop, after, limit)]


async def forget(conn: asyncpg.Connection[Any], places: Iterable[Place]) -> None:
    """Of identities that are counted as another now."""
    gone = sorted(set(places))
    if gone:
        await conn.execute(_FORGET, *_columns(gone))


def _columns(places: Iterable[Place]) -> tuple[Sequence[int], Sequence[int]]:
    asked = sorted(set(places))
    return [shop for shop, _ in asked], [customer for _, customer in asked]
