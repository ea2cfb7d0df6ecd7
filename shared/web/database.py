"""The database as routes see it: a moment of one shop to read, or a transaction to write.

async def retention(caller: …, database: DatabaseDep) -> …:
    async with database.read(caller.shop_id) as reads:
        …
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import asyncpg
from fastapi import Depends
from starlette.requests import Request

from shared.db import OpenTransaction, ReadTransaction, read_transaction, write_transaction
from shared.kernel import Clock, ShopId


class Database:
    """The application's pool. TimeoutError and the database's errors become 503."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self.pool = pool
        self.clock = clock

    def read(self, shop: ShopId) -> AbstractAsyncContextManager[ReadTransaction]:
        """One moment of one shop's data."""
        return read_transaction(self.pool, shop)

    def write(self, shop: ShopId) -> AbstractAsyncContextManager[OpenTransaction]:
        """A transaction with the outbox, on one shop's rows; commits when the block ends well."""
        return write_transaction(self.pool, self.clock, shop)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _clock(request: Request) -> Clock:
    database: Database = request.app.state.database
    return database.clock


DatabaseDep = Annotated[Database, Depends(_database)]
ClockDep = Annotated[Clock, Depends(_clock)]
