"""A small story of each shop system, from its webhooks over Kafka and both workers to the figures of metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from mandegar.stack import Stack
from services.gateway.main import create_service
from services.gateway.shops import create_key
from services.metrics.app import create_app as create_metrics
from services.metrics.main import create_service as create_metrics_service
from services.metrics.settings import MetricsSettings
from shared.db import create_pool
from shared.kernel import SystemClock
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.http import client
from tests.chaos.topic import make_topics_anew
from tests.gateway_collector.ground import SECRET
from tests.gateway_webhooks.ground import Connections, connected, payload
from tests.messaging.worker_ground import at_work

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SECONDS_MAX = 60
_COUNTED = "SELECT order_id, counted, net FROM order_fact WHERE order_id = ANY($1)"


@dataclass
class World:
    """Both services at work."""

    shops: Connections
    metrics: httpx.AsyncClient
    facts: asyncpg.Pool[Any]

    async def until(self, expected: dict[str, tuple[bool, int]]) -> None:
        """Wait until metrics knows these orders: counted or not, and their net."""
        found: dict[str, tuple[bool, int]] = {}
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while found != expected:
                    await asyncio.sleep(0.2)
                    rows = await self.facts.fetch(_COUNTED, list(expected))
                    found = {row[0]: (row[1], row[2] if row[1] else 0) for row in rows}
        except TimeoutError:
            pytest.fail(f"metrics has {found}")

    async def figures(self, slug: str, as_of: str) -> dict[str, Any]:
        """What the API of metrics tells the shop."""
        _, key = await create_key(self.shops.pool, SystemClock(), slug, scopes=["metrics:read"])
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                answer = await self.metrics.get(
                    "/v1/retention", params={"as_of": as_of}, headers={"Authorization": f"Bearer {key}"}
                )
                if answer.status_code != 401:  # the key is on its way
                    break
                await asyncio.sleep(0.2)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
async def world(databases: Databases, stack: Stack) -> AsyncIterator[World]:
    url = await databases.create("gateway", "metrics")
    await make_topics_anew(stack.bootstrap_servers)  # events of shops that others had would be waited for
    settings = PlatformSettings(
        kafka_bootstrap_servers=stack.bootstrap_servers, database_url=url, secret_key=SECRET, drain_seconds=5.0
    )
    api = MetricsSettings.load(
        "metrics",
        database_url=api_url(url, "metrics"),
        kafka_bootstrap_servers=stack.bootstrap_servers,
        secret_key=SECRET,
    )
    workers = [Worker(service, settings) for service in (create_service(SECRET.encode()), create_metrics_service())]
    async with (
        connected(url, stack.bootstrap_servers, prefix="told-") as shops,
        await create_pool(url, "metrics", max_size=2) as facts,
        client(create_metrics(api)) as metrics,
        at_work(*workers),
    ):
        yield World(shops, metrics, facts)


async def _send(world: World, vendor: str, told: list[tuple[str, Any]]) -> None:
    for topic, said in told:
        answer = await world.shops.post(vendor, topic, said)
        assert (answer.status_code, answer.json()["set_aside"]) == (200, False), answer.text


async def test_orders_of_shopify_become_figures(world: World) -> None:
    def order(number: int, **changes: Any) -> dict[str, Any]:
        return payload("shopify_order", id=990_000 + number, **changes)

    later = {"created_at": "2026-02-25T10:00:00-05:00", "processed_at": "2026-02-25T10:00:00-05:00"}
    nobody = {"customer": None, "email": None, "phone": None}
    dara = {"customer": {"id": 7, "email": None, "phone": None}, "email": None}
    cancelled = order(4, **dara, cancelled_at="2026-02-21T08:00:00-05:00")
    edited = order(1, updated_at="2026-02-21T10:00:00-05:00", subtotal_price="91.00")
    await _send(
        world,
        "shopify",
        [
            ("refunds/create", payload("shopify_refund", order_id=990_001)),  # before its order, and naming nobody
            ("orders/updated", edited),  # before it was created
            ("orders/create", order(1)),
            ("orders/create", order(1)),  # delivered twice
            ("orders/create", order(2, **later, updated_at="2026-02-25T10:00:01-05:00")),
            ("orders/create", order(3, **nobody)),
            ("orders/cancelled", cancelled),
            ("orders/create", order(4, **dara)),
            ("orders/create", order(5, **dara)),
            ("orders/delete", {"id": 990_005}),
        ],
    )
    await world.until(
        {
            "990001": (True, 9100 - 4500),
            "990002": (True, 8100),
            "990003": (True, 8100),
            "990004": (False, 0),
            "990005": (False, 0),
        }
    )
    figures = await world.figures("told-sib", "2026-02-28")
    assert (figures["held"], figures["repeat"], figures["orders"]) == (1, 1, 3)
    assert figures["revenue"] == {"amount": 4600 + 8100 + 8100, "currency": "USD"}


async def test_orders_of_woocommerce_become_figures(world: World) -> None:
    def order(number: int, **changes: Any) -> dict[str, Any]:
        return payload("woocommerce_order", id=880_000 + number, **changes)

    day = {"date_created_gmt": "2026-02-26T08:00:00", "date_modified_gmt": "2026-02-26T08:00:05"}
    other = {"customer_id": 31, "billing": {"email": "", "phone": "09351112233"}}
    back = {"status": "processing", "date_modified_gmt": "2026-02-22T09:00:00"}
    await _send(
        world,
        "woocommerce",
        [
            ("order.created", order(1, status="pending")),
            ("order.updated", payload("woocommerce_refunded", id=880_001)),
            ("order.updated", order(1)),  # late
            ("order.created", order(2, **day, customer_id=0)),  # a guest with the phone of a customer
            ("order.updated", order(3, status="cancelled", date_modified_gmt="2026-02-21T09:00:00", **other)),
            ("order.updated", order(3, **back, **other)),  # taken up again
            ("order.created", order(4, **other)),
            ("order.deleted", {"id": 880_004}),
            ("order.created", order(5, status="on-hold", **other)),
            ("order.updated", order(5, status="failed", **other)),
        ],
    )
    await world.until(
        {
            "880001": (True, 1_200_000),
            "880002": (True, 2_000_000),
            "880003": (True, 2_000_000),
            "880004": (False, 0),
            "880005": (False, 0),
        }
    )
    figures = await world.figures("told-laleh", "2026-02-28")
    assert (figures["held"], figures["repeat"], figures["orders"]) == (2, 1, 3)
    assert figures["revenue"] == {"amount": 5_200_000, "currency": "IRR"}


async def test_what_could_not_be_read_lies_among_the_dead_letters(world: World) -> None:
    answer = await world.shops.post("woocommerce", "order.updated", {"id": "seven"})
    assert answer.json()["set_aside"]
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            rows = await world.shops.pool.fetch(
                "SELECT d.reason, d.detail, d.body FROM dead_letter d JOIN shop s ON s.number = d.shop"
                " WHERE s.slug = 'told-laleh'"
            )
            if rows:
                break
            await asyncio.sleep(0.2)
    (row,) = rows
    assert row["reason"] == "schema"
    assert b"seven" not in row["body"]
