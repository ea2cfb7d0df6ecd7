"""Ground for the tests of webhooks: payloads in the shop systems' own shapes, signed as they sign."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.gateway.app import create_app
from services.gateway.main import create_service
from services.gateway.shops import add_shop
from services.gateway.webhooks import Connected, add_connection
from services.gateway.webhooks.secrets import Vault
from services.metrics.main import SERVICE as METRICS
from shared.db import create_pool
from shared.kernel import SystemClock
from shared.messaging.cluster.topics import ensure_topics
from shared.testing.http import client
from tests.gateway_collector.ground import SECRET, Topics, settings_for, topics_from_here

_PAYLOADS = Path(__file__).parent / "payloads"
SHOPIFY_SECRET = "hush-2f7c1a9be4d0583c"
WOO_SECRET = "4b7e0c91d2a8f365-woo"


def payload(name: str, /, **changes: Any) -> dict[str, Any]:
    """A payload with other values; what is given as a dictionary changes members of the one that is there."""
    found: dict[str, Any] = json.loads((_PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    for key, value in changes.items():
        old = found.get(key)
        found[key] = old | value if isinstance(old, dict) and isinstance(value, dict) else copy.deepcopy(value)
    return found


def body_of(said: Any) -> bytes:
    return said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()


def signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(vendor: str, topic: str, body: bytes, secret: str, **more: str) -> dict[str, str]:
    """Headers as the shop system sends them, in lower case."""
    if vendor == "shopify":
        own = {
            "x-shopify-topic": topic,
            "x-shopify-hmac-sha256": signature(body, secret),
            "x-shopify-shop-domain": "laleh.example",
            "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
            "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
            "x-shopify-api-version": "2025-01",
        }
    else:
        own = {
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-signature": signature(body, secret),
            "x-wc-webhook-source": "https://shop.example/",
            "x-wc-webhook-delivery-id": "36e520ebabc2fa725092ff4a47acedf2",
            "x-wc-webhook-id": "3",
        }
    return {"content-type": "application/json"} | own | {name.replace("_", "-"): value for name, value in more.items()}


@dataclass
class Connections:
    """A client of the running application, and shops that send it webhooks."""

    url: str
    http: httpx.AsyncClient
    topics: Topics
    pool: asyncpg.Pool[Any]
    vault: Vault
    made: dict[str, Connected]

    async def post(
        self, vendor: str, topic: str, said: Any, *, secret: str = "", path: str = "", **more: str
    ) -> httpx.Response:
        """Send a webhook as the shop system does."""
        body = body_of(said)
        secret = secret or (SHOPIFY_SECRET if vendor == "shopify" else WOO_SECRET)
        sent = headers(vendor, topic, body, secret, **more)
        return await self.http.post(path or self.made[vendor].path, content=body, headers=sent)

    async def written(self) -> list[dict[str, Any]]:
        """Raw events on Kafka since the test began."""
        return [event for _, event in await self.topics.messages()]


@asynccontextmanager
async def connected(url: str, bootstrap_servers: str, prefix: str = "") -> AsyncIterator[Connections]:
    """The application over a migrated database, with the shops `sib` (Shopify) and `laleh` (WooCommerce)."""
    await ensure_topics(bootstrap_servers, [create_service(SECRET.encode()), METRICS], partitions=12)
    async with AsyncExitStack() as open_:
        pool = await open_.enter_async_context(await create_pool(url, "gateway", max_size=4))
        clock, vault = SystemClock(), Vault(SECRET)
        sib, laleh = f"{prefix}sib", f"{prefix}laleh"
        await add_shop(pool, clock, sib, zone="America/New_York", currency="USD", phone_region="US")
        await add_shop(pool, clock, laleh, zone="Asia/Tehran", currency="IRR", phone_region="IR")
        shopify, _ = await add_connection(pool, clock, vault, sib, "shopify", secret=SHOPIFY_SECRET)
        woo, _ = await add_connection(pool, clock, vault, laleh, "woocommerce", secret=WOO_SECRET)
        settings = settings_for(url, bootstrap_servers, api_key_cache_seconds=0)
        topics = await open_.enter_async_context(topics_from_here(bootstrap_servers))
        http = await open_.enter_async_context(client(create_app(settings)))
        yield Connections(url, http, topics, pool, vault, {"shopify": shopify, "woocommerce": woo})
