"""Operator's calls of gateway's functions: they write through the service's own code, in its schema."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from mandegar.connecting import connection, use
from mandegar.failures import CommandFailed
from mandegar.services import service_names
from shared.db import create_pool
from shared.db.engine import plain_url
from shared.kernel import Clock, CustomerId, SystemClock, parse_customer_id

ResultT = TypeVar("ResultT")
GATEWAY = "gateway"
_SECONDS_MAX = 10.0


async def with_gateway(directory: Path, work: Callable[[asyncpg.Pool[Any], Clock], Awaitable[ResultT]]) -> ResultT:
    """Call with a pool of gateway's schema. What it publishes is sent by the relay of a running worker."""
    return await with_service(directory, GATEWAY, work)


async def with_service(
    directory: Path, service: str, work: Callable[[asyncpg.Pool[Any], Clock], Awaitable[ResultT]]
) -> ResultT:
    """The same of any service's schema."""
    found = connection(directory)
    use(found)
    return await with_gateway_at(found.login(service), work, service)


async def with_gateway_at(
    database_url: str, work: Callable[[asyncpg.Pool[Any], Clock], Awaitable[ResultT]], service: str = GATEWAY
) -> ResultT:
    """The same, at a given database."""
    pool = await create_pool(database_url, service, application="mandegar-operator", max_size=2)
    try:
        return await work(pool, SystemClock())
    finally:
        await pool.close()


def customer_number(text: str) -> CustomerId:
    """The number behind a customer's id. Raises CommandFailed for what is none."""
    try:
        return parse_customer_id(text)
    except ValueError as error:
        raise CommandFailed(f"{error}; `mandegar customers find` gives it") from None


async def key_uses(directory: Path) -> dict[str, datetime]:
    """When each key was last used, by key id: the latest that any service has noted."""
    found = connection(directory)
    latest: dict[str, datetime] = {}
    for service in service_names():
        conn = await asyncpg.connect(plain_url(found.login(service)), timeout=_SECONDS_MAX)
        try:
            rows = await conn.fetch(f'SELECT key_id, used_at FROM "{service}".api_key_use', timeout=_SECONDS_MAX)  # noqa: S608 - names of ours
        finally:
            await conn.close()
        for key_id, used_at in rows:
            latest[key_id] = max(used_at, latest.get(key_id, used_at))
    return latest
