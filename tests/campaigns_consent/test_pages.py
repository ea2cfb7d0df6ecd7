"""The preference centre: GET changes nothing, one POST withdraws, gateway keeps the evidence and tells it back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest

from services.campaigns.app import create_app
from services.campaigns.consent import NewLink, add_links, allows, words_of
from services.gateway.main import create_service as create_gateway
from shared.contracts.consents import Consent, ConsentChanged, Consents
from shared.contracts.topics import CAMPAIGNS_STATEMENTS, CONSENTS, CUSTOMERS, ERASURES
from shared.kernel import SystemClock
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness, running
from shared.testing.http import client
from tests.campaigns.ground import SHOP, erased, event, name, told, worker

pytestmark = pytest.mark.stack
TOKEN = "Zk3v9Q0m7r1Xw5Ty2Ls8Ah"
PAGE, STOP = f"/pages/preferences/laleh/{TOKEN}", f"/pages/unsubscribe/laleh/{TOKEN}"
ONE_CLICK = {"content": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
NOW = SystemClock().now()


class Ground(NamedTuple):
    """A worker, and the pages in front of it."""

    worker: Harness
    http: httpx.AsyncClient
    url: str

    async def allowed(self, purpose: str = "news", *who: int) -> bool:
        async with self.worker.pool.acquire() as conn:
            return allows(await words_of(conn, [(1, one) for one in who or (1,)]), "email", purpose)

    async def statements(self) -> list[dict[str, Any]]:
        return [one.event["data"] for one in await self.worker.published(CAMPAIGNS_STATEMENTS)]


def agreed(customer: int, sequence: int, *said: tuple[str, str], days: int = 30) -> Any:
    """What gateway tells of a customer: (purpose, state) of e-mail."""
    consents = [
        Consent(
            channel="email",
            purpose=purpose,
            state=state,  # type: ignore[arg-type]  # a text
            occurred_at=NOW - timedelta(days=days) + timedelta(minutes=sequence),
            source="checkout",
            record=f"r{sequence}{purpose}",
        )
        for purpose, state in said
    ]
    return event(ConsentChanged, customer, Consents(customer=name(customer), consents=consents), sequence)


@asynccontextmanager
async def a_ground(databases: Databases, *also: str) -> AsyncIterator[Ground]:
    """With a link that was sent to customer 1, who agreed to two kinds of mail."""
    url = await databases.create("campaigns", *also)
    settings = PlatformSettings.load(
        "campaigns",
        database_url=api_url(url, "campaigns"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=TEST_SECRET,
    )
    async with worker(databases, url, now=NOW) as harness, client(create_app(settings)) as http:
        async with harness.pool.acquire() as conn:
            link = NewLink(1, TOKEN, 1, "email", "m-1", "fa-IR", NOW + timedelta(days=9))
            await add_links(conn, [link, link._replace(token=TOKEN[::-1], expires_at=NOW - timedelta(days=1))])
        await harness.feed(CONSENTS, [agreed(1, 1, ("news", "given"), ("offers", "given"))])
        yield Ground(harness, http, url)


async def test_looking_changes_nothing_and_one_click_ends_the_channel_at_once(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        for path in (PAGE, STOP):
            shown = await ground.http.get(path)
            assert (shown.status_code, 'dir="rtl"' in shown.text, "checked" in shown.text) == (200, True, True)
            assert (await ground.http.head(path)).status_code in (200, 405)
        assert await ground.allowed() and await ground.statements() == []
        assert (await ground.http.post(STOP, **ONE_CLICK)).status_code == 200
        assert not await ground.allowed() and not await ground.allowed("offers")
        assert (await ground.http.post(STOP, **ONE_CLICK)).status_code == 200
        (said,) = await ground.statements()
        assert (said["purpose"], said["state"], said["source"]) == ("all", "withdrawn", "unsubscribe-link")
        assert said["evidence"] == "link in message m-1"


async def test_each_box_of_the_page_is_its_own_choice(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        shown = [("shown", "email/news"), ("shown", "email/offers"), ("shown", "sms/never-asked")]
        form = httpx.QueryParams([*shown, ("on", "email/offers"), ("on", "sms/never-asked")])
        await ground.http.post(PAGE, content=str(form))
        assert (await ground.allowed("news"), await ground.allowed("offers")) == (False, True)
        assert [(one["channel"], one["purpose"]) for one in await ground.statements()] == [("email", "news")]
        await ground.http.post(PAGE, content=str(httpx.QueryParams([*shown, ("on", "email/news")])))
        assert (await ground.allowed("news"), await ground.allowed("offers")) == (True, False)


async def test_a_link_that_is_unknown_expired_or_of_another_shop_shows_nobody(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        for shop, token in (("laleh", "A" * 22), ("laleh", TOKEN[::-1]), ("sib", TOKEN), ("none", TOKEN)):
            for method in ("GET", "POST"):
                answer = await ground.http.request(method, f"/pages/unsubscribe/{shop}/{token}")
                assert answer.status_code == 404 and "email" not in answer.text
        assert (await ground.http.post(PAGE, content="a" * 9_000)).status_code == 422
        assert await ground.allowed()
        kept = await ground.worker.pool.fetchval("SELECT string_agg(l::text, '') FROM consent_link l")
        assert TOKEN not in kept


async def test_gateway_keeps_what_was_said_and_tells_the_same_back(databases: Databases) -> None:
    async with a_ground(databases, "gateway") as ground:
        await ground.http.post(STOP, **ONE_CLICK)
        said = [one.event for one in await ground.worker.published(CAMPAIGNS_STATEMENTS)]
        before = await ground.worker.pool.fetch("SELECT * FROM consent ORDER BY purpose")
        async with running(create_gateway(TEST_SECRET.encode()), ground.url) as gateway:
            await gateway.configure(SHOP)
            await gateway.pool.execute(
                "INSERT INTO customer (shop, customer, canonical, phone, name_at_us, email_at_us, phone_at_us,"
                " locale_at_us, phones, emails) VALUES (1, 1, 1, '', 0, 0, 0, 0, 0, 0)"
            )
            await gateway.feed(CAMPAIGNS_STATEMENTS, said, doubled=1.0, rng=Random(1))
            kept = await gateway.pool.fetch("SELECT record, purpose, state, evidence FROM consent")
            back = [one.event for one in await gateway.published(CONSENTS)]
        assert [tuple(row)[1:] for row in kept] == [("all", "withdrawn", "link in message m-1")]
        assert [row["record"] for row in before if row["purpose"] == "all"] == [kept[0]["record"]]
        await ground.worker.feed(CONSENTS, back)
        assert await ground.worker.pool.fetch("SELECT * FROM consent ORDER BY purpose") == before


async def test_what_one_identity_withdraws_the_whole_person_withdraws(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.worker.feed(CONSENTS, [agreed(2, 2, ("news", "given"))])
        await ground.worker.feed(CUSTOMERS, [told(2, 5, "merged", canonical=1)])
        assert await ground.allowed("news", 1, 2)
        await ground.http.post(STOP, **ONE_CLICK)
        assert not await ground.allowed("news", 1, 2) and await ground.allowed("news", 2)


async def test_words_of_gateway_join_in_any_order_and_an_erased_customer_says_nothing_more(
    databases: Databases,
) -> None:
    async with a_ground(databases) as ground:
        words = [agreed(3, n, ("news", "given" if n % 2 else "withdrawn"), ("offers", "given")) for n in range(1, 9)]
        await ground.worker.feed(CONSENTS, words, batch=2, placed="random", doubled=1.0, shuffled=20, rng=Random(4))
        assert (await ground.allowed("news", 3), await ground.allowed("offers", 3)) == (False, True)
        await ground.worker.feed(ERASURES, [erased(1, 3)])
        await ground.worker.feed(CONSENTS, [agreed(3, 99, ("news", "given"))])
        assert await ground.worker.pool.fetchval("SELECT count(*) FROM consent") == 0
        assert (await ground.http.get(PAGE)).status_code == 404
