"""Days on which customers visited."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

_ADD = """
INSERT INTO visit AS v (customer, shop, day, identity)
SELECT k.customer, $1, k.day, k.identity
FROM unnest($2::bigint[], $3::int[], $4::bigint[]) AS k(customer, day, identity)
ORDER BY k.customer, k.day, k.identity
ON CONFLICT (shop, customer, day, identity) DO NOTHING
RETURNING v.customer, v.day, EXISTS (
    SELECT FROM visit o WHERE o.shop = v.shop AND o.customer = v.customer AND o.day = v.day
)
"""
_MOVE = """
WITH moved AS (
    UPDATE visit v SET customer = k.after
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS k(identity, before, after)
    WHERE v.shop = $1 AND v.customer = k.before AND v.identity = k.identity
    RETURNING k.before, k.after
)
SELECT DISTINCT before, after FROM moved
"""
_DAYS = (
    "SELECT DISTINCT customer, day FROM visit WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY customer, day"
)

# Walked by customer, along the primary key: an index by day would cost each visit more than the walk costs a day.
_NEXT = """
SELECT max(customer) FROM (
    SELECT customer FROM visit WHERE shop = $1 AND customer > $2 ORDER BY customer LIMIT $3
) AS walked
"""
_FORGET = "DELETE FROM visit WHERE shop = $1 AND customer > $2 AND customer <= $3 AND day < $4"


class Visit(NamedTuple):
    """A day on which an identity visited, for whom it is counted."""

    customer: int
    day: int
    identity: int


async def add(conn: asyncpg.Connection[Any], shop: int, visits: Collection[Visit]) -> set[tuple[int, int]]:
    """Keep visits, each named once; (customer, day) of days on which none of the customer was known."""
    columns = list(zip(*visits, strict=True)) or [(), (), ()]
    # What a statement writes it does not see: what exists was there before.
    rows = await conn.fetch(_ADD, shop, *(list(column) for column in columns))
    return {(customer, day) for customer, day, known in rows if not known}


async def move(conn: asyncpg.Connection[Any], shop: int, moved: Mapping[int, tuple[int, int]]) -> set[int]:
    """Count visits of identities for other customers: (from, to) of each. Those who lost or got any."""
    columns = list(zip(*((identity, *pair) for identity, pair in sorted(moved.items())), strict=True))
    rows = await conn.fetch(_MOVE, shop, *(list(column) for column in columns))
    return {customer for row in rows for customer in row}


async def days_of(conn: asyncpg.Connection[Any], shop: int, customers: Sequence[int]) -> dict[int, list[int]]:
    """All days of visits of each customer, rising."""
    found: dict[int, list[int]] = {customer: [] for customer in customers}
    if customers:
        for customer, day in await conn.fetch(_DAYS, shop, list(customers)):
            found[customer].append(day)
    return found


async def forget_before(
    conn: asyncpg.Connection[Any], shop: int, day: int, *, after: int, limit: int
) -> tuple[int, int | None]:
    """Delete days before a day, of the customers of the next `limit` rows by number.

    How many were deleted, and the last of these customers; None when there are no more. The shop must be held.
    """
    last = await conn.fetchval(_NEXT, shop, after, limit)
    if last is None:
        return 0, None
    status: str = await conn.execute(_FORGET, shop, after, last, day)
    return int(status.rsplit(" ", 1)[1]), int(last)
