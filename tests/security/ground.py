"""Ground for the tests of security: every service's application over one database, with two shops."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from mandegar.services import service_app, service_main, service_names
from services.campaigns.settings import CampaignsSettings
from services.feedback.settings import FeedbackSettings
from services.gateway.settings import GatewaySettings
from services.gateway.shops import add_shop
from services.gateway.webhooks import Connected, add_connection
from services.gateway.webhooks.secrets import Vault
from shared.db import create_pool
from shared.kernel import SCOPES, SystemClock, api_key_sha256, api_key_text
from shared.messaging.cluster.topics import ensure_topics
from shared.messaging.reference import write_shops
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.http import client
from tests.metrics_read.ground import Ground as MetricsGround
from tests.metrics_read.ground import customer_number, customer_text
from tests.metrics_read.recount import Bought
from tests.security.feedback import add_feedback
from tests.security.signing import STAFF, public_file

SECRET = "9f2c7d41a86be350c1d24f7a90b8e6d3"
SERVICES = service_names()
REPORT_SECRET = "whsec-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SMS_TOKEN = "token-of-the-account"
PUBLIC_URL = "https://m.laleh.example"
_KINDS: dict[str, tuple[type[PlatformSettings], dict[str, Any]]] = {
    "campaigns": (
        CampaignsSettings,
        {
            "public_url": PUBLIC_URL,
            "report_secret": REPORT_SECRET,
            "sms_provider": "twilio",
            "sms_account": "AC01",
            "sms_key": SMS_TOKEN,
        },
    ),
    "feedback": (FeedbackSettings, {}),
    "gateway": (GatewaySettings, {}),
}
"""Those of services that have settings of their own, with all that opens routes."""
OWN, OTHER = "laleh", "sib"
NUMBERS = {OWN: 1, OTHER: 2}
PROGRAMMES = {OWN: "1", OTHER: "900"}
"""Numbers of a version and of a draft of each."""
CARDS = {OWN: "9000000000010014", OTHER: "9000000000020026"}
"""That stay as they are."""
SPENT_CARDS = {OWN: "9000000000030032", OTHER: "9000000000040044"}
"""That tests block and replace."""
PROGRAMME = {
    "name": "P",
    "currency": "USD",
    "rules": [{"id": "r", "name": "R", "earn": {"kind": "fixed", "points": 5}}],
}
HELLO = {
    "subject": "Hello",
    "mjml": "<mjml><mj-body><mj-text>{{ unsubscribe_url }}</mj-text></mj-body></mjml>",
    "text": "Hello",
}
BUYERS = {"kind": "number", "field": "orders", "least": 1}
JOURNEY = {"name": "Birthday", "trigger": {"kind": "hand"}, "steps": [{"kind": "end", "id": "end"}]}
REWARD = {"name": "Spa", "what": {"kind": "voucher", "codes": "uploaded"}, "currency": "USD", "points": 0}
_DAY = 739_600
"""A day of 2025: when everybody ordered."""


@dataclass
class Place:
    """A database with two shops in every service's schema, keys of each scope, a customer and a connection of each."""

    url: str
    pool: asyncpg.Pool[Any]
    bootstrap_servers: str
    keys: dict[tuple[str, str], str]
    connections: dict[str, Connected]
    staff_keys: str
    """The file of public keys by which tokens of staff are judged."""

    def key(self, shop: str, *scopes: str) -> str:
        """The key of a shop with exactly these scopes."""
        return self.keys[shop, " ".join(scopes)]

    def settings(self, service: str, **changes: Any) -> PlatformSettings:
        """As the service's API is run with, here."""
        return settings_of(
            service,
            kafka_bootstrap_servers=self.bootstrap_servers,
            database_url=api_url(self.url, service),
            **{"staff_jwks": self.staff_keys, **STAFF, **changes},
        )

    async def audit(self, service: str, shop: str = OWN) -> list[dict[str, Any]]:
        """The log of a shop, the oldest first."""
        rows = await self.pool.fetch(
            f"SELECT actor, role, action, subject, request_id, outcome FROM {service}.audit_entry"
            " WHERE shop = $1 ORDER BY id",
            NUMBERS[shop],
        )
        return [dict(row) for row in rows]


