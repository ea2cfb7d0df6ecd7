"""Customers whose stages wait to be worked out anew after a switch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.kernel import CustomerId, customer_id_text

CUSTOMERS_MAX = 500
_PUT_OFF = """
SELECT c.customer FROM customer_state c JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
WHERE c.shop = $1 AND c.customer > $2 AND c.put_off ORDER BY c.customer LIMIT $3
"""
# Timers on the shop's own clock stay on it, and in their partition; they only become due.
_HURRY = """
UPDATE timer SET due = 'epoch' WHERE shop = $1 AND kind = $2 AND identity = ANY($3::text[]) AND partition < 0
"""


async def put_off_behind(conn: asyncpg.Connection[Any], shop: int, after: int) -> list[int]:
    """The next customers who are put off, by number."""
    return [row[0] for row in await conn.fetch(_PUT_OFF, shop, after, CUSTOMERS_MAX)]


async def hurry(conn: asyncpg.Connection[Any], shop: int, kind: str, customers: Sequence[int]) -> None:
    """Let timers of these customers that follow the shop's own clock fire at its next move."""
    await conn.execute(_HURRY, shop, kind, [customer_id_text(CustomerId(customer)) for customer in customers])


async def is_streaming(conn: asyncpg.Connection[Any], shop: int) -> bool:
    """Whether the shop's time is that of its stream."""
    return bool(await conn.fetchval("SELECT settings ->> 'clock' = 'stream' FROM shop WHERE number = $1", shop))
