"""Members over HTTP: joining, leaving, blocking; each change once, told once; its reason stays here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from services.loyalty.members.api import router
from services.loyalty.programmes import Fixed, OnInteraction, Rule, Version
from shared.contracts.shops import Shop
from shared.contracts.topics import CUSTOMERS, INTERACTIONS, LOYALTY_MEMBERS, LOYALTY_POINTS, ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_orders.answering import answering
from tests.loyalty_orders.ground import (
    BARE,
    FLAT,
    NOW,
    OTHER,
    SHOP,
    START,
    completed,
    did,
    name,
    points,
    version,
)
from tests.loyalty_orders.test_identities import told

pytestmark = pytest.mark.stack
SCOPES = ["metrics:read", "loyalty:write"]


class Api(NamedTuple):
    """The API, and a worker beside it."""

    clients: Mapping[Shop, httpx.AsyncClient]
    worker: Harness
    clock: FixedClock

    async def post(self, customer: int, change: str, shop: Shop = SHOP, **body: Any) -> httpx.Response:
        """Ask for a change of a member."""
        key = body.pop("key", "")
        headers = {"Idempotency-Key": key} if key else {}
        path = f"/v1/members/{name(customer)}/{change}"
        return await self.clients[shop].post(path, headers=headers, **({"json": body} if body else {}))

    async def get(self, path: str, shop: Shop = SHOP, **query: Any) -> httpx.Response:
        """Ask."""
        return await self.clients[shop].get(path, params=query)


@asynccontextmanager
async def an_api(databases: Databases, programmes: dict[Shop, list[Version]] | None = None) -> AsyncIterator[Api]:
    versions = {SHOP: [version()], OTHER: [version()]} if programmes is None else programmes
    async with answering(databases, versions, [router], SCOPES) as there:
        yield Api(there.clients, there.worker, there.clock)


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


async def test_joining_over_http_earns_what_joining_by_an_event_does_once(databases: Databases) -> None:
    welcome = Rule(id="welcome", name="Welcome", earn=Fixed(points=50), on=OnInteraction(names=("member joined",)))
    welcoming = msgspec.structs.replace(FLAT, joining=("http", "event"), rules=(*FLAT.rules, welcome))
    async with an_api(databases, {SHOP: [version(welcoming)], OTHER: [version()]}) as api:
        await api.worker.feed(CUSTOMERS, [told("updated", 1, 1, 1), told("merged", 2, 1, 1)])
        hours = (NOW - START).total_seconds() / 3600
        ahead = completed("told before", 2, hours=hours + 0.05)  # of the minutes that clocks may differ by
        await api.worker.feed(ORDERS, [ahead])
        await api.post(1, "join")
        assert await points(api.worker) == 0
        for _ in range(2):
            await api.worker.fire(ORDERS, range(12))
            assert (await points(api.worker), await points(api.worker, 2)) == (50, 100)
        joined = [one.event for one in await api.worker.published(LOYALTY_MEMBERS)]
        earned = [one.event for one in await api.worker.published(LOYALTY_POINTS)]
        assert [one["type"] for one in joined] == ["member.joined"]
        assert {one["causationid"] for one in earned} == {joined[0]["id"]}
        await api.worker.feed(INTERACTIONS, [did("member joined", 1, hours=1)])  # was a member all along
        api.clock.advance(timedelta(minutes=10))
        await api.post(1, "leave")
        await api.post(1, "join")
        await api.worker.fire(ORDERS, range(12))
        assert await points(api.worker) == 50


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