def settings_of(service: str, **changes: Any) -> PlatformSettings:
    """Settings of a service, of its own kind; of servers that are not there, unless others are named."""
    kind, own = _KINDS.get(service, (PlatformSettings, {}))
    nowhere = {"kafka_bootstrap_servers": "127.0.0.1:1", "database_url": "postgresql://127.0.0.1:1/none"}
    return kind.load(service, secret_key=SECRET, **{**nowhere, **own, **changes})


async def place_on(databases: Databases, bootstrap_servers: str, stack: AsyncExitStack) -> Place:
    """A new database."""
    url = await databases.create(*SERVICES)
    await ensure_topics(bootstrap_servers, [service_main(name).SERVICE for name in SERVICES], partitions=12)
    gateway = await stack.enter_async_context(await create_pool(url, "gateway", max_size=2))
    metrics = await stack.enter_async_context(await create_pool(url, "metrics", max_size=4))
    loyalty = await stack.enter_async_context(await create_pool(url, "loyalty", max_size=2))
    ground = MetricsGround(metrics, metrics)
    campaigns = await stack.enter_async_context(await create_pool(url, "campaigns", max_size=2))
    feedback = await stack.enter_async_context(await create_pool(url, "feedback", max_size=2))
    pools = (campaigns, feedback, gateway, loyalty, metrics)
    keys: dict[tuple[str, str], str] = {}
    connections = {}
    for slug in NUMBERS:
        shop = await add_shop(gateway, SystemClock(), slug)
        connections[slug], _ = await add_connection(gateway, SystemClock(), Vault(SECRET), slug, "woocommerce")
        await gateway.execute(
            "INSERT INTO customer (shop, customer, canonical, name, email, phone, name_at_us, email_at_us, phone_at_us,"
            " locale_at_us, phones, emails) SELECT $1, c, c, 'Sara', 'sara@example.com', '', 0, 0, 0, 0, 0, 0"
            " FROM unnest($2::bigint[]) AS t(c)",
            *(shop.number, [customer_number(shop.number, number) for number in (1, 2)]),
        )
        await gateway.execute(
            "INSERT INTO erasure (shop, customer, id, requested_at, reason, reference, asked)"
            " VALUES ($1, 3, $2::text::uuid, now(), 'request', '', '{gateway}')",
            *(shop.number, erasure_of(slug)),
        )
        await ground.open(shop)
        for pool in (loyalty, campaigns, feedback):
            await write_shops(pool, [shop], [1])
        await _add_campaigns(campaigns, shop.number, slug)
        await add_feedback(feedback, shop.number, slug, customer_number(shop.number, 1), token_of(slug))
        await _add_journeys(campaigns, shop.number, slug)
        await _add_programme(loyalty, shop.number, int(PROGRAMMES[slug]))
        await loyalty.execute(
            "INSERT INTO member (shop, customer, joined_at, how, state) VALUES ($1, $2, now(), 2, 1)",
            *(shop.number, customer_number(shop.number, 1)),
        )
        await loyalty.execute(
            "INSERT INTO card (shop, number, customer, kind, state, issued_at, changed_at, replaced_by)"
            " SELECT $1, number, $3, 1, 1, now(), now(), '' FROM unnest($2::text[]) AS number",
            *(shop.number, [CARDS[slug], SPENT_CARDS[slug]], customer_number(shop.number, 1)),
        )
        await loyalty.execute(
            "INSERT INTO occasion (customer, revenue, shop, kind, status, currency, name, content_id, id)"
            " VALUES (0, 0, $1, 1, 0, '', '', '', 'A-1001')",
            shop.number,
        )
        await _add_rewards(loyalty, shop.number, slug)
        await ground.fill(shop, [Bought(customer=1, day=_DAY, revenue=500, currency="USD")])
        await metrics.execute("UPDATE order_fact SET booked_day = day")
        for number, scopes in enumerate(("", *SCOPES, " ".join(SCOPES))):
            keys[slug, scopes] = await _issue(pools, shop.number, f"{slug}{number:04d}", scopes.split())
        for name in ("rotated", "revoked"):
            await _issue((gateway,), shop.number, slug + name, ["metrics:read"])
    directory = Path(stack.enter_context(TemporaryDirectory()))
    return Place(url, gateway, bootstrap_servers, keys, connections, str(public_file(directory)))


