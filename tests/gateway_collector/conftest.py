"""Fixtures of the collector's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from mandegar.stack import Stack
from services.gateway.main import create_service
from services.gateway.settings import GatewaySettings
from services.gateway.shops import add_shop
from shared.db import create_pool
from shared.kernel import SystemClock
from shared.messaging.cluster.topics import ensure_topics
from shared.testing import Databases
from tests.gateway_collector.ground import SECRET, Collected, collecting, make_keys, settings_for
from tests.gateway_collector.onward import Onward, an_onward


@dataclass
class Place:
    """A database with two shops and their keys, and the topics."""

    url: str
    pool: asyncpg.Pool[Any]
    keys: dict[str, str]
    settings: GatewaySettings


@pytest.fixture(scope="session")
async def collector_place(databases: Databases, stack: Stack) -> AsyncIterator[Place]:
    url = await databases.create("gateway")
    await ensure_topics(stack.bootstrap_servers, [create_service(SECRET.encode())], partitions=12)
    pool = await create_pool(url, "gateway", max_size=4)
    await add_shop(pool, SystemClock(), "laleh", zone="Asia/Tehran", currency="IRR", phone_region="IR")
    await add_shop(pool, SystemClock(), "sib", currency="USD", phone_region="US")
    keys = await make_keys(pool)
    yield Place(url, pool, keys, settings_for(url, stack.bootstrap_servers))
    await pool.close()


@pytest.fixture
async def collected(collector_place: Place) -> AsyncIterator[Collected]:
    place = collector_place
    async with collecting(place.settings, place.keys, place.pool) as made:
        yield made


@pytest.fixture
async def onward(databases: Databases) -> AsyncIterator[Onward]:
    """A worker behind the collector, on an empty database."""
    async with an_onward(databases) as made:
        yield made
