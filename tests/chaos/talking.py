"""A world of campaigns and feedback: customers who want letters, and a mail server with moods that counts them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiosmtpd.smtp import SMTP, Envelope, Session

from mandegar.generating import Stream
from services.campaigns.messages import State
from services.campaigns.templates import Template, publish
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.db import acquire
from shared.db.engine import plain_url
from shared.kernel import SystemClock
from shared.messaging.reference import write_shops
from tests.campaigns.ground import SHOP, told
from tests.campaigns_messages.ground import TEMPLATE, Inbox, said, served
from tests.chaos.topic import messages_of
from tests.chaos.world import AWAY, Servers, World, empty_world

BASE = "https://feedback.laleh.example"
_ENDS = {
    "message.sent": State.SENT,
    "message.failed": State.FAILED,
    "message.unknown": State.UNKNOWN,
    "message.suppressed": State.SUPPRESSED,
}
# Whoever claimed these is dead for longer than any claim takes; what was refused for now has waited long enough.
_LATER = """
UPDATE message SET claimed_at = claimed_at - interval '1 hour' WHERE state = 1;
UPDATE message SET due = least(due, now()) WHERE state = 0;
"""


@dataclass
class Moody(Inbox):
    """A mail server that now and then refuses a letter, puts it off, or vanishes with it in hand."""

    rng: Random = field(default_factory=lambda: Random(0))
    moods: Sequence[int] = (1, 0, 0, 0)
    """How often it takes a letter, puts it off, refuses it, vanishes: weights."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called with each letter."""
        if not self.answers:
            self.answers = self.rng.choices(["250 taken", "451 later", "550 nobody", "close"], self.moods)
        return await super().handle_DATA(server, session, envelope)

    def counted(self) -> Counter[str]:
        """How often each message lies here, by its id."""
        return Counter(str(letter["Message-ID"]).strip("<>").partition("@")[0] for letter in self.letters)


@dataclass
class Talk:
    """The world, and its mail server."""

    world: World
    inbox: Moody

    async def send(self, topic: str, events: Iterable[Any]) -> None:
        """Until they are acknowledged: after a failure all again."""
        lines = [(message_key(SHOP.slug, one.data.customer), msgspec.json.encode(one)) for one in events]
        async with asyncio.timeout(120):
            while True:
                producer = AIOKafkaProducer(bootstrap_servers=self.world.kafka, enable_idempotence=True)
                try:
                    await asyncio.wait_for(producer.start(), 10)
                    sends = [await producer.send(topic, value, key=key) for key, value in lines]
                    await asyncio.wait_for(asyncio.gather(*sends), 15)
                except (KafkaError, OSError, TimeoutError):
                    await asyncio.sleep(0.5)
                else:
                    return
                finally:
                    with contextlib.suppress(Exception):
                        await asyncio.wait_for(producer.stop(), 3)

    async def meet(self, customers: Iterable[int], *purposes: str) -> None:
        """Customers whose addresses are known, and who agreed to letters for these purposes."""
        known = list(customers)
        words = [told(one, 1, name=f"Sara {one}", email=f"c{one}@example.com", locale="en") for one in known]
        await self.send(topics.CUSTOMERS, words)
        agreed = [said(one, 2 + at, purpose) for one in known for at, purpose in enumerate(purposes)]
        await self.send(topics.CONSENTS, agreed)

    async def ask(self, query: str) -> Any:
        """One value from the database of campaigns; None while that is away."""
        with contextlib.suppress(*AWAY):
            conn = await asyncpg.connect(plain_url(self.world.url), server_settings={"search_path": "campaigns"})
            try:
                return await conn.fetchval(query)
            finally:
                await conn.close(timeout=5)
        return None

    async def until(self, query: str, seconds: float = 60.0) -> None:
        """Wait until the database says yes."""
        try:
            async with asyncio.timeout(seconds):
                while not await self.ask(query):  # noqa: ASYNC110 - tables tell no one
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not so within {seconds} s: {query}; {self.world.obituary()}") from None

    async def all_ended(self) -> None:
        """Time passes until no message waits, and none is claimed by the dead. Somebody must be alive to send."""
        pool = await self.world.pool("campaigns")
        try:
            async with asyncio.timeout(120):
                while await pool.fetchval("SELECT count(*) FROM message WHERE state IN (0, 1)"):
                    await pool.execute(_LATER)
                    await asyncio.sleep(1.5)
        finally:
            await pool.close()

    async def judge(self) -> dict[str, int]:
        """That no message is lost and none was sent twice; how many ended in each state."""
        pool = await self.world.pool("campaigns")
        try:
            found = {row[0]: State(row[1]) for row in await pool.fetch("SELECT id, state FROM message")}
            assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
        finally:
            await pool.close()
        letters = self.inbox.counted()
        assert set(letters) <= set(found), "nobody wrote a letter without a message"
        for message, state in found.items():
            allowed = {State.SENT: {1}, State.UNKNOWN: {0, 1}}.get(state, {0})
            assert letters[message] in allowed, f"{message} is {state.name}, and lies {letters[message]} times there"
        assert await self._ends() == found, "each end is told, once"
        return dict(Counter(state.name for state in found.values()))

    async def _ends(self) -> dict[str, State]:
        """What was told of ends, by message. What came twice is the same."""
        events: dict[str, Any] = {}
        ends: dict[str, State] = {}
        for record in await messages_of(self.world.kafka, topics.CAMPAIGNS_MESSAGES):
            event = msgspec.json.decode(record.value)
            known = events.setdefault(event["id"], event)
            assert known == event, "one id tells one thing"
            if known is event and event["type"] in _ENDS:
                message = event["data"]["message"]
                assert message not in ends, f"{message} ended twice"
                ends[message] = _ENDS[event["type"]]
        return ends


@asynccontextmanager
async def a_talk(
    servers: Servers,
    *,
    seed: int,
    services: tuple[str, ...] = ("campaigns",),
    through_proxy: bool = False,
    moods: Sequence[int] = (1, 0, 0, 0),
    templates: Mapping[str, Template] = MappingProxyType({"hello": TEMPLATE}),
) -> AsyncIterator[Talk]:
    """An empty platform with one shop, whose customers are not known yet; its workers are gone when the block ends."""
    print(f"chaos: seed {seed}")
    async with served(Moody(rng=Random(seed), moods=moods)) as inbox:
        mail = {
            "MANDEGAR_SMTP_HOST": "127.0.0.1",
            "MANDEGAR_SMTP_PORT": str(inbox.port),
            "MANDEGAR_SMTP_TLS": "none",
            "MANDEGAR_MAIL_FROM": "Laleh <shop@laleh.example>",
            "MANDEGAR_PUBLIC_URL": "https://m.laleh.example",
            "MANDEGAR_SURVEY_URL": BASE,
        }
        about: Any = {"seed": seed, "through_proxy": through_proxy, "services": services, **mail}
        async with empty_world(servers, Stream([], [], ()), **about) as world:
            for service in services:
                pool = await world.pool(service)
                async with pool, acquire(pool) as conn:
                    await write_shops(conn, [SHOP], [0])
                    for name, template in templates.items() if service == "campaigns" else ():
                        await publish(conn, 1, name, template, author="test", now=SystemClock().now())
            yield Talk(world, inbox)
