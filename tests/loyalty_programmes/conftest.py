"""An API of loyalty over a database of its own, with two shops and keys of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import pytest

from services.loyalty.app import create_app
from shared.contracts.shops import Shop
from shared.db import create_pool
from shared.kernel import api_key_sha256, api_key_text
from shared.messaging.reference import write_shops
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.http import client
from tests.security.ground import SECRET

SHOPS = (
    Shop(number=1, slug="laleh", name="L", zone="Asia/Tehran", currency="EUR"),
    Shop(number=2, slug="sib", name="S"),
)


@dataclass
class Ground:
    """Clients of both shops, and the database behind them as its workers see it."""

    http: httpx.AsyncClient
    other: httpx.AsyncClient
    pool: asyncpg.Pool[Any]


@pytest.fixture
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    url = await databases.create("loyalty")
    async with AsyncExitStack() as open_:
        pool = await open_.enter_async_context(await create_pool(url, "loyalty", max_size=4))
        await write_shops(pool, list(SHOPS), [1, 1])
        settings = PlatformSettings.load(
            "loyalty",
            database_url=api_url(url, "loyalty"),
            kafka_bootstrap_servers="127.0.0.1:1",
            secret_key=SECRET,
        )
        clients = []
        for shop in SHOPS:
            key_id = f"{shop.number:018d}"
            text = api_key_text(key_id, sha256(key_id.encode()).digest())
            await pool.execute(
                "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, '{programmes:write}')",
                *(key_id, shop.number, api_key_sha256(text)),
            )
            clients.append(await open_.enter_async_context(client(create_app(settings), key=text)))
        yield Ground(*clients, pool)
