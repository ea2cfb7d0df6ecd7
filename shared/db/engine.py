"""Connections: an asyncpg pool in the service's schema.

Time limits nest, the inner below the outer, so that the side that can still tell the truth gives up first: a
transaction left idle ends after 4 s, a lock is waited for 6 s, a statement runs 7 s, and the client stops waiting
for any answer after 8 s (without that, a connection whose packets vanish would hang for ever).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg

IDLE_IN_TRANSACTION_MS = 4_000
LOCK_TIMEOUT_MS = 6_000
STATEMENT_TIMEOUT_MS = 7_000
COMMAND_TIMEOUT_SECONDS = 8.0
ACQUIRE_TIMEOUT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 5.0


def server_settings(schema: str, application: str) -> dict[str, str]:
    """Session settings of every connection of a service."""
    return {
        "search_path": f'"{schema}"',
        "application_name": application[:63],
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "timezone": "UTC",
        "jit": "off",  # compiling costs more than any of our statements takes
        # A plan kept from when a table was empty scans it whole for each of 20,000 keys once it is full: 7 s, then
        # the time limit, for ever. Planning anew each time takes a fraction of a millisecond and sees the true size.
        "plan_cache_mode": "force_custom_plan",
    }


def plain_url(database_url: str) -> str:
    """The URL as asyncpg takes it, whatever SQLAlchemy driver it names."""
    return urlsplit(database_url)._replace(scheme="postgresql").geturl()


AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg makes of a session that the server ends between two statements
)
"""What is raised where the database does not answer, or not as it should: to be told as away, and tried again."""


async def create_pool(
    database_url: str,
    schema: str,
    *,
    application: str = "mandegar",
    min_size: int = 0,
    max_size: int = 8,
    opened: Callable[[asyncpg.Connection[Any]], Awaitable[None]] | None = None,
) -> asyncpg.Pool[Any]:
    """A pool bound to the running event loop. Raises OSError or asyncpg's errors when the database is away.

    `opened` is called with each new connection; when it raises, the connection is closed and the caller sees why.
    """
    pool: asyncpg.Pool[Any] = await asyncpg.create_pool(
        plain_url(database_url),
        min_size=min_size,
        max_size=max_size,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        max_inactive_connection_lifetime=300,
        server_settings=server_settings(schema, application),
        init=opened,  # type: ignore[arg-type]  # a proxy, which forwards all of Connection
    )
    return pool


@asynccontextmanager
async def acquire(pool: asyncpg.Pool[Any]) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection of the pool. TimeoutError when none comes free in time, so that callers can answer 503."""
    connection = await pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS)
    try:
        yield connection  # type: ignore[misc]  # a PoolConnectionProxy, which forwards all of Connection
    finally:
        await pool.release(connection, timeout=ACQUIRE_TIMEOUT_SECONDS)
