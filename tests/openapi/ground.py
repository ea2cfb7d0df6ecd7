"""All services whole: their APIs, workers that take what the topics bring, and the generated client in front."""

from __future__ import annotations

import json
from base64 import b32decode
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec
from mandegar_client import AsyncCampaigns, AsyncFeedback, AsyncGateway, AsyncLoyalty, AsyncMetrics

from mandegar.stack import Stack
from services.campaigns.app import create_app as campaigns_app
from services.campaigns.main import create_service as campaigns_service
from services.feedback.app import create_app as feedback_app
from services.feedback.main import create_service as feedback_service
from services.feedback.surveys.domain.ready import READY
from services.gateway.app import create_app as gateway_app
from services.gateway.main import create_service as gateway_service
from services.gateway.shops import add_shop, create_key
from services.gateway.webhooks import add_connection
from services.gateway.webhooks.secrets import Vault
from services.loyalty.app import create_app as loyalty_app
from services.loyalty.main import create_service as loyalty_service
from services.metrics.app import create_app as metrics_app
from services.metrics.main import create_service as metrics_service
from shared.contracts import topics
from shared.db import create_pool
from shared.kernel import CustomerId, SystemClock, parse_customer_id
from shared.messaging.cluster import ensure_topics
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.harness import Harness
from shared.testing.http import client
from tests.gateway_collector.ground import SECRET, Topics, settings_for, topics_from_here
from tests.security.signing import ISSUER, of_role, public_file

