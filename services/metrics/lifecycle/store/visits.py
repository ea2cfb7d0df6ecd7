"""Days on which customers visited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

_ADD = """
INSERT INTO visit (customer, shop, day)
SELECT k.customer, $1, k.day FROM unnest($2::bigint[], $3::int[]) AS k(customer, day)
ORDER BY k.customer, k.day
ON CONFLICT (shop, customer, day) DO NOTHING
RETURNING customer, day
"""
_DAYS = "SELECT customer, day FROM visit WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY customer, day"


async def add(conn: asyncpg.Connection[Any], shop: int, visits: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Keep (customer, day), each named once; those that are new."""
    rows = await conn.fetch(_ADD, shop, [customer for customer, _ in visits], [day for _, day in visits])
    return {(customer, day) for customer, day in rows}


async def days_of(conn: asyncpg.Connection[Any], shop: int, customers: Sequence[int]) -> dict[int, list[int]]:
    """All days of visits of each customer, rising."""
    found: dict[int, list[int]] = {customer: [] for customer in customers}
    if customers:
        for customer, day in await conn.fetch(_DAYS, shop, list(customers)):
            found[customer].append(day)
    return found
