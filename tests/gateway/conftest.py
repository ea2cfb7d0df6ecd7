"""Fixtures of the gateway's tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from mandegar.stack import Stack
from shared.db import create_pool, migrate
from tests.gateway.ground import Gateway, clear


@pytest.fixture(scope="session")
async def gateway_pool(stack: Stack) -> AsyncIterator[asyncpg.Pool[Any]]:
    """The migrated schema."""
    await asyncio.to_thread(migrate, "gateway", stack.database_url)
    pool = await create_pool(stack.database_url, "gateway", max_size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def pool(gateway_pool: asyncpg.Pool[Any]) -> asyncpg.Pool[Any]:
    """The schema, empty but for the default shop."""
    await clear(gateway_pool)
    return gateway_pool


@pytest.fixture
async def gateway(pool: asyncpg.Pool[Any]) -> Gateway:
    """A worker on the empty schema."""
    return Gateway(pool)
