"""Connections of a worker, outside of any pool: each part has its own, and throws it away when in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from shared.db.engine import COMMAND_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, plain_url, server_settings

__all__ = ["Connect", "opener", "transaction"]

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
"""Opens a connection whose search path is the service's schema."""


def opener(database_url: str, schema: str, part: str = "worker") -> Connect:
    """How a worker opens connections to a service's schema, with the time limits of all connections.

    `part` of the worker is what the session is called in the database.
    A relay's must reach PostgreSQL itself or a pooler in session mode: leadership lives in the session.
    """

    async def connect() -> asyncpg.Connection[Any]:
        return await asyncpg.connect(
            plain_url(database_url),
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            server_settings=server_settings(schema, f"mandegar {part} {schema}"),
        )

    return connect


@asynccontextmanager
async def transaction(conn: asyncpg.Connection[Any]) -> AsyncIterator[None]:
    """BEGIN, then COMMIT or ROLLBACK. A connection that does not answer in time is cut off at once.

    It would not answer ROLLBACK either, and asking costs as long again.
    """
    opened = conn.transaction()
    await opened.start()
    try:
        yield
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError | TimeoutError):
            conn.terminate()
        elif not conn.is_closed():
            await opened.rollback()
        raise
    await opened.commit()
