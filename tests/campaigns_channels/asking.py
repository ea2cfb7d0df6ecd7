"""The API of campaigns beside a ground: staff and keys that ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from services.campaigns.app import create_app
from services.campaigns.settings import CampaignsSettings
from shared.testing import api_url
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from tests.campaigns.ground import OTHER, SHOP
from tests.campaigns_channels.ground import Ground
from tests.loyalty_orders.answering import add_key

SCOPES = [
    "admin",
    "customers:read",
    "customers:write",
    "campaigns:write",
    "campaigns:read",
    "shops:write",
    "shops:read",
]


class Api(NamedTuple):
    """Asked by two keys of the shop, and one of another."""

    http: httpx.AsyncClient
    keys: dict[str, str]

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "first") -> httpx.Response:
        """A request by one of the keys."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"}
        return await self.http.request(method, path, headers=headers, **({} if body is None else {"json": body}))


@asynccontextmanager
async def an_api(ground: Ground, **more: Any) -> AsyncIterator[Api]:
    """As it is run, on the ground's database."""
    settings = CampaignsSettings.load(
        "campaigns",
        database_url=api_url(ground.url, "campaigns"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=TEST_SECRET,
        **{"send_loopback": True, "public_url": "https://m.laleh.example", **more},
    )
    pool = ground.worker.pool
    keys = {
        name: await add_key(pool, shop, f"key{number}", SCOPES)
        for number, (name, shop) in enumerate((("first", SHOP), ("second", SHOP), ("other", OTHER)))
    }
    async with client(create_app(settings)) as http:
        yield Api(http, keys)
