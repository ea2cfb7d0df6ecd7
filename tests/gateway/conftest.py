"""Fixtures of the gateway's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from shared.db import create_pool
from shared.testing import Databases
from tests.gateway.ground import Gateway, clear


@pytest.fixture(scope="session")
async def gateway_url(databases: Databases) -> str:
    """A migrated database of these tests' own."""
    return await databases.create("gateway")


@pytest.fixture(scope="session")
async def gateway_pool(gateway_url: str) -> AsyncIterator[asyncpg.Pool[Any]]:
    """Connections in the service's schema."""
    pool = await create_pool(gateway_url, "gateway", max_size=8)
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
