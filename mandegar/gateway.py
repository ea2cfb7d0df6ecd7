"""Operator's calls of gateway's functions: they write through the service's own code, in its schema."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from mandegar.connecting import connection, use
from shared.db import create_pool
from shared.kernel import Clock, SystemClock

ResultT = TypeVar("ResultT")
GATEWAY = "gateway"


async def with_gateway(directory: Path, work: Callable[[asyncpg.Pool[Any], Clock], Awaitable[ResultT]]) -> ResultT:
    """Call with a pool of gateway's schema. What it publishes is sent by the relay of a running worker."""
    found = connection(directory)
    use(found)
    return await with_gateway_at(found.login(GATEWAY), work)


async def with_gateway_at(database_url: str, work: Callable[[asyncpg.Pool[Any], Clock], Awaitable[ResultT]]) -> ResultT:
    """The same, at a given database."""
    pool = await create_pool(database_url, GATEWAY, application="mandegar-operator", max_size=2)
    try:
        return await work(pool, SystemClock())
    finally:
        await pool.close()
