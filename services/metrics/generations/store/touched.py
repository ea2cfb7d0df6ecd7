"""Orders that changed while a generation is built: marked by whoever changed them, taken by the builder."""

from __future__ import annotations

from typing import Any

import asyncpg

from shared.db import Reads

_TAKE = """
DELETE FROM touched_order WHERE shop = $1 AND id IN (
    SELECT id FROM touched_order WHERE shop = $1 ORDER BY id LIMIT $2
) RETURNING order_id
"""


async def take(conn: asyncpg.Connection[Any], shop: int, limit: int) -> list[str]:
    """Take marks, the oldest first, and give their orders, each once.

    To be called before the orders are read: who changes one of them after that has marked it anew.
    """
    return sorted({row[0] for row in await conn.fetch(_TAKE, shop, limit)})


async def waiting(reads: Reads, shop: int) -> int:
    """How many marks there are."""
    row = await reads.fetchrow("SELECT count(*) FROM touched_order WHERE shop = $1", shop)
    return 0 if row is None else int(row["count"])
