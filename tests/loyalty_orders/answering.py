"""Ground of loyalty's APIs: a worker on tables of its own, and routes as they are run, asked by keys of both shops."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import httpx
from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from services.loyalty.main import create_service
from services.loyalty.points import Signer
from services.loyalty.programmes import Version
from shared.contracts.shops import Shop
from shared.kernel import FixedClock, api_key_sha256, api_key_text
from shared.messaging.dead_letters import Cipher
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness, running
from shared.testing.http import client
from shared.web import create_app
from tests.loyalty_orders.ground import NOW, SHOP, SHOPS
from tests.loyalty_orders.programmes import publish

Programmes = Mapping[Shop, Sequence[Version]]


class Working(NamedTuple):
    """A worker whose shops have programmes."""

    worker: Harness
    clock: FixedClock
    url: str


class Answering(NamedTuple):
    """The same, and a client for each shop's key."""

    worker: Harness
    clock: FixedClock
    clients: Mapping[Shop, httpx.AsyncClient]

    @property
    def http(self) -> httpx.AsyncClient:
        """By the key of the first shop."""
        return self.clients[SHOP]


@asynccontextmanager
async def working(databases: Databases, programmes: Programmes, now: datetime = NOW) -> AsyncIterator[Working]:
    """Until the block ends."""
    url, clock = await databases.create("loyalty"), FixedClock(now)
    service = create_service(lambda: Cipher(TEST_SECRET), lambda: Signer(TEST_SECRET))
    async with running(service, url, clock=clock) as worker:
        await worker.configure(*SHOPS)
        await publish(worker.pool, programmes)
        yield Working(worker, clock, url)


@asynccontextmanager
async def answering(
    databases: Databases,
    programmes: Programmes,
    routers: Sequence[APIRouter],
    scopes: Collection[str],
    now: datetime = NOW,
) -> AsyncIterator[Answering]:
    """Until the block ends. Keys of all shops have these scopes, and the routes the rights of APIs alone."""
    async with AsyncExitStack() as opened:
        worker, clock, url = await opened.enter_async_context(working(databases, programmes, now))
        settings = PlatformSettings.load(
            "loyalty",
            database_url=api_url(url, "loyalty"),
            kafka_bootstrap_servers="127.0.0.1:1",
            secret_key=TEST_SECRET,
        )
        app = create_app("loyalty", settings, routers, clock=clock, registry=CollectorRegistry())
        clients = {}
        for shop in SHOPS:
            key = await add_key(worker.pool, shop, f"key{shop.number}", scopes)
            clients[shop] = await opened.enter_async_context(client(app, key=key))
        yield Answering(worker, clock, clients)


async def add_key(pool: asyncpg.Pool[Any], shop: Shop, key_id: str, scopes: Collection[str]) -> str:
    """Let a shop have a key; its text."""
    text = api_key_text(key_id, key_id.encode().ljust(32, b"x"))
    await pool.execute(
        "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4)",
        *(key_id, shop.number, api_key_sha256(text), list(scopes)),
    )
    return text
