"""Ground: a worker of feedback, shops, surveys, and events of customers as other services tell them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from services.feedback.app import create_app
from services.feedback.main import create_service
from services.feedback.surveys import Links, Survey
from services.feedback.surveys.domain.ready import READY
from services.feedback.surveys.store.versions import publish
from shared.contracts.campaigns import (
    MessageChange,
    MessageFailed,
    MessageSent,
    MessageSuppressed,
    MessageSuppression,
)
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.shops import Shop
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CAMPAIGNS_REQUESTS, FEEDBACK_SURVEYS, ORDERS
from shared.db import acquire
from shared.kernel import (
    CustomerId,
    FixedClock,
    api_key_sha256,
    api_key_text,
    customer_id_text,
    derive_event_id,
)
from shared.messaging.dead_letters import Cipher
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import TEST_SECRET, Harness, running
from shared.testing.http import client
from tests.loyalty_orders.ground import completed

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHOP = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="USD", languages=("en", "fa", "ar"))
OTHER = Shop(number=2, slug="sib", name="Sib", zone="Pacific/Auckland", currency="USD")
BASE = "https://feedback.laleh.example"
LINKS = Links(TEST_SECRET, BASE)
PARTITIONS = range(12)
NPS = READY["nps-after-delivery"]
CSAT = READY["csat-after-case"]


def survey(base: Survey = NPS, **changes: Any) -> Survey:
    """A survey that differs from a ready one; `trigger` is given field by field."""
    trigger = changes.pop("trigger", None)
    if trigger is not None:
        changes["trigger"] = msgspec.structs.replace(base.trigger, **trigger)
    return msgspec.structs.replace(base, **changes)


@dataclass
class Ground:
    """A worker of feedback, and the API in front of it."""

    worker: Harness
    http: httpx.AsyncClient
    clock: FixedClock
    url: str
    sequence: int = 0

    async def publish(self, name: str, body: Survey, shop: int = 1) -> None:
        """The next version of a survey."""
        async with acquire(self.worker.pool) as conn:
            assert await publish(conn, shop, name, body, author="test", now=self.clock.now())

    async def pass_time(self, *, rounds: int = 1, **by: float) -> int:
        """The clock goes on, and what is due happens; how many timers fired."""
        fired = 0
        for _ in range(rounds):
            self.clock.advance(timedelta(**by))
            fired += await self.worker.fire(ORDERS, PARTITIONS)
        return fired

    async def asked(self) -> list[dict[str, Any]]:
        """What campaigns was asked to send, in order."""
        return [one.event["data"] for one in await self.worker.published(CAMPAIGNS_REQUESTS)]

    async def told(self, topic: str = FEEDBACK_SURVEYS) -> list[tuple[str, dict[str, Any]]]:
        """(type, data) of what was told, in order."""
        return [(one.event["type"], one.event["data"]) for one in await self.worker.published(topic)]

    async def answer_sent(self, *, outcome: str = "sent") -> None:
        """campaigns says what became of every message that was asked for."""
        events = [self.outcome(data, outcome) for data in await self.asked()]
        await self.worker.feed(CAMPAIGNS_MESSAGES, events)

    def outcome(self, data: dict[str, Any], outcome: str = "sent") -> Any:
        """What campaigns says of a message."""
        kept = {
            name: data[name] for name in ("customer", "channel", "purpose", "campaign", "step", "occasion", "template")
        }
        about = {"message": f"m-{data['occasion']}", **kept}
        forms: dict[str, Any] = {
            "sent": (MessageSent, MessageChange(**about)),
            "failed": (MessageFailed, MessageChange(**about, reason="550")),
            "no_consent": (MessageSuppressed, MessageSuppression(**about, suppressed="no_consent")),
        }
        form, told_ = forms[outcome]
        return envelope(form, data["customer"], told_, self.clock.now(), f"{data['occasion']}:{outcome}")

    async def states(self) -> list[tuple[str, str]]:
        """(survey, state) of all invitations, by when they were due."""
        rows = await self.worker.pool.fetch("SELECT survey, state FROM invitation ORDER BY due, survey, id")
        names = ("waiting", "asked", "sent", "answered", "dismissed", "expired", "unsent", "withdrawn", "lapsed")
        return [(row[0], names[row[1]]) for row in rows]

    async def key(self, *scopes: str, shop: int = 1) -> dict[str, str]:
        """Headers of a key with these scopes."""
        text = api_key_text("ab" * 9, b"k" * 32)
        await self.worker.pool.execute(
            "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4) ON CONFLICT (key_id) DO UPDATE"
            " SET scopes = excluded.scopes, shop = excluded.shop",
            *("ab" * 9, shop, api_key_sha256(text), list(scopes)),
        )
        return {"Authorization": f"Bearer {text}"}

    def page(self, request: dict[str, Any]) -> str:
        """The path of the page that a message leads to."""
        link: str = request["values"]["link"]
        return link.removeprefix(BASE)

    async def post(self, path: str, *fields: tuple[str, str], do: str = "send") -> httpx.Response:
        """Send the page's form."""
        form = str(httpx.QueryParams([*fields, ("do", do)]))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.http.post(path, content=form, headers=headers)


@asynccontextmanager
async def a_ground(databases: Databases, now: datetime = NOW, *also: str) -> AsyncIterator[Ground]:
    """With both shops, on an empty database. The API has the worker's clock."""
    url, clock = await databases.create("feedback", *also), FixedClock(now)
    settings = PlatformSettings.load(
        "feedback", database_url=api_url(url, "feedback"), kafka_bootstrap_servers="127.0.0.1:1", secret_key=TEST_SECRET
    )
    service = create_service(lambda: Cipher(TEST_SECRET), lambda: LINKS)
    app = create_app(settings)
    async with running(service, url, clock=clock) as harness, client(app) as http:
        app.state.database.clock = clock
        await harness.configure(SHOP, OTHER)
        yield Ground(harness, http, clock, url)


def name(customer: int) -> str:
    """A customer as events name them."""
    return customer_id_text(CustomerId(customer))


def envelope(form: Any, subject: str, data: Any, at: datetime, cause: str, **more: Any) -> Any:
    """An event; of one cause there is one."""
    shop = more.pop("shop", SHOP)
    return form(
        id=derive_event_id(int(at.timestamp() * 1000), shop.slug, f"{subject}:{cause}", form.__name__),
        source="mandegar/test",
        subject=subject,
        time=at,
        shop=shop.slug,
        data=data,
        **more,
    )


def delivered(order: str, customer: int | None, at: datetime = NOW, **more: Any) -> InteractionRecorded:
    """An order that arrived."""
    who = None if customer is None else name(customer)
    data = Interaction(name="order delivered", customer=who, order_id=order)
    made: InteractionRecorded = envelope(InteractionRecorded, who or order, data, at, f"delivered:{order}", **more)
    return made


def bought(order: str, customer: int | None, at: datetime = NOW, **more: Any) -> Any:
    """An order that was completed."""
    made = completed(order, customer, **more)
    return msgspec.structs.replace(made, time=at, receivedat=at, shop=SHOP.slug)


def as_json(event: Any) -> dict[str, Any]:
    """An event as plain values."""
    made: dict[str, Any] = json.loads(msgspec.json.encode(event))
    return made
