"""Ground: a worker, and the whole API beside it, for one shop and another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

import httpx
from prometheus_client import CollectorRegistry

from services.loyalty.cards import router as cards
from services.loyalty.main import create_service
from services.loyalty.programmes import Programme, Version
from services.loyalty.statements import ROUTERS
from shared.contracts.shops import Shop
from shared.kernel import FixedClock, api_key_sha256, api_key_text
from shared.messaging.dead_letters import Cipher
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness, running
from shared.testing.http import client
from shared.web import create_app
from tests.loyalty_orders.ground import NOW, OTHER, SHOP, SHOPS, version
from tests.loyalty_orders.programmes import publish

KEYS = {SHOP: "a1b2c3d4e5f6a1b2c3", OTHER: "b1b2c3d4e5f6a1b2c3"}


class Ground(NamedTuple):
    """A worker, its clock, and the APIs of both shops' keys."""

    worker: Harness
    clock: FixedClock
    http: httpx.AsyncClient
    other: httpx.AsyncClient

    async def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """What a reader is answered."""
        answer = await self.http.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def ground(databases: Databases, programme: Programme, now: datetime = NOW) -> AsyncIterator[Ground]:
    """On tables of its own; both shops have the programme."""
    url, clock = await databases.create("loyalty"), FixedClock(now)
    versions: dict[Shop, Sequence[Version]] = {SHOP: [version(programme)], OTHER: [version(programme)]}
    async with AsyncExitStack() as opened:
        service = create_service(lambda: Cipher(TEST_SECRET))
        worker = await opened.enter_async_context(running(service, url, clock=clock))
        await worker.configure(*SHOPS)
        await publish(worker.pool, versions)
        texts = []
        for shop, key_id in KEYS.items():
            texts.append(api_key_text(key_id, bytes(32)))
            await worker.pool.execute(
                "INSERT INTO api_key (key_id, shop, sha256, scopes)"
                " VALUES ($1, $2, $3, '{customers:read,metrics:read,loyalty:write}')",
                *(key_id, shop.number, api_key_sha256(texts[-1])),
            )
        settings = PlatformSettings.load(
            "loyalty",
            database_url=api_url(url, "loyalty"),
            kafka_bootstrap_servers="127.0.0.1:1",
            secret_key=TEST_SECRET,
        )
        app = create_app("loyalty", settings, [*ROUTERS, cards], clock=clock, registry=CollectorRegistry())
        clients = [await opened.enter_async_context(client(app, key=text)) for text in texts]
        yield Ground(worker, clock, *clients)
