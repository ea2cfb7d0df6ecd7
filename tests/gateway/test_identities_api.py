"""Identities over HTTP and by events: merged, parted, told to others, refused with the field and the remedy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from prometheus_client import CollectorRegistry

from services.gateway.identity.api import router
from services.gateway.shops import create_key
from shared.contracts.customers import CustomerEvent, CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.db import create_pool
from shared.kernel import FixedClock, customer_id_text
from shared.settings import PlatformSettings
from shared.testing import api_url
from shared.testing.http import client
from shared.web import create_app
from tests.gateway.ground import NOW, SECRET, Gateway, delivery, raw

pytestmark = pytest.mark.stack
CLOCK = FixedClock(NOW)
ID, PHONE, EMAIL = {"customer_id": "77"}, {"phone": "+989121234567"}, {"email": "sara@mail.ir"}


class Ground(NamedTuple):
    http: httpx.AsyncClient
    gateway: Gateway
    keys: dict[str, str]

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[key]}"}

    async def ask(self, path: str, body: Any = None, key: str = "staff") -> httpx.Response:
        headers = self.headers(key)
        if path.endswith("identities"):
            return await self.http.get(f"/v1/customers/{path}", headers=headers)
        return await self.http.post(f"/v1/customers/{path}", json=body or {}, headers=headers)

    async def people(self, *data: dict[str, Any]) -> list[str]:
        """Surrogates of whom orders with these data are."""
        await self.gateway.take([raw(f"e{at}", **one) for at, one in enumerate(data)])
        return [str(event.data.customer) for event in await self.gateway.orders()][-len(data) :]

    async def say(self, event_id: str, name: str, **data: Any) -> None:
        event = {"id": event_id, "type": name, "time": NOW.isoformat(), "data": data}
        await self.gateway.harness.feed("raw.interactions.v1", [json.dumps(event).encode()])

    async def told(self) -> list[CustomerEvent]:
        """Merges and their undoing, on customers.v1."""
        return [one for one in await self.gateway.customers() if not isinstance(one, CustomerUpdated)]


@pytest.fixture
async def ground(gateway: Gateway, gateway_url: str) -> AsyncIterator[Ground]:
    pool: asyncpg.Pool[Any] = gateway.pool
    scopes = {"staff": ["customers:read", "customers:write"], "reader": ["customers:read"], "lister": ["metrics:read"]}
    keys = {name: (await create_key(pool, CLOCK, "default", scopes=some))[1] for name, some in scopes.items()}
    api_pool = await create_pool(api_url(gateway_url, "gateway"), "gateway", max_size=4)
    settings = PlatformSettings.load(
        kafka_bootstrap_servers="127.0.0.1:1", database_url=gateway_url, secret_key=SECRET.decode()
    )
    app = create_app("gateway", settings, [router], clock=CLOCK, pool=api_pool, registry=CollectorRegistry())
    async with client(app) as http:
        yield Ground(http, gateway, keys)
    await api_pool.close()


async def test_staff_merge_two_and_part_them_again_and_each_is_told_once(ground: Ground) -> None:
    one, other = await ground.people(ID, PHONE)
    merged = await ground.ask(f"{other}/merge", {"into": one, "reason": "same household card"})
    assert merged.status_code == 200, merged.text
    body = merged.json()
    assert (body["canonical"], body["changed"], len(body["identities"])) == (one, True, 2)
    assert body["merges"][0]["reason"] == "same household card"
    again = await ground.ask(f"{other}/merge", {"into": one})
    assert (again.status_code, again.json()["changed"]) == (200, False)
    parted = await ground.ask(f"{other}/unmerge")
    assert (parted.json()["canonical"], parted.json()["changed"]) == (other, True)
    assert (await ground.ask(f"{other}/unmerge")).json()["changed"] is False
    first, second = await ground.told()
    assert isinstance(first, CustomerMerged) and isinstance(second, CustomerUnmerged)
    assert (first.data.customer, first.data.canonical, second.data.canonical) == (other, one, other)
    assert isinstance(first.sequence, int) and isinstance(second.sequence, int) and first.sequence < second.sequence


async def test_what_staff_parted_no_event_joins_until_staff_do(ground: Ground) -> None:
    one, other = await ground.people(ID, PHONE)
    await ground.people(ID, PHONE, ID | PHONE)
    assert (await ground.ask(f"{one}/identities", key="reader")).json()["canonical"] == one
    assert len(await ground.told()) == 1
    await ground.ask(f"{other}/unmerge")
    await ground.say("i1", "identify", **ID, **PHONE)
    body = (await ground.ask(f"{other}/identities")).json()
    assert body["canonical"] == other and body["suggestions"][0]["reason"] == "kept_apart"
    await ground.ask(f"{other}/merge", {"into": one})
    assert (await ground.ask(f"{other}/identities")).json()["suggestions"] == []


async def test_an_alias_joins_the_guest_it_names_before_or_after_it_is_known(ground: Ground) -> None:
    one, other = await ground.people(ID, EMAIL)
    await ground.say("a1", "alias", customer_id="77", previous_id="Sara@Mail.ir")
    [event] = await ground.told()
    assert (event.data.customer, event.data.canonical) == (other, one)
    await ground.say("a2", "alias", customer_id="77", previous_id="۰۹۱۲۱۱۱۲۲۳۳")
    await ground.gateway.take([raw("p", phone="+989121112233")])
    assert (await ground.gateway.orders())[-1].data.customer in (one, None)


async def test_an_alias_of_two_customer_ids_is_noted_for_staff_who_may_merge(ground: Ground) -> None:
    one, other = await ground.people(ID, {"customer_id": "78"})
    await ground.say("a1", "alias", customer_id="77", previous_id="78")
    assert await ground.told() == []
    [suggestion] = (await ground.ask(f"{one}/identities")).json()["suggestions"]
    assert suggestion["reason"] == "two_customer_ids" and {suggestion["customer"], suggestion["other"]} == {one, other}
    page = (await ground.http.get("/v1/customers/suggestions", headers=ground.headers("lister"))).json()
    assert page == {"items": [suggestion], "next": None}
    assert (await ground.ask(f"{other}/merge", {"into": one})).json()["canonical"] == one


async def test_requests_are_refused_with_the_field_and_the_remedy(ground: Ground) -> None:
    one, two, three = await ground.people(ID, PHONE, EMAIL)
    assert (await ground.ask(f"{one}/merge", {"into": two}, key="reader")).status_code == 403
    for path, body, status, says in (
        (f"{one}/merge", {"into": one}, 422, "body.into"),
        (f"{one}/merge", {"into": "1" * 13}, 422, "body.into"),
        (f"{one}/merge", {"into": "me"}, 422, "body.into"),
        (f"{'1' * 13}/merge", {"into": one}, 404, "not-found"),
        (f"{'0' * 13}/identities", None, 404, "not-found"),
        (f"{'0' * 13}/unmerge", None, 404, "not-found"),
    ):
        answer = await ground.ask(path, body)
        assert answer.status_code == status and says in answer.text, (path, answer.text)
    await ground.ask(f"{two}/merge", {"into": one})
    refused = await ground.ask(f"{two}/merge", {"into": three})
    assert refused.status_code == 409 and one in refused.json()["detail"]


async def test_blocked_values_join_nobody(ground: Ground) -> None:
    [one] = await ground.people(ID)
    for at, value in enumerate(("null", "۰", "undefined", "Anonymous", "test@test.com", "123456789")):
        await ground.say(f"b{at}", "alias", customer_id="77", previous_id=value)
    await ground.gateway.take([raw("x", **ID, email="noreply@shop.ir"), raw("y", email="No-Reply@shop.ir")])
    assert (await ground.gateway.orders())[-1].data.customer is None
    assert await ground.told() == []
    assert len((await ground.ask(f"{one}/identities")).json()["identities"]) == 1


async def test_staff_and_two_workers_at_once_leave_pointers_that_the_topic_tells(ground: Ground) -> None:
    rng = Random(4)
    people = await ground.people(*({"phone": f"+98912111{n:04}"} for n in range(6)), ID, {"customer_id": "78"})
    linking = [
        delivery(raw(f"r{at}", **rng.choice((ID, {"customer_id": "78"})), phone=f"+98912111{rng.randrange(6):04}"), at)
        for at in range(80)
    ]

    async def work(events: list[Any]) -> None:
        for at in range(0, len(events), 4):
            await ground.gateway.take_bare(events[at : at + 4])

    async def merge_and_part() -> None:
        for _ in range(25):
            one, other = rng.sample(people, 2)
            merges = rng.random() < 0.6
            answer = await ground.ask(f"{one}/merge", {"into": other}) if merges else await ground.ask(f"{one}/unmerge")
            assert answer.status_code in (200, 409, 422), answer.text

    await asyncio.wait_for(asyncio.gather(work(linking[::2]), work(linking[1::2]), merge_and_part()), timeout=60)
    rows = await ground.gateway.pool.fetch("SELECT customer, canonical, merged_into FROM customer")
    into = {row["customer"]: row["merged_into"] for row in rows}
    told = {event.data.customer: event.data for event in await ground.gateway.customers()}
    for row in rows:
        end = row["customer"]
        for _ in rows:
            end = into[end] or end
        assert row["canonical"] == end
        last = told[customer_id_text(row["customer"])]
        assert last.canonical == customer_id_text(end)
