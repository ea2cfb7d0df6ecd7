"""What the tables hold, as the ledger in memory would have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.loyalty.points import Answer, Operation, Terms, post
from shared.db import write_transaction
from shared.kernel import FixedClock

_ACCOUNTS = "SELECT shop, customer, pending, active, held, owed, version, told, head, armed FROM account ORDER BY 1, 2"
_ENTRIES = """
SELECT shop, customer, n, transaction, at, day, kind, debit, credit, points, lot, expires_day, cause, source, reason,
       actor, hash
FROM entry ORDER BY shop, customer, n
"""
_CONTRA = """
SELECT shop, bucket, day, sum(points)::bigint FROM contra GROUP BY 1, 2, 3 HAVING sum(points) <> 0 ORDER BY 1, 2, 3
"""
TABLES = {
    "account": _ACCOUNTS,
    "entry": _ENTRIES,
    "lot": "SELECT * FROM lot ORDER BY shop, customer, lot",
    "hold": "SELECT * FROM hold ORDER BY shop, hold",
    "hold_lot": "SELECT * FROM hold_lot ORDER BY shop, hold, place",
    "contra": _CONTRA,
}


async def post_now(
    pool: asyncpg.Pool[Any], now: datetime, terms: Terms, operations: Sequence[Operation], shard: int = 0
) -> list[Answer]:
    """In a transaction of its own."""
    async with write_transaction(pool, FixedClock(now)) as tx:
        return await post(tx, dict.fromkeys({one.who.shop for one in operations}, terms), operations, shard=shard)


async def kept(pool: asyncpg.Pool[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row, by table."""
    return {name: [tuple(row) for row in await pool.fetch(statement)] for name, statement in TABLES.items()}


async def outbox(pool: asyncpg.Pool[Any]) -> dict[bytes, list[bytes]]:
    """Events by key, in order."""
    found: dict[bytes, list[bytes]] = {}
    for key, value in await pool.fetch("SELECT key, value FROM outbox ORDER BY id"):
        found.setdefault(key, []).append(value)
    return found
