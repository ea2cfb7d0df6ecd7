"""Ground for the tests of privacy: all services on one database, asked over HTTP, without Kafka."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from services.campaigns.main import create_service as create_campaigns
from services.feedback.main import create_service as create_feedback
from services.gateway.consents.api import consents_router
from services.gateway.identity.api import router as identity_router
from services.gateway.main import create_service
from services.gateway.naming import Namer
from services.gateway.privacy.api import privacy_router
from services.gateway.shops import add_shop, create_key
from services.loyalty.main import create_service as create_loyalty
from services.metrics.main import create_service as create_metrics
from services.metrics.privacy.api import router as metrics_router
from shared.contracts import topics
from shared.db import create_pool
from shared.db.engine import acquire
from shared.kernel import FixedClock
from shared.messaging.dead_letters import Cipher
from shared.settings import PlatformSettings
from shared.testing import Databases, Harness, api_url, running
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from shared.web import create_app
from tests.gateway.ground import NOW, SECRET, random_ids, raw

SHOP, OTHER = "default", "other"
SCOPES = ["personal:read", "personal:erase", "customers:write", "metrics:read"]
_CARRIED = (topics.CUSTOMERS, topics.CONSENTS, topics.ORDERS, topics.INTERACTIONS, topics.ERASURES)
PARTITIONS = range(12)
SARA = {
    "customer_id": "U-7781",
    "phone": "09121234567",
    "email": "sara@mail.ir",
    "name": "Sara Karimi",
    "birthday": "1990-05-21",
}


@dataclass
class Ground:
    """The services, and a client of two of them."""

    gateway: Harness
    metrics: Harness
    loyalty: Harness
    campaigns: Harness
    feedback: Harness
    http: httpx.AsyncClient
    facts: httpx.AsyncClient
    clock: FixedClock
    url: str
    keys: dict[str, str] = field(default_factory=dict)

    async def take(self, *events: dict[str, Any] | bytes, topic: str = topics.RAW_ORDERS) -> None:
        """Raw events into gateway."""
        values = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
        await self.gateway.feed(topic, values, patient=False)

    async def customer(self, **named: str) -> str:
        """Whom an identifier leads to."""
        answer = await self.post("/v1/customers/find", named)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["customer"]
        return found

    async def post(self, path: str, body: Any, shop: str = SHOP) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.keys[shop]}"})

    async def get(self, path: str, shop: str = SHOP) -> httpx.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {self.keys[shop]}"})

    async def erase(self, customer: str, **more: Any) -> dict[str, Any]:
        """Ask for an erasure."""
        answer = await self.post(f"/v1/customers/{customer}/erase", {"reason": "request", **more})
        assert answer.status_code == (200 if more.get("dry_run") else 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def carry(self, rounds: int = 6) -> None:
        """What lies in the outboxes for all services goes there, until none is left; timers fire."""
        for _ in range(rounds):
            for source in (self.gateway, self.metrics, self.loyalty, self.campaigns, self.feedback):
                rows = await source.pool.fetch("DELETE FROM outbox WHERE value <> '' RETURNING topic, value, id")
                for topic in _CARRIED:
                    values = [row["value"] for row in sorted(rows, key=lambda row: row["id"]) if row["topic"] == topic]
                    readers = (self.metrics, self.loyalty, self.campaigns, self.feedback, self.gateway)
                    for reader in readers if values else ():
                        if topic in reader.handler.decoders:
                            await reader.feed(topic, values)
            await self.gateway.fire(topics.ERASURES, PARTITIONS)

    async def certificate(self, erasure: str) -> dict[str, Any]:
        answer = await self.get(f"/v1/erasures/{erasure}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def texts(self) -> str:
        """Every value of every column of every table of both services, as text; bodies of dead letters opened."""
        parts = []
        async with acquire(self.gateway.pool) as conn:
            tables = await conn.fetch(
                "SELECT table_schema, table_name FROM information_schema.tables"
                " WHERE table_schema IN ('campaigns', 'feedback', 'gateway', 'loyalty', 'metrics')"
                " AND table_type = 'BASE TABLE'"
            )
            for schema, table in tables:
                rows = await self.gateway.pool.fetch(f'SELECT t::text FROM "{schema}"."{table}" t')
                parts += [row[0] for row in rows]
            for letter in await conn.fetch("SELECT id, body FROM dead_letter"):
                parts.append(self.gateway.cipher.open(letter["body"], str(letter["id"])).decode(errors="replace"))
            for row in await conn.fetch("SELECT value FROM outbox"):
                parts.append(row["value"].decode(errors="replace"))
        return "\n".join(parts)


def order(event_id: str, days_ago: int = 5, /, **who: Any) -> dict[str, Any]:
    """A raw order of the default shop."""
    return raw(event_id, "Order Completed", at=NOW - timedelta(days=days_ago), shop=SHOP, **who)


def said(at: datetime, state: str = "given", channel: str = "email", **named: str) -> dict[str, Any]:
    """A statement of consent."""
    return {
        "channel": channel,
        "purpose": "newsletter",
        "state": state,
        "occurred_at": at.isoformat(),
        "source": "checkout",
        **named,
    }


@asynccontextmanager
async def a_ground(databases: Databases) -> AsyncIterator[Ground]:
    """On an empty database, with two shops."""
    url = await databases.create("campaigns", "feedback", "gateway", "loyalty", "metrics")
    clock, secret = FixedClock(NOW), SECRET.decode()
    async with AsyncExitStack() as opened:
        gateway = Harness(
            create_service(SECRET, random_ids(5)),
            await opened.enter_async_context(await create_pool(url, "gateway", max_size=6)),
            clock,
            secret,
        )
        metrics = await opened.enter_async_context(
            running(create_metrics(lambda: Cipher(TEST_SECRET)), url, clock=clock)
        )
        loyalty = await opened.enter_async_context(
            running(create_loyalty(lambda: Cipher(TEST_SECRET)), url, clock=clock)
        )
        shops = [await add_shop(gateway.pool, clock, slug, currency="USD", phone_region="IR") for slug in (SHOP, OTHER)]
        await metrics.configure(*shops)
        campaigns = await opened.enter_async_context(
            running(create_campaigns(lambda: Cipher(TEST_SECRET)), url, clock=clock)
        )
        feedback = await opened.enter_async_context(
            running(create_feedback(lambda: Cipher(TEST_SECRET)), url, clock=clock)
        )
        await feedback.configure(*shops)
        await loyalty.configure(*shops)
        await campaigns.configure(*shops)
        made = {slug: await create_key(gateway.pool, clock, slug, scopes=SCOPES) for slug in (SHOP, OTHER)}
        await metrics.pool.execute("INSERT INTO metrics.api_key SELECT * FROM gateway.api_key")
        await gateway.pool.execute("TRUNCATE outbox")
        namer = Namer(SECRET)
        routers = {
            "gateway": [identity_router, privacy_router(namer), consents_router(namer)],
            "metrics": [metrics_router],
        }
        clients = []
        for service, own in routers.items():
            pool = await opened.enter_async_context(await create_pool(api_url(url, service), service, max_size=3))
            settings = PlatformSettings.load(kafka_bootstrap_servers="127.0.0.1:1", database_url=url, secret_key=secret)
            app = create_app(service, settings, own, clock=clock, pool=pool, registry=CollectorRegistry())
            clients.append(await opened.enter_async_context(client(app)))
        keys = {slug: text for slug, (_, text) in made.items()}
        yield Ground(gateway, metrics, loyalty, campaigns, feedback, clients[0], clients[1], clock, url, keys)
