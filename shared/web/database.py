"""The database as routes see it: a moment of one shop to read, or a transaction to write.

async def retention(caller: …, database: DatabaseDep) -> …:
    async with database.read(caller.shop_id) as reads:
        …
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import Depends
from starlette.requests import Request
from starlette.types import Scope

from shared.db import OpenTransaction, ReadTransaction, read_transaction, record, write_transaction
from shared.kernel import Clock, ShopId
from shared.web.audited import open_note


class Database:
    """The application's pool. TimeoutError and the database's errors become 503."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock, scope: Scope | None = None) -> None:
        """`scope`: the request whose writes are entered in the audit log."""
        self.pool = pool
        self.clock = clock
        self._scope: Scope = {} if scope is None else scope

    def of(self, request: Request) -> Database:
        """The same for one request."""
        return Database(self.pool, self.clock, request.scope)

    def concerns(self, *ids: str) -> None:
        """Tell the audit log which ids the request is about, beside those in its path. Never personal data."""
        if (note := open_note(self._scope)) is not None:
            note.made = " ".join(ids)

    def read(self, shop: ShopId) -> AbstractAsyncContextManager[ReadTransaction]:
        """One moment of one shop's data."""
        return read_transaction(self.pool, shop)

    @asynccontextmanager
    async def write(self, shop: ShopId) -> AsyncIterator[OpenTransaction]:
        """A transaction with the outbox, on one shop's rows; commits when the block ends well.

        The request's entry in the audit log commits with it.
        """
        note = open_note(self._scope)
        async with write_transaction(self.pool, self.clock, shop) as tx:
            yield tx
            if note is not None:
                await record(tx.conn, note.entry(200))
        if note is not None:
            note.written = True


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database.of(request)


def _clock(request: Request) -> Clock:
    database: Database = request.app.state.database
    return database.clock


DatabaseDep = Annotated[Database, Depends(_database)]
ClockDep = Annotated[Clock, Depends(_clock)]
