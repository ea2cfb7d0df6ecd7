"""Segments over HTTP: tried, drafted, published, made; who belongs, page by page and as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest

from services.campaigns.app import create_app
from services.campaigns.segments.jobs import Maker
from shared.contracts.topics import CAMPAIGNS_SEGMENTS, CONSENTS, CUSTOMERS, ERASURES, ORDERS
from shared.kernel import SystemClock
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness
from shared.testing.http import client
from tests.campaigns.ground import OTHER, SHOP, erased, name, told, worker
from tests.campaigns_consent.test_pages import agreed
from tests.campaigns_segments.ground import condition
from tests.loyalty_orders.answering import add_key
from tests.loyalty_orders.ground import completed

pytestmark = pytest.mark.stack
BUYERS = condition("number", field="orders", least=1)
MAKE = {"id": "buyers", "title": "Buyers", "condition": BUYERS}


class Ground(NamedTuple):
    """A worker, the API in front of it, and keys of two shops."""

    worker: Harness
    http: httpx.AsyncClient
    keys: dict[str, str]

    async def ask(self, method: str, path: str, body: Any = None, *, by: str = "laleh", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[by]}", **more}
        return await self.http.request(method, f"/v1/segments{path}", json=body, headers=headers)

    async def made(self) -> None:
        maker = Maker(self.worker.pool, chunk=2)
        while await maker.step():
            pass


@asynccontextmanager
async def a_ground(databases: Databases) -> AsyncIterator[Ground]:
    url = await databases.create("campaigns")
    settings = PlatformSettings.load(
        "campaigns",
        database_url=api_url(url, "campaigns"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=TEST_SECRET,
    )
    async with worker(databases, url, now=SystemClock().now()) as harness, client(create_app(settings)) as http:
        keys = {shop.slug: await add_key(harness.pool, shop, f"key{shop.number}", ["admin"]) for shop in (SHOP, OTHER)}
        yield Ground(harness, http, keys)


async def test_a_condition_is_sized_before_it_is_used(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        nobody = (await ground.ask("POST", "/size", {"condition": BUYERS})).json()
        assert (nobody["customers"], nobody["size"], nobody["share"], nobody["sample"]) == (0, 0, None, [])
        contacts = [told(one, 1, email=f"c{one}@example.com", phone="+989123456789") for one in range(1, 5)]
        await ground.worker.feed(CUSTOMERS, [*contacts, told(5, 2)])
        await ground.worker.feed(ORDERS, [completed(f"o{one}", one) for one in (1, 2, 3, 5)])
        await ground.worker.feed(CONSENTS, [agreed(one, one, ("news", "given")) for one in (1, 4, 5)])
        await ground.worker.feed(CONSENTS, [agreed(2, 9, ("offers", "given"))])
        await ground.worker.feed(CUSTOMERS, [told(3, 20, "merged", canonical=2)])
        found = (await ground.ask("POST", "/size", {"condition": BUYERS})).json()
        assert (found["customers"], found["size"], found["share"]) == (4, 3, 0.75)
        assert found["sample"] == [name(1), name(2), name(5)]
        assert (found["exact"], found["low"], found["high"]) == (True, 3, 3)
        bought = condition("bought", field="product", values=["tea"])
        either = condition("any", of=[bought, condition("responded", did="clicked"), BUYERS])
        assert (await ground.ask("POST", "/size", {"condition": either})).json()["size"] == 3
        assert found["reachable"] == {"email": 2, "sms": 0, "phone": 0, "push": 0, "messenger": 0}
        news = (await ground.ask("POST", "/size", {"condition": BUYERS, "purpose": "news"})).json()
        assert news["reachable"]["email"] == 1
        await ground.worker.feed(ERASURES, [erased(1)])
        assert (await ground.ask("POST", "/size", {"condition": BUYERS})).json()["customers"] == 3
        assert await ground.worker.pool.fetchval("SELECT count(*) FROM segment") == 0, "nothing is kept"


async def test_a_draft_holds_for_nobody_until_it_is_published_and_made(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.worker.feed(ORDERS, [completed(f"o{one}", one) for one in range(1, 6)])
        made = (await ground.ask("POST", "", MAKE)).json()
        assert (made["version"], made["members"], made["made"]) == (None, 0, False)
        assert (await ground.ask("POST", "", MAKE)).json() == made, "asked for twice it is one"
        other = await ground.ask("POST", "", {**MAKE, "title": "Others"})
        assert other.status_code == 409 and other.json()["type"].endswith("exists")
        published = [(await ground.ask("POST", "/buyers/publish")).json() for _ in range(2)]
        assert [one["version"] for one in published] == [1, 1], "pressed twice it is one"
        assert published[0]["progress"] == 0.0
        await Maker(ground.worker.pool, chunk=2).step()
        await Maker(ground.worker.pool, chunk=2).step()
        half = (await ground.ask("GET", "/buyers")).json()
        assert (half["members"], half["progress"], half["made"]) == (2, 0.4, False)
        await ground.made()
        whole = (await ground.ask("GET", "/buyers")).json()
        assert (whole["members"], whole["progress"], whole["made"]) == (5, 1.0, True)
        draft = {"title": "Regulars", "condition": condition("number", field="orders", least=2)}
        assert (await ground.ask("PUT", "/buyers", draft)).json()["members"] == 5, "until it is published"
        assert (await ground.ask("POST", "/buyers/publish")).json()["version"] == 2
        await ground.made()
        assert (await ground.ask("GET", "/buyers")).json()["members"] == 0
        listed = (await ground.ask("GET", "/buyers/versions")).json()["items"]
        assert [(one["version"], one["title"]) for one in listed] == [(2, "Regulars"), (1, "Buyers")]
        assert len(await ground.worker.published(CAMPAIGNS_SEGMENTS)) == 10
        assert [one["id"] for one in (await ground.ask("GET", "")).json()["items"]] == ["buyers"]


async def test_members_are_paged_and_as_csv_all_at_once(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.worker.feed(ORDERS, [completed(f"o{one}", one) for one in range(1, 6)])
        await ground.ask("POST", "", MAKE)
        await ground.ask("POST", "/buyers/publish")
        await ground.made()
        found, cursor = [], ""
        for _ in range(3):
            page = (await ground.ask("GET", f"/buyers/members?limit=2{cursor}")).json()
            found += [one["customer"] for one in page["items"]]
            cursor = f"&cursor={page['next']}"
        assert found == [name(one) for one in range(1, 6)] and page["next"] is None
        table = await ground.ask("GET", "/buyers/members", Accept="text/csv")
        lines = table.text.split("\r\n")
        assert lines[0] == "customer,since,version" and [line.split(",")[0] for line in lines[1:-1]] == found
        first = await ground.ask("GET", "/buyers/members?format=csv&limit=2")
        assert len(first.text.splitlines()) == 3 and 'rel="next"' in first.headers["Link"]


async def test_another_shop_sees_nothing_of_it(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.worker.feed(ORDERS, [completed("o", 1)])
        await ground.ask("POST", "", MAKE)
        for method, path, body in (
            ("GET", "/buyers", None),
            ("PUT", "/buyers", {"title": "B", "condition": BUYERS}),
            ("POST", "/buyers/publish", None),
            ("GET", "/buyers/members", None),
            ("GET", "/buyers/versions", None),
        ):
            assert (await ground.ask(method, path, body, by="sib")).status_code == 404
        assert (await ground.ask("POST", "/size", {"condition": BUYERS}, by="sib")).json()["customers"] == 0


async def test_a_condition_that_is_none_is_refused_by_field(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        wrong = {**MAKE, "condition": condition("all", of=[BUYERS, condition("number", field="orders", least="3")])}
        answer = await ground.ask("POST", "", wrong)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "body.condition.of[1].least"
        schema = (await ground.ask("GET", "/schema")).json()
        assert set(schema["$defs"]) >= {"All", "Number", "Age", "Agreed"}
