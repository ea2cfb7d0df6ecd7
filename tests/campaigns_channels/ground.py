"""Ground: every channel as a case, with a provider, a customer who can be reached by all, and a template for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from services.campaigns.hooks import Vault
from services.campaigns.messages import jobs
from services.campaigns.messages.jobs import Sender
from services.campaigns.messages.outside.encryption import padless, point
from services.campaigns.templates import (
    PushText,
    SmsText,
    TaskText,
    Template,
    Text,
    WebhookText,
    Work,
    publish,
)
from shared.contracts.consents import Consent, ConsentChanged, Consents
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CAMPAIGNS_REQUESTS, CONSENTS, CUSTOMERS
from shared.kernel import SystemClock
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.campaigns.ground import event, name, told, worker
from tests.campaigns_channels.providers import (
    KavenegarLike,
    Provider,
    PushLike,
    ReceiverLike,
    TwilioLike,
    Vendor,
    a_provider,
)
from tests.campaigns_messages.ground import TEMPLATE as MAIL
from tests.campaigns_messages.ground import Ground as MailGround
from tests.campaigns_messages.ground import Inbox, an_inbox, settings_of

NOW = SystemClock().now()
BROWSER = generate_private_key(SECP256R1())
VAPID = generate_private_key(SECP256R1())
AUTH = b"0123456789abcdef"
_WORDS = {"en": "Hello", "fa": "سلام", "ar": "مرحبا"}
TEMPLATE = Template(
    texts={
        locale: Text(
            subject=MAIL.texts[locale].subject,
            mjml=MAIL.texts[locale].mjml,
            text=MAIL.texts[locale].text,
            sms=SmsText(text=word + " {{ customer.name }}, {{ values.days|number }}"),
            push=PushText(title=word, body="{{ customer.name }}", url="https://laleh.example/{{ values.days }}"),
            task=TaskText(title=word + " {{ customer.name }}", note="{{ values.days|number }}"),
            webhook=WebhookText(text=word + " {{ values.days|number }}"),
        )
        for locale, word in _WORDS.items()
    },
    work=Work(via="phone", owner="staff:u-1", due_hours=48),
)
CONSENTED = {"email": "email", "sms": "sms", "push": "push", "task": "phone"}
"""By channel, the one whose consent it takes; a webhook takes none."""


class Case(NamedTuple):
    """A channel with one of its providers."""

    name: str
    channel: str
    vendor: Callable[[], Vendor] | None
    """None: it is not asked over HTTP."""
    settings: Callable[[str], dict[str, Any]] = lambda _: {}


def _kavenegar(base: str) -> dict[str, Any]:
    return {"sms_provider": "kavenegar", "sms_key": "key-of-the-account", "sms_sender": "1000", "sms_url": base}


def _twilio(base: str) -> dict[str, Any]:
    account = {"sms_account": "AC01", "sms_key": "token-of-the-account", "sms_sender": "+15550100"}
    return {"sms_provider": "twilio", "sms_url": base, **account}


def _push(_base: str) -> dict[str, Any]:
    raw = VAPID.private_numbers().private_value.to_bytes(32, "big")
    return {"vapid_key": padless(raw), "vapid_contact": "mailto:ops@laleh.example"}


CASES = {
    case.name: case
    for case in (
        Case("smtp", "email", None),
        Case("kavenegar", "sms", KavenegarLike, _kavenegar),
        Case("twilio", "sms", TwilioLike, _twilio),
        Case("webhook", "webhook", ReceiverLike),
        Case("push", "push", PushLike, _push),
        Case("desk", "task", None),
    )
}


@dataclass
class Ground(MailGround):
    """A worker, a sender that is set up for the case, and its provider."""

    case: Case = CASES["smtp"]
    provider: Provider = field(default_factory=lambda: Provider(ReceiverLike()))
    inbox: Inbox = field(default_factory=Inbox)
    secret: str = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3A="

    async def meet(self, *customers: int, locale: str | None = "en", purpose: str = "news") -> None:
        """Customers who can be reached by every channel, and agreed to news by each."""
        words = [
            told(
                *(one, 1),
                name=f"Sara {one}",
                email=f"c{one}@example.com",
                phone=f"+98912000{one:04d}",
                locale=locale,
            )
            for one in customers
        ]
        await self.worker.feed(CUSTOMERS, words)
        consents = [said(one, 2, purpose, channels=tuple(CONSENTED.values())) for one in customers]
        await self.worker.feed(CONSENTS, consents)
        for one in customers:
            await self.register(one)

    async def register(self, customer: int, path: str = "") -> bytes:
        """A browser of the customer's."""
        endpoint = f"{self.provider.base}/push/{path or customer}"
        row = (sha256(endpoint.encode()).digest(), customer, endpoint, point(BROWSER.public_key()), AUTH)
        await self.worker.pool.execute(
            "INSERT INTO browser (shop, id, customer, added_at, endpoint, key, auth)"
            " VALUES (1, $1, $2, now(), $3, $4, $5)",
            *row,
        )
        return row[0]

    async def ask(self, *requests: Any) -> None:
        """Services ask for messages."""
        await self.worker.feed(CAMPAIGNS_REQUESTS, requests, doubled=1.0)

    async def ids(self) -> list[str]:
        """Of all messages."""
        rows = await self.worker.pool.fetch("SELECT id FROM message ORDER BY occasion, customer")
        return [row[0] for row in rows]

    async def data(self) -> list[dict[str, Any]]:
        """What was told of messages."""
        return [one.event["data"] for one in await self.worker.published(CAMPAIGNS_MESSAGES)]

    async def reached(self) -> int:
        """How often the other side has a message."""
        if self.case.channel == "email":
            return len(self.inbox.letters)
        if self.case.channel == "task":
            count: int = await self.worker.pool.fetchval("SELECT count(*) FROM task")
            return count
        return len(self.provider.taken)


