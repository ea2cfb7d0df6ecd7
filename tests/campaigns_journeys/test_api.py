"""Journeys over HTTP: drafted, published, run by hand, paused, ended; as files; the ready-made ones, each whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from services.campaigns import templates
from services.campaigns.app import create_app
from services.campaigns.journeys.shelf import ready_journeys
from shared.contracts.customers import Birthday
from shared.contracts.lifecycle import CustomerLapsing, CustomerLost
from shared.contracts.loyalty import Balance, PointsChange, PointsExpiring, Source
from shared.contracts.orders import Order, OrderCancelled
from shared.contracts.topics import (
    CAMPAIGNS_JOURNEYS,
    CAMPAIGNS_REQUESTS,
    CUSTOMERS,
    LOYALTY_POINTS,
    LOYALTY_TIERS,
    METRICS_LIFECYCLE,
)
from shared.db import acquire
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from tests.campaigns.ground import OTHER, SHOP, event, name, stage, tier, told
from tests.campaigns_journeys.ground import INTERACTIONS, ORDERS, SEND, START, Ground, a_ground, added, did, ordered
from tests.loyalty_orders.answering import add_key

pytestmark = pytest.mark.stack
HAND: dict[str, Any] = {"name": "By hand", "trigger": {"kind": "hand"}, "steps": [SEND]}


class Desk(NamedTuple):
    """A worker, the API in front of it, and keys of two shops."""

    ground: Ground
    http: httpx.AsyncClient
    keys: dict[str, str]

    async def ask(self, method: str, path: str, body: Any = None, *, by: str = "laleh") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[by]}"}
        return await self.http.request(method, f"/v1/journeys{path}", json=body, headers=headers)

    async def told(self) -> None:
        """What the API wrote to the outbox, to the worker."""
        wanted = await self.ground.harness.published(CAMPAIGNS_REQUESTS)
        await self.ground.harness.feed(CAMPAIGNS_REQUESTS, [msgspec.json.encode(one.event) for one in wanted])


@asynccontextmanager
async def a_desk(databases: Databases) -> AsyncIterator[Desk]:
    async with a_ground(databases) as ground:
        settings = PlatformSettings.load(
            "campaigns",
            database_url=api_url(ground.url, "campaigns"),
            kafka_bootstrap_servers="127.0.0.1:1",
            secret_key=TEST_SECRET,
        )
        async with client(create_app(settings)) as http:
            pool = ground.harness.pool
            keys = {shop.slug: await add_key(pool, shop, f"key{shop.number}", ["admin"]) for shop in (SHOP, OTHER)}
            yield Desk(ground, http, keys)


async def test_from_a_draft_to_runs_and_to_the_end(databases: Databases) -> None:
    async with a_desk(databases) as desk:
        await desk.ground.harness.feed(CUSTOMERS, [told(n, 1) for n in (1, 2)])
        made = await desk.ask("POST", "", {"id": "hello", "journey": HAND})
        assert (made.status_code, made.json()["state"], made.json()["version"]) == (200, "draft", 0)
        asked = {"customers": [name(1), name(2), name(1)], "occasion": "spring", "values": {"days": 7}}
        assert (await desk.ask("POST", "/hello/runs", asked)).status_code == 409
        assert (await desk.ask("POST", "/hello/pause")).status_code == 409

        published = await desk.ask("POST", "/hello/publish")
        assert (published.json()["state"], published.json()["version"]) == ("active", 1)
        assert (await desk.ask("POST", "/hello/publish")).json()["version"] == 1, "nothing had changed"
        assert (await desk.ask("POST", "/hello/runs", asked)).json() == {"asked": 2}
        assert (await desk.ask("POST", "/hello/runs", asked)).json() == {"asked": 2}
        desk.ground.clock.instant = datetime.fromisoformat(published.json()["changed_at"]) + timedelta(minutes=1)
        await desk.told()
        await desk.ground.fire()
        listed = (await desk.ask("GET", "/hello/runs?limit=1")).json()
        rest = (await desk.ask("GET", f"/hello/runs?limit=5&cursor={listed['next']}")).json()
        assert {one["customer"] for one in (*listed["items"], *rest["items"])} == {name(1), name(2)}
        assert (await desk.ask("GET", "/hello/counts")).json()["runs"] == {"completed": 2}
        assert (await desk.ask("GET", "/hello/runs?state=running")).json()["items"] == []
        stranger = {"customers": [name(77)], "occasion": "spring"}
        refused = await desk.ask("POST", "/hello/runs", stranger)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.customers.0")

        assert (await desk.ask("POST", "/hello/pause")).json()["state"] == "paused"
        assert (await desk.ask("POST", "/hello/resume")).json()["state"] == "active"
        assert (await desk.ask("POST", "/hello/kill")).json()["state"] == "killed"
        assert (await desk.ask("POST", "/hello/kill")).json()["state"] == "killed"
        for what in ("publish", "resume", "pause"):
            assert (await desk.ask("POST", f"/hello/{what}")).status_code == 409
        changes = [one.event for one in await desk.ground.harness.published(CAMPAIGNS_JOURNEYS)]
        controls = [one["data"]["change"] for one in changes if one["type"] == "journey.control"]
        assert controls == ["published", "paused", "resumed", "killed"]


async def test_a_file_is_the_same_after_export_and_import(databases: Databases) -> None:
    async with a_desk(databases) as desk:
        await desk.ask("POST", "", {"id": "hello", "journey": HAND})
        file = await desk.ask("GET", "/hello/export")
        assert file.headers["content-disposition"] == 'attachment; filename="journey-hello.json"'
        again = await desk.ask("POST", "/import", {**file.json(), "id": "again"})
        assert again.status_code == 200
        other = (await desk.ask("GET", "/again/export")).json()
        assert {**other, "id": "hello"} == file.json()
        await desk.ask("POST", "/hello/publish")
        await desk.ask("POST", "", {"id": "hello", "journey": {**HAND, "name": "Another"}})
        await desk.ask("POST", "/hello/publish")
        versions = (await desk.ask("GET", "/hello/versions")).json()["items"]
        assert [(one["version"], one["journey"]["name"]) for one in versions] == [(2, "Another"), (1, "By hand")]
        newest = (await desk.ask("GET", "/hello/versions?limit=1")).json()
        assert (await desk.ask("GET", f"/hello/versions?cursor={newest['next']}")).json()["items"] == versions[1:]


async def test_shops_do_not_see_each_others_journeys(databases: Databases) -> None:
    async with a_desk(databases) as desk:
        await desk.ask("POST", "", {"id": "hello", "journey": HAND})
        assert (await desk.ask("GET", "", by="sib")).json()["items"] == []
        for method, path in (("GET", "/hello"), ("POST", "/hello/publish"), ("GET", "/hello/runs")):
            assert (await desk.ask(method, path, by="sib")).status_code == 404


MINUTE, DAY = timedelta(minutes=1), 1440


def staged(to: Any) -> list[Any]:
    made = stage(1, 1, to, 0)
    return [type(made)(**{**_fields(made), "time": START})]


def _fields(made: Any) -> dict[str, Any]:
    return {one: getattr(made, one) for one in ("id", "source", "subject", "shop", "sequence", "data")}


def lifecycle(kind: str) -> list[Any]:
    form = {"lapsing": CustomerLapsing, "lost": CustomerLost}[kind]
    return [form(**{**_fields(stage(1, 1, kind, 0)), "time": START})]


def expiring() -> list[Any]:
    data = PointsChange(
        customer=name(1), posting=1, points=40, balance=Balance(active=90, pending=0, held=0, owed=0),
        source=Source(kind="term"), days=7,
    )  # fmt: skip
    return [PointsExpiring(**{**_fields(event(PointsExpiring, 1, data, 1)), "time": START})]


def promoted() -> list[Any]:
    made = tier(1, 1, "gold")
    return [type(made)(**{**_fields(made), "time": START})]


def cancelled() -> list[Any]:
    data = Order(order_id="A-1", customer=name(1), currency="USD", revenue=1_000)
    return [OrderCancelled(id="x-1", source="g", subject="A-1", time=START + MINUTE, shop=SHOP.slug, data=data)]


ORDER_LATER = [ordered(1, "A-9", at=START + MINUTE)]
WHOLE: dict[str, tuple[str, list[Any], int, list[str], tuple[str, list[Any]] | None]] = {
    "onboarding": (METRICS_LIFECYCLE, staged("new"), 9 * DAY, ["welcome", "more"], (ORDERS, ORDER_LATER)),
    "active": (METRICS_LIFECYCLE, staged("active"), 32 * DAY, ["thanks", "news"], None),
    "lapsing": (METRICS_LIFECYCLE, lifecycle("lapsing"), 9 * DAY, ["miss", "again"], (ORDERS, ORDER_LATER)),
    "re-engagement": (METRICS_LIFECYCLE, lifecycle("lost"), 16 * DAY, ["back", "last"], (ORDERS, ORDER_LATER)),
    "thank-you": (ORDERS, [ordered(1, "A-1", at=START)], 70, ["thanks"], (ORDERS, cancelled())),
    "tier": (LOYALTY_TIERS, promoted(), 2 * DAY, ["congratulation"], None),
    "points-expiring": (LOYALTY_POINTS, expiring(), 2 * DAY, ["reminder"], None),
    "anniversary": (ORDERS, [ordered(1, "A-1", at=START - timedelta(days=364))], 3 * DAY, ["thanks"], None),
    "birthday": (CUSTOMERS, [told(1, 1, birthday=Birthday(month=3, day=2))], 3 * DAY, ["wishes"], None),
    "abandoned-cart": (INTERACTIONS, [added(1, "c-1", 1)], 2 * DAY, ["first", "second"], (ORDERS, ORDER_LATER)),
    "review-request": (
        INTERACTIONS,
        [did(1, "order delivered", 1, order_id="A-1")],
        5 * DAY,
        ["ask"],
        (INTERACTIONS, [did(1, "product reviewed", 2, at=START + MINUTE)]),
    ),
}
"""What it is entered by, for how long it goes, what it sends, and what ends it before."""


@pytest.mark.parametrize("ready", sorted(WHOLE))
async def test_a_ready_made_journey_runs_whole_in_each_language_and_ends_with_its_goal(
    databases: Databases, ready: str
) -> None:
    topic, events, minutes, steps, over = WHOLE[ready]
    async with a_desk(databases) as desk:
        ground = desk.ground
        installed = await desk.ask("POST", f"/ready/{ready}", {"purpose": "news"})
        assert (installed.status_code, installed.json()["state"]) == (200, "draft"), installed.text
        again = await desk.ask("POST", f"/ready/{ready}", {"purpose": "offers"})
        assert again.json() == installed.json(), "what there is stays as it is"
        draft = {**installed.json()["draft"], "control_percent": 0}
        await ground.publish(ready, draft)
        await ground.harness.feed(topic, events, doubled=1.0)
        await ground.later(minutes)
        rows = await ground.harness.pool.fetch("SELECT step, purpose, template, fields FROM message ORDER BY due")
        assert [row["step"] for row in rows] == steps and {row["purpose"] for row in rows} == {"news"}
        assert await ground.states() == {"completed": 1}
        for row in rows:
            await _is_readable(ground, row)
    if over is not None:
        async with a_desk(databases) as desk:
            await desk.ground.publish(ready, draft)
            await desk.ground.harness.feed(topic, events)
            await desk.ground.harness.feed(*over)
            await desk.ground.later(minutes)
            sent = await desk.ground.messages()
            assert [step for step, state in (one.split(" ", 1) for one in sent) if state == "planned"] == []
            assert set(await desk.ground.states()) <= {"goal", "exit"}


async def _is_readable(ground: Ground, row: Any) -> None:
    async with acquire(ground.harness.pool) as conn:
        (version,) = (await templates.last_versions(conn, [(1, row["template"])])).values()
    fields = {
        "customer": {"name": "Sara", "points": 90, "pending": 0, "tier": None, "stage": None, "orders": 1},
        "shop": {"name": "Laleh"},
        "values": msgspec.json.decode(row["fields"]),
        "unsubscribe_url": "https://m.example/u",
        "preferences_url": "https://m.example/p",
    }
    for locale in ("en", "fa", "ar"):
        written, html = templates.write(version.template, locale, fields)
        assert "https://m.example/u" in html and "https://m.example/u" in written.text
        assert "{{" not in written.subject + written.text + html and "Sara" in written.text


def test_each_ready_made_journey_is_tested_whole() -> None:
    assert sorted(WHOLE) == sorted(ready_journeys())
