"""Ground: a mail server of this process, a worker, a sender, and messages that services ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.campaigns.messages.jobs import Sender
from services.campaigns.settings import CampaignsSettings
from services.campaigns.templates import Template, Text, publish
from shared.contracts.campaigns import MessageRequested, Request
from shared.contracts.consents import Consent, ConsentChanged, Consents
from shared.contracts.topics import CAMPAIGNS_MESSAGES, CONSENTS, CUSTOMERS
from shared.kernel import SystemClock
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness
from tests.campaigns.ground import event, name, told, worker

NOW = SystemClock().now()
_HELD_SECONDS = 20.0
_BODY = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>{word} {{{{ customer.name|default('you') }}}}</mj-text>"
    '<mj-text><a href="{{{{ unsubscribe_url }}}}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)
TEMPLATE = Template(
    texts={
        locale: Text(
            subject=word + " {{ values.days|number }}", mjml=_BODY.format(word=word), text="{{ unsubscribe_url }}"
        )
        for locale, word in (("en", "Hello"), ("fa", "سلام"), ("ar", "مرحبا"))
    }
)


@dataclass
class Inbox:
    """What a mail server has taken, and how it answers."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    """Of the next letters; `close` ends the connection without one, `hold` gives none for long. Then all are taken."""
    letters: list[EmailMessage] = field(default_factory=list)
    tos: list[str] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """A letter lies here to which no answer was given."""

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called with each letter."""
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer == "hold":
            self.letters.append(_read(envelope))
            self.held.set()
            await asyncio.sleep(_HELD_SECONDS)
            return "451 too late"
        if answer == "close" and server.transport is not None:
            self.letters.append(_read(envelope))
            server.transport.abort()
            return "250 nobody hears this"
        if answer.startswith("250"):
            self.letters.append(_read(envelope))
            self.tos += envelope.rcpt_tos
        return answer


def _read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    made = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(made, EmailMessage)
    return made


Mailing = TypeVar("Mailing", bound=Inbox)


@asynccontextmanager
async def an_inbox() -> AsyncIterator[Inbox]:
    """A server on a loopback port."""
    async with served(Inbox()) as inbox:
        yield inbox


@asynccontextmanager
async def served(inbox: Mailing) -> AsyncIterator[Mailing]:
    """The same, of a kind of its own."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, hostname="localhost", loop=loop), "127.0.0.1", 0)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()


@dataclass
class Ground:
    """A worker with a template published, and a sender."""

    worker: Harness
    sender: Sender
    url: str

    async def meet(self, *customers: int, locale: str | None = "en", purpose: str = "news") -> None:
        """Customers whose addresses are known, and who agreed to news."""
        words = [told(one, 1, name=f"Sara {one}", email=f"c{one}@example.com", locale=locale) for one in customers]
        await self.worker.feed(CUSTOMERS, words)
        await self.worker.feed(CONSENTS, [said(one, 2, purpose) for one in customers])

    async def states(self) -> dict[str, int]:
        """How many messages are in which state, with the reason."""
        rows = await self.worker.pool.fetch("SELECT state, reason, count(*) FROM message GROUP BY 1, 2")
        names = ("planned", "claimed", "sent", "failed", "unknown", "suppressed")
        return {" ".join(filter(None, [names[state], reason])): count for state, reason, count in rows}

    async def told(self) -> list[str]:
        """What was told of messages, by type."""
        return sorted(one.event["type"] for one in await self.worker.published(CAMPAIGNS_MESSAGES))

    async def all_due(self) -> None:
        """What is tried again later is due now."""
        await self.worker.pool.execute("UPDATE message SET due = now() - interval '1 second' WHERE state = 0")

    async def send(self, rounds: int = 20) -> None:
        """Until nothing is due."""
        for _ in range(rounds):
            if not await self.sender.step():
                return
        raise AssertionError("there is no end of messages")


def settings_of(port: int, **more: Any) -> CampaignsSettings:
    """For a server on this machine."""
    usual: dict[str, Any] = {
        "database_url": "postgresql://127.0.0.1:1/none",
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "secret_key": TEST_SECRET,
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_tls": "none",
        "mail_from": "Laleh <shop@laleh.example>",
        "public_url": "https://m.laleh.example/",
    }
    return CampaignsSettings.load("campaigns", **{**usual, **more})


@asynccontextmanager
async def a_ground(databases: Databases, port: int) -> AsyncIterator[Ground]:
    """On an empty database."""
    url = await databases.create("campaigns")
    async with worker(databases, url, now=NOW) as harness:
        async with harness.pool.acquire() as conn:
            await publish(conn, 1, "hello", TEMPLATE, author="test", now=NOW)
        yield Ground(harness, Sender(harness.pool, settings_of(port)), url)


def said(customer: int, sequence: int, purpose: str = "news", state: Any = "given") -> Any:
    """What gateway tells of a customer's consent to e-mail."""
    one = Consent(
        channel="email",
        purpose=purpose,
        state=state,
        occurred_at=NOW - timedelta(days=9) + timedelta(minutes=sequence),
        source="checkout",
        record=f"r{sequence}",
    )
    return event(ConsentChanged, customer, Consents(customer=name(customer), consents=[one]), sequence)


def asked(customer: int, occasion: str = "o-1", number: int = 0, *, at: datetime = NOW, **more: Any) -> Any:
    """A message that a service asks for."""
    about: dict[str, Any] = {"template": "hello", "purpose": "news", "channel": "email", "campaign": "greeting"}
    origin = more.pop("origin", "live")
    data = Request(customer=name(customer), occasion=occasion, **{**about, "values": {"days": 7}, **more})
    made = event(MessageRequested, customer, data, 100 + number, origin=origin)
    return MessageRequested(
        **{key: getattr(made, key) for key in ("source", "subject", "shop", "data", "origin")},
        id=f"{occasion}-{customer}-{number}",
        time=at,
    )
