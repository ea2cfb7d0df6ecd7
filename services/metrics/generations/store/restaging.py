"""Customers of whom something is to be told after a switch."""

from __future__ import annotations

from typing import Any

import asyncpg

CUSTOMERS_MAX = 2_000
_WALKED = """
SELECT c.customer, c.put_off FROM customer_state c
JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
WHERE c.shop = $1 AND c.customer > $2 ORDER BY c.customer LIMIT $3
"""


async def put_off_behind(conn: asyncpg.Connection[Any], shop: int, after: int) -> tuple[list[int], int | None]:
    """Of the next customers by number: who is put off, and where they end; None when there are no more."""
    rows = await conn.fetch(_WALKED, shop, after, CUSTOMERS_MAX)
    return [row["customer"] for row in rows if row["put_off"]], rows[-1]["customer"] if rows else None