SHOP = "default"
SAMPLES = ("1k5f0q2v9a3bd", "0b7t4r2pkd91u", "1k9d0v3mq7c2e")
"""Customers whom the descriptions speak of."""
CONNECTION = "mzxw6ytboi5dqn3f"
SIGNED_WITH = "hush-2f7c1a9be4d0583c"
ERASURE = "019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b14"
KEY_ID = "3f9c51d20a7b64e8c1"
_RENEW = """
INSERT INTO api_key (key_id, shop, sha256, scopes, name) VALUES ($1, 1, $2, '{metrics:read}', 'reports')
ON CONFLICT (key_id) DO UPDATE SET revoked_at = NULL, expires_at = NULL
"""
_ERASED = """
INSERT INTO erasure (shop, customer, id, requested_at, reason, reference, asked)
VALUES (1, 3, $1::text::uuid, now(), 'request', '', '{gateway}') ON CONFLICT DO NOTHING
"""
_MEMBER = """
INSERT INTO member (shop, customer, joined_at, how, state) VALUES (1, $1, '2026-03-20', 2, 1) ON CONFLICT DO NOTHING
"""
_CARD = """
INSERT INTO card (shop, number, customer, kind, state, issued_at, changed_at, replaced_by)
VALUES (1, '9000000000010014', $1, 1, 1, '2026-03-21', '2026-03-21', '')
ON CONFLICT (shop, number) DO UPDATE SET state = 1, replaced_by = ''
"""
_BODY = """'{"name": "Spa", "what": {"kind": "voucher", "codes": "uploaded"}, "currency": "USD", "points": 0}'"""
_CALLED = "lpad(n::text, 32, '0')"
# A voucher; redemptions to be captured, released, used and revoked, and corrections that wait, by the ids of examples.
_REWARDS = (
    f"""INSERT INTO reward_version (shop, reward, version, body, author, reason, published_at)
    SELECT 1, r, 1, {_BODY}::jsonb, '', '', now() FROM unnest('{{spa,ten-off}}'::text[]) AS r
    WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
    """INSERT INTO reward (shop, reward, version, taken) SELECT 1, r, 1, 3 FROM unnest('{spa,ten-off}'::text[]) AS r
    WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
    "INSERT INTO reward_use (shop, customer, reward, period, used) VALUES (1, $1, 'spa', '', 3) ON CONFLICT DO NOTHING",
    f"""INSERT INTO redemption (shop, id, customer, reward, version, state, points, worth, currency, period, asked_at,
                            until, noticed, actor)
    SELECT 1, {_CALLED}, $1, 'spa', 1, CASE WHEN n > 2 THEN 2 ELSE 1 END, 0, 0, 'USD', '', now(),
           now() + interval '1 day', 32767, ''
    FROM generate_series(1, 4) AS n ON CONFLICT DO NOTHING""",
    """INSERT INTO entitlement_delivery (shop, redemption, number, what, customer, made_at, due_at, state, body)
    VALUES (1, lpad('4', 32, '0'), 1, 'granted', $1, now(), now(), 3, '{}') ON CONFLICT DO NOTHING""",
    """INSERT INTO entitlement_endpoint (shop, url, secret, set_at)
    SELECT 1, 'https://game.example/hooks', '', now() WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
    f"""INSERT INTO reward_code (shop, reward, code, redemption)
    SELECT 1, 'spa', code, CASE n WHEN 1 THEN {_CALLED.replace("n::text", "'3'")} END
    FROM unnest('{{7Q2XKM9RTWB4HN6P,SPA-0001}}'::text[]) WITH ORDINALITY AS c (code, n)
    WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
    f"""INSERT INTO correction (shop, id, customer, points, takes_two, state, reason, asked_at, asked_by, decided_by)
    SELECT 1, {_CALLED}, $1, 5, true, 1, 'goodwill', now(), 'staff:u-17', ''
    FROM generate_series(1, 2) AS n ON CONFLICT DO NOTHING""",
)
# A template, a segment and a message, by the ids of examples.
_CAMPAIGNS = (
    """INSERT INTO template_version (shop, template, version, published_at, author, body)
    SELECT 1, 'thank-you', 1, now(), '', '{"texts": {"en": {"subject": "Hi", "mjml": "<mjml></mjml>", "text": "Hi"}}}'
    WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
    """INSERT INTO segment (shop, id, title, draft, changed_at)
    SELECT 1, 'regulars-at-risk', 'Regulars', '{"kind": "number", "field": "orders", "least": 1}', now()
    WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
    """INSERT INTO message (shop, id, customer, planned_at, due, expires_at, state, channel, purpose, campaign, step,
                         occasion, template, fields)
    VALUES (1, '00000000-0000-8c52-9c5e-2f6d1f0a7b17', $1, now(), now(), now(), 2, 'email', 'news', 'by-hand', 'send',
            'spring-2026', 'thank-you', '{}') ON CONFLICT DO NOTHING""",
)
_CAMPAIGNS += (
    "UPDATE profile SET email = coalesce(email, 'sara@example.com') WHERE shop = 1 AND customer = $1",
    """INSERT INTO task (shop, id, customer, due, opened_at, changed_at, state, campaign, step, occasion, locale, via,
                      owner, title, note)
    SELECT 1, '00000000-0000-8c52-9c5e-2f6d1f0a7b1' || n, $1, now(), now(), now(), 0, 'onboarding', 'call',
           'order-1042', 'en', 'phone', '', 'Call Sara', '' FROM unnest('{8,c}'::text[]) AS n
    ON CONFLICT (shop, id) DO UPDATE SET state = 0, owner = '', outcome = '', free_text = ''""",
    """INSERT INTO webhook_endpoint (shop, url, secret, set_at)
    SELECT 1, 'https://crm.example/hooks', '', now() WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
)
# A survey that was asked and answered, by the ids of examples.
_FEEDBACK = (
    "INSERT INTO respondent (shop, customer, stage) VALUES (1, $1, 'active') ON CONFLICT DO NOTHING",
    """INSERT INTO survey_version (shop, survey, version, published_at, author, body)
    SELECT 1, 'nps-after-delivery', 1, now(), '', convert_from($2::bytea, 'UTF8')::jsonb WHERE $1::bigint > 0
    ON CONFLICT DO NOTHING""",
    """INSERT INTO care_case (shop, id, customer, opened_at, due_at, state, cause)
    VALUES (1, '00000000-0000-8c52-9c5e-2f6d1f0a7b20', $1, now(), now(), 1, 'complaint')
    ON CONFLICT (shop, id) DO UPDATE SET state = 1""",
    """INSERT INTO invitation (shop, id, customer, survey, occasion, due, until, state, place, version)
    VALUES (1, '00000000-0000-8c52-9c5e-2f6d1f0a7b18', $1, 'nps-after-delivery', 'order:A-1001', now(), now(), 3, 0, 1)
    ON CONFLICT DO NOTHING""",
)
_JOURNEY = """'{"name": "Welcome", "trigger": {"kind": "hand"}, "steps": [{"kind": "end", "id": "end"}]}'"""
# A journey that goes on, with a version, by the ids of examples.
_JOURNEYS = (
    f"""INSERT INTO journey (shop, id, state, version, edition, changed_at, author, draft)
    SELECT 1, j, 1, 1, 1, now(), '', {_JOURNEY}::jsonb
    FROM unnest('{{welcome,summer-sale,winter-sale}}'::text[]) AS j WHERE $1::bigint > 0
    ON CONFLICT (shop, id) DO UPDATE SET state = 1""",
    f"""INSERT INTO journey_version (shop, journey, version, published_at, author, body)
    SELECT 1, j, 1, now(), '', {_JOURNEY}::jsonb
    FROM unnest('{{welcome,summer-sale,winter-sale}}'::text[]) AS j WHERE $1::bigint > 0 ON CONFLICT DO NOTHING""",
)
_KEPT = (topics.SHOPS, topics.KEYS, topics.CUSTOMERS, topics.ORDERS, topics.INTERACTIONS)
"""What the others read of what gateway tells."""


def _ids() -> Iterator[CustomerId]:
    yield from (parse_customer_id(text) for text in SAMPLES)
    yield from (CustomerId(number) for number in range(1_000, 2_000))


@dataclass
class Platform:
    """See the module. `settle` takes what was collected all the way to the figures."""

    gateway: AsyncGateway
    campaigns: AsyncCampaigns
    feedback: AsyncFeedback
    loyalty: AsyncLoyalty
    metrics: AsyncMetrics
    http: dict[str, httpx.AsyncClient]
    key: str
    raw: Topics
    workers: dict[str, Harness]
    taken: dict[str, int] = field(default_factory=dict)

    async def renew(self) -> None:
        """The key of the examples is in force again, whatever became of it; they joined; their erasure is asked for."""
        await self.workers["gateway"].pool.execute(_RENEW, KEY_ID, "0" * 64)
        await self.workers["gateway"].pool.execute(_ERASED, ERASURE)
        await self.workers["loyalty"].pool.execute(_MEMBER, parse_customer_id(SAMPLES[0]))
        await self.workers["loyalty"].pool.execute(_CARD, parse_customer_id(SAMPLES[0]))
        for statement in (*_CAMPAIGNS, *_JOURNEYS):
            await self.workers["campaigns"].pool.execute(statement, parse_customer_id(SAMPLES[0]))
        for statement in _FEEDBACK:
            given = [msgspec.json.encode(READY["nps-after-delivery"])] if "$2" in statement else []
            await self.workers["feedback"].pool.execute(statement, parse_customer_id(SAMPLES[0]), *given)
        for statement in _REWARDS:
            await self.workers["loyalty"].pool.execute(statement, parse_customer_id(SAMPLES[0]))

    async def settle(self) -> None:
        """Raw topics to gateway's worker, and what that tells to the workers of the others."""
        messages = (await self.raw.messages())[self.taken.get("raw", 0) :]
        self.taken["raw"] = self.taken.get("raw", 0) + len(messages)
        for topic in (topics.RAW_ORDERS, topics.RAW_INTERACTIONS):
            events = [json.dumps(event).encode() for found, event in messages if found == topic]
            await self.workers["gateway"].feed(topic, events)
        told = await self.workers["gateway"].published()
        for topic in _KEPT:
            fresh = [event for event in told[self.taken.get("told", 0) :] if event.topic == topic]
            for reader in (self.workers[name] for name in ("metrics", "loyalty", "campaigns", "feedback")):
                if topic in reader.handler.decoders:
                    await reader.feed(topic, [json.dumps(event.event).encode() for event in fresh])
        self.taken["told"] = len(told)


def _settings(service: str, url: str, stack: Stack, **more: Any) -> PlatformSettings:
    return PlatformSettings.load(
        service,
        database_url=api_url(url, service),
        kafka_bootstrap_servers=stack.bootstrap_servers,
        secret_key=SECRET,
        **more,
    )


@asynccontextmanager
async def platform(databases: Databases, stack: Stack) -> AsyncIterator[Platform]:
    """On tables of its own, with one shop, its key and a connection to Shopify."""
    url = await databases.create("campaigns", "feedback", "gateway", "loyalty", "metrics")
    ids = _ids()
    services = [
        campaigns_service(),
        feedback_service(),
        gateway_service(SECRET.encode(), lambda: next(ids)),
        loyalty_service(),
        metrics_service(),
    ]
    await ensure_topics(stack.bootstrap_servers, services, partitions=12)
    clock = SystemClock()
    async with AsyncExitStack() as open_:
        pools = {
            service.name: await open_.enter_async_context(await create_pool(url, service.name, max_size=4))
            for service in services
        }
        pool = pools["gateway"]
        await add_shop(pool, clock, SHOP, currency="USD", phone_region="IR")
        _, key = await create_key(pool, clock, SHOP, scopes=["admin", "collect:write", "metrics:read"])
        await add_connection(
            pool,
            clock,
            Vault(SECRET),
            SHOP,
            "shopify",
            secret=SIGNED_WITH,
            random_bytes=lambda _count: b32decode(CONNECTION.upper()),
        )
        raw = await open_.enter_async_context(topics_from_here(stack.bootstrap_servers))
        by_staff = str(public_file(Path(open_.enter_context(TemporaryDirectory()))))
        apps = {
            "campaigns": campaigns_app(_settings("campaigns", url, stack)),
            "feedback": feedback_app(_settings("feedback", url, stack)),
            "gateway": gateway_app(settings_for(url, stack.bootstrap_servers)),
            "loyalty": loyalty_app(_settings("loyalty", url, stack, staff_jwks=by_staff, staff_issuer=ISSUER)),
            "metrics": metrics_app(_settings("metrics", url, stack)),
        }
        # Where a second person is asked for, no key will do.
        keys = {name: of_role("admin", SHOP, "u-1") if name == "loyalty" else key for name in apps}
        http = {name: await open_.enter_async_context(client(app, key=keys[name])) for name, app in apps.items()}
        made = Platform(
            AsyncGateway(http=http["gateway"], key=key),
            AsyncCampaigns(http=http["campaigns"], key=key),
            AsyncFeedback(http=http["feedback"], key=key),
            AsyncLoyalty(http=http["loyalty"], key=keys["loyalty"]),
            AsyncMetrics(http=http["metrics"], key=key),
            http,
            key,
            raw,
            {service.name: Harness(service, pools[service.name], clock, SECRET) for service in services},
        )
        await made.settle()
        yield made
