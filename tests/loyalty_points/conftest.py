"""A database of loyalty for each test, and a pool as workers have it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from shared.db import create_pool
from shared.testing import Databases, worker_url


@pytest.fixture
async def url(databases: Databases) -> str:
    return await databases.create("loyalty")


@pytest.fixture
async def pool(url: str) -> AsyncIterator[asyncpg.Pool[Any]]:
    made = await create_pool(worker_url(url, "loyalty"), "loyalty", application="tests", max_size=8)
    yield made
    await made.close()