@asynccontextmanager
async def a_ground(databases: Databases, case: Case, **more: Any) -> AsyncIterator[Ground]:
    """On an empty database. `more`: settings."""
    async with AsyncExitStack() as stack:
        url = await databases.create("campaigns")
        harness = await stack.enter_async_context(worker(databases, url, now=NOW))
        inbox = await stack.enter_async_context(an_inbox())
        provider = await stack.enter_async_context(a_provider((case.vendor or ReceiverLike)()))
        settings = settings_of(inbox.port, **{"send_loopback": True, **case.settings(provider.base), **more})
        async with harness.pool.acquire() as conn:
            await publish(conn, 1, "hello", TEMPLATE, author="test", now=NOW)
        sender = await stack.enter_async_context(Sender(harness.pool, settings))
        made = Ground(harness, sender, url, case, provider, inbox)
        sealed = Vault(TEST_SECRET).seal(made.secret, 1)
        await harness.pool.execute(
            "INSERT INTO webhook_endpoint (shop, url, secret, set_at) VALUES (1, $1, $2, now())",
            *(f"{provider.base}/hook", sealed),
        )
        yield made


def in_haste(monkeypatch: Any) -> None:
    """Providers that dawdle are not waited for."""
    monkeypatch.setattr(jobs, "SECONDS_MAX", 0.5)


def said(
    customer: int, sequence: int, purpose: str = "news", state: Any = "given", channels: tuple[str, ...] = ("email",)
) -> Any:
    """What gateway tells of a customer's consents."""
    at = NOW - timedelta(days=9) + timedelta(minutes=sequence)
    record = f"r{sequence}"
    consents = [
        Consent(channel=one, purpose=purpose, state=state, occurred_at=at, source="checkout", record=record)  # type: ignore[arg-type]  # as tests name them
        for one in channels
    ]
    return event(ConsentChanged, customer, Consents(customer=name(customer), consents=consents), sequence)
