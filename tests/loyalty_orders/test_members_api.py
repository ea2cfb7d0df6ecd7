"""Members over HTTP: joining, leaving, blocking; each change once, told once; its reason stays here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from prometheus_client import CollectorRegistry

from services.loyalty.main import create_service
from services.loyalty.members.api import router
from services.loyalty.programmes import Version
from shared.contracts.shops import Shop
from shared.contracts.topics import CUSTOMERS, LOYALTY_MEMBERS, ORDERS
from shared.db import create_pool
from shared.kernel import FixedClock, api_key_sha256, api_key_text
from shared.messaging.dead_letters import Cipher
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness, running
from shared.testing.http import client
from shared.web import create_app
from tests.loyalty_orders.ground import BARE, FLAT, NOW, OTHER, SHOP, SHOPS, START, completed, name, points, version
from tests.loyalty_orders.programmes import publish
from tests.loyalty_orders.test_identities import told

pytestmark = pytest.mark.stack
SCOPES = ["metrics:read", "loyalty:write"]


class Api(NamedTuple):
    """The API, and a worker beside it."""

    http: httpx.AsyncClient
    worker: Harness
    clock: FixedClock
    keys: dict[Shop, str]

    async def post(self, customer: int, change: str, shop: Shop = SHOP, **body: Any) -> httpx.Response:
        """Ask for a change of a member."""
        headers = {"Authorization": f"Bearer {self.keys[shop]}", "Idempotency-Key": body.pop("key", "")}
        headers = {name_: value for name_, value in headers.items() if value}
        path = f"/v1/members/{name(customer)}/{change}"
        return await self.http.post(path, headers=headers, **({"json": body} if body else {}))

    async def get(self, path: str, shop: Shop = SHOP, **query: Any) -> httpx.Response:
        """Ask."""
        return await self.http.get(path, headers={"Authorization": f"Bearer {self.keys[shop]}"}, params=query)


@asynccontextmanager
async def an_api(databases: Databases, programmes: dict[Shop, list[Version]] | None = None) -> AsyncIterator[Api]:
    url, clock = await databases.create("loyalty"), FixedClock(NOW)
    async with AsyncExitStack() as opened:
        service = create_service(lambda: Cipher(TEST_SECRET))
        worker = await opened.enter_async_context(running(service, url, clock=clock))
        await worker.configure(*SHOPS)
        await publish(worker.pool, {SHOP: [version()], OTHER: [version()]} if programmes is None else programmes)
        keys = {}
        for shop in SHOPS:
            keys[shop] = api_key_text(f"key{shop.number}", bytes([shop.number]) * 32)
            await worker.pool.execute(
                "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4)",
                *(f"key{shop.number}", shop.number, api_key_sha256(keys[shop]), SCOPES),
            )
        pool = await opened.enter_async_context(await create_pool(api_url(url, "loyalty"), "loyalty", max_size=3))
        settings = PlatformSettings.load(
            kafka_bootstrap_servers="127.0.0.1:1", database_url=url, secret_key=TEST_SECRET
        )
        app = create_app("loyalty", settings, [router], clock=clock, pool=pool, registry=CollectorRegistry())
        yield Api(await opened.enter_async_context(client(app)), worker, clock, keys)


async def test_a_customer_joins_leaves_and_comes_back(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(CUSTOMERS, [told("updated", 1, 1, 1)])
        joined = await api.post(1, "join")
        assert (joined.status_code, joined.json()["how"], joined.json()["changed"]) == (200, "http", True)
        assert (await api.post(1, "join")).json()["changed"] is False
        left = (await api.post(1, "leave", reason="too many letters")).json()
        assert (left["state"], left["absences"][0]["reason"]) == ("left", "too many letters")
        hours = (NOW - START).total_seconds() / 3600
        await api.worker.feed(ORDERS, [completed("while away", hours=hours + 0.01)])
        assert await points(api.worker) == 0
        api.clock.advance(timedelta(minutes=10))
        assert (await api.post(1, "join")).json()["state"] == "active"
        events = [one.event for one in await api.worker.published(LOYALTY_MEMBERS)]
        assert {one["data"]["programme"] for one in events} == {1}, "the version by which they joined"
        types = [one["type"] for one in events]
        assert types == ["member.joined", "member.left", "member.joined"]


async def test_a_blocked_member_earns_nothing_and_cannot_come_back_alone(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(ORDERS, [completed("before")])
        assert (await api.post(1, "block")).status_code == 422, "a reason is needed"
        assert (await api.post(1, "block", reason="resells codes")).json()["state"] == "blocked"
        assert (await api.post(1, "join")).status_code == 409
        assert (await api.post(1, "leave")).status_code == 409
        hours = (NOW - START).total_seconds() / 3600
        await api.worker.feed(ORDERS, [completed("meanwhile", hours=hours + 0.01), completed("late word", hours=1)])
        assert await points(api.worker) == 200, "what happened before earns, whenever it is told"
        assert (await api.post(1, "unblock")).json()["state"] == "active"
        (blocked,) = [
            one.event for one in await api.worker.published(LOYALTY_MEMBERS) if one.event["type"] == "member.blocked"
        ]
        assert blocked["data"]["state"] == "blocked"
        assert b"resells" not in msgspec.json.encode(blocked), "what staff wrote stays off the topic"


async def test_nobody_joins_where_the_programme_does_not_say_so(databases: Databases) -> None:
    closed = msgspec.structs.replace(FLAT, joining=("first_order",))
    async with an_api(databases, {SHOP: [version(closed)]}) as api:
        for shop in (SHOP, BARE):
            await api.worker.feed(CUSTOMERS, [told("updated", 1, 1, 1, shop)])
            refused = await api.post(1, "join", shop)
            assert (refused.status_code, "joining" in refused.json()["detail"]) == (409, True)


async def test_whom_the_shop_does_not_know_cannot_join(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(CUSTOMERS, [told("updated", 1, 1, 1, OTHER)])
        assert (await api.post(1, "join")).status_code == 404
        assert (await api.post(1, "leave")).status_code == 404
        assert (await api.get(f"/v1/members/{name(1)}")).status_code == 404
        assert (await api.post(1, "join", OTHER)).status_code == 200
        assert (await api.get(f"/v1/members/{name(1)}")).status_code == 404


async def test_members_are_listed_in_the_order_in_which_they_joined(databases: Databases) -> None:
    async with an_api(databases) as api:
        await api.worker.feed(ORDERS, [completed(f"o{who}", who, hours=10 - who) for who in range(1, 8)])
        await api.post(3, "block", reason="x")
        found, cursor = [], None
        for _ in range(10):
            page = (await api.get("/v1/members", limit=3, **({"cursor": cursor} if cursor else {}))).json()
            found += [one["customer"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert found == [name(who) for who in range(7, 0, -1)]
        (only,) = (await api.get("/v1/members", state="blocked")).json()["items"]
        assert only["customer"] == name(3)
        assert (await api.get(f"/v1/members/{name(3)}")).json() == only
        assert (await api.get("/v1/members", OTHER)).json()["items"] == []
