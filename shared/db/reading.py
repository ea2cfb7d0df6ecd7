"""Reading for HTTP answers: a snapshot of one shop, which cannot write and is of another type than what writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg

from shared.db.engine import acquire
from shared.kernel import ShopId

READ_TIMEOUT_MS = 5_000
"""A query of an HTTP answer that takes longer is cut off: the caller gets 503, others get the connection."""

# The shop for row-level security, for this transaction only.
_SCOPE = "SELECT set_config('app.shop', $1, true), set_config('statement_timeout', $2, true)"


class Reads(Protocol):
    """What a query needs. A `ReadTransaction` offers it, and so does the connection of a write transaction."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        ...


class ReadTransaction:
    """One moment of one shop's data, for queries only. Made by `read_transaction`."""

    def __init__(self, conn: asyncpg.Connection[Any], shop: ShopId) -> None:
        self._conn = conn
        self.shop = shop

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """All rows."""
        return await self._conn.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self._conn.fetchrow(query, *args)


@asynccontextmanager
async def read_transaction(
    pool: asyncpg.Pool[Any], shop: ShopId, *, timeout_ms: int = READ_TIMEOUT_MS
) -> AsyncIterator[ReadTransaction]:
    """A read-only transaction in which every query sees the same moment.

    Raises TimeoutError when no connection comes free in time, and asyncpg.QueryCanceledError when a query takes
    longer than `timeout_ms`.
    """
    async with acquire(pool) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        await conn.fetchrow(_SCOPE, str(int(shop)), str(timeout_ms))
        yield ReadTransaction(conn, shop)