async def _add_campaigns(campaigns: asyncpg.Pool[Any], shop: int, slug: str) -> None:
    await campaigns.execute(
        "INSERT INTO profile (shop, customer, name, email) VALUES ($1, $2, 'Sara', 'sara@example.com')",
        *(shop, customer_number(shop, 1)),
    )
    await campaigns.execute(
        "INSERT INTO template_version (shop, template, version, published_at, author, body)"
        " VALUES ($1, $2, 1, now(), '', $3::text::jsonb)",
        *(shop, f"hello-{slug}", json.dumps({"texts": {"en": HELLO}})),
    )
    await campaigns.execute(
        "INSERT INTO segment (shop, id, title, draft, changed_at) VALUES ($1, $2, 'S', $3::text::jsonb, now())",
        *(shop, f"buyers-{slug}", json.dumps(BUYERS)),
    )
    await campaigns.execute(
        "INSERT INTO message (shop, id, customer, planned_at, due, expires_at, state, channel, purpose, campaign,"
        " step, occasion, template, fields)"
        " VALUES ($1, $2, $3, now(), now(), now(), 2, 'email', 'news', $4, 'send', 'o', 'hello', '{}')",
        *(shop, message_of(slug), customer_number(shop, 1), f"spring-{slug}"),
    )
    await campaigns.execute(
        "INSERT INTO consent_link (shop, hash, customer, channel, message, expires_at)"
        " VALUES ($1, $2, $3, 'email', $4, now() + interval '1 day')",
        *(shop, sha256(token_of(slug).encode()).digest(), customer_number(shop, 1), message_of(slug)),
    )
    await campaigns.execute(
        "INSERT INTO task (shop, id, customer, due, opened_at, changed_at, state, campaign, step, occasion, locale,"
        " via, owner, title, note)"
        " SELECT $1, id, $3, now(), now(), now(), 0, 'c', 'call', 'o', 'en', '', '', 'x', ''"
        " FROM unnest($2::text[]) AS id",
        *(
            shop,
            [message_of(slug), *(message_of(slug)[:-2] + f"{name}{shop}" for name in "cd")],
            customer_number(shop, 1),
        ),
    )
    await campaigns.execute(
        "INSERT INTO webhook_endpoint (shop, url, secret, set_at) VALUES ($1, 'https://crm.example', '', now())",
        shop,
    )


async def _add_journeys(pool: asyncpg.Pool[Any], shop: int, slug: str) -> None:
    """One that goes on, and one to be ended."""
    for name in (f"welcome-{slug}", f"killed-{slug}"):
        await pool.execute(
            "INSERT INTO journey (shop, id, state, version, edition, changed_at, author, draft)"
            " VALUES ($1, $2, 1, 1, 1, now(), '', $3::text::jsonb)",
            *(shop, name, json.dumps(JOURNEY)),
        )
        await pool.execute(
            "INSERT INTO journey_version (shop, journey, version, published_at, author, body)"
            " VALUES ($1, $2, 1, now(), '', $3::text::jsonb)",
            *(shop, name, json.dumps(JOURNEY)),
        )


async def _add_programme(pool: asyncpg.Pool[Any], shop: int, number: int) -> None:
    body = json.dumps(PROGRAMME)
    await pool.execute(
        "INSERT INTO programme_version (shop, number, in_force_from, published_at, author, reason, body)"
        " VALUES ($1, $2, now(), now(), '', '', $3::text::jsonb)",
        *(shop, number, body),
    )
    await pool.execute(
        "INSERT INTO programme_draft (shop, number, edition, changed_at, author, name, body)"
        " VALUES ($1, $2, 1, now(), '', '', $3::text::jsonb)",
        *(shop, number, body),
    )


async def _add_rewards(pool: asyncpg.Pool[Any], shop: int, slug: str) -> None:
    """A voucher; one that was granted, one that is held for each step, one to be taken back, of which nobody could be
    told; corrections that wait."""
    customer, reward = customer_number(shop, 1), reward_of(slug)
    await pool.execute("INSERT INTO known_customer (shop, customer) VALUES ($1, $2)", shop, customer)
    await pool.execute("INSERT INTO reward (shop, reward, version, taken) VALUES ($1, $2, 1, 3)", shop, reward)
    await pool.execute(
        "INSERT INTO reward_version (shop, reward, version, body, author, reason, published_at)"
        " VALUES ($1, $2, 1, $3::text::jsonb, '', '', now())",
        *(shop, reward, json.dumps(REWARD)),
    )
    await pool.execute(
        "INSERT INTO reward_use (shop, customer, reward, period, used) VALUES ($1, $2, $3, '', 3)",
        *(shop, customer, reward),
    )
    await pool.execute(
        "INSERT INTO reward_code (shop, reward, code, redemption) VALUES ($1, $2, $3 || 1, $4)",
        *(shop, reward, f"{slug}-", asked_of(slug, 1)),
    )
    await pool.execute(
        "INSERT INTO reward_code (shop, reward, code) SELECT $1, $2, $3 || n FROM generate_series(2, 2000) AS n",
        *(shop, reward, f"{slug}-"),
    )
    for number, state in ((1, 2), (2, 1), (3, 1), (4, 2)):
        await pool.execute(
            "INSERT INTO redemption (shop, id, customer, reward, version, state, points, worth, currency, period,"
            " asked_at, until, noticed, actor)"
            " VALUES ($1, $2, $3, $4, 1, $5, 0, 0, 'USD', '', now(), now() + interval '1 day', 32767, '')",
            *(shop, asked_of(slug, number), customer, reward, state),
        )
    await pool.execute(
        "INSERT INTO entitlement_delivery (shop, redemption, number, what, customer, made_at, due_at, state, body)"
        " VALUES ($1, $2, 1, 'granted', $3, now(), now(), 3, '{}')",
        *(shop, asked_of(slug, 4), customer),
    )
    for number in (1, 2):
        await pool.execute(
            "INSERT INTO correction (shop, id, customer, points, takes_two, state, reason, asked_at, asked_by,"
            " decided_by) VALUES ($1, $2, $3, 5, true, 1, 'goodwill', now(), 'staff:u-1', '')",
            *(shop, asked_of(slug, number), customer),
        )


async def _issue(pools: Sequence[asyncpg.Pool[Any]], shop: int, key_id: str, scopes: list[str]) -> str:
    text = api_key_text(key_id, sha256(key_id.encode()).digest())
    for pool in pools:
        await pool.execute(
            "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4)",
            *(key_id, shop, api_key_sha256(text), scopes),
        )
    return text


def application(place: Place, service: str, **changes: Any) -> FastAPI:
    """The service's own application, as it is run."""
    made: FastAPI = service_app(service).create_app(place.settings(service, **changes))
    return made


@asynccontextmanager
async def asking(place: Place, service: str, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    async with client(application(place, service, **changes)) as http:
        yield http


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def customer_of(shop: str, number: int = 1) -> str:
    """Id of the shop's customer; of the second one at gateway."""
    return customer_text(NUMBERS[shop], number)


def reward_of(shop: str) -> str:
    """Id of the shop's reward."""
    return f"spa-of-{shop}"


def asked_of(shop: str, number: int) -> str:
    """Id of one of the shop's redemptions, or of its corrections."""
    return f"{NUMBERS[shop]:016d}{number:016d}"


def message_of(shop: str) -> str:
    """Id of a message of the shop."""
    return f"00000000-0000-8fbe-9c5e-2f6d1f0a7b0{NUMBERS[shop]}"


def token_of(shop: str) -> str:
    """Of the links to pages that a customer of the shop was sent."""
    return f"sent-to-a-customer-of-{shop}"


def erasure_of(shop: str) -> str:
    """Id of the shop's erasure."""
    return f"019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b0{NUMBERS[shop]}"
