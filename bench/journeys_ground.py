"""What the part `journeys` stands on: a shop, its journey and letter, and what other services tell of its customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.stream import surrogate
from services.campaigns.journeys.domain.reading import read_journey
from services.campaigns.journeys.store import definitions
from services.campaigns.journeys.store.definitions import Stand
from services.campaigns.templates import Template, Text, publish
from shared.contracts import topics
from shared.contracts.consents import Consent, ConsentChanged, Consents
from shared.contracts.customers import Customer, CustomerUpdated
from shared.contracts.envelope import ENCODER, message_key
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.shops import Shop
from shared.db.engine import server_settings
from shared.kernel import SystemClock, customer_id_text, derive_event_id

SHOP = Shop(number=1, slug="bench", name="Bench", currency="EUR", languages=("en",))
_LETTER = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Dear {{ customer.name|default('you') }},</mj-text>"
    "<mj-text>what you chose waits in your cart.</mj-text>"
    '<mj-button href="https://shop.example/cart?c={{ values.cart }}">To the cart</mj-button>'
    '<mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>'
)
_TEXT = "Dear {{ customer.name|default('you') }}, what you chose waits in your cart.\n\n{{ unsubscribe_url }}"
TEMPLATE = Template(texts={"en": Text(subject="Your cart, {{ customer.name }}", mjml=_LETTER, text=_TEXT)})
JOURNEY: dict[str, Any] = {
    "name": "Abandoned cart",
    "trigger": {"kind": "event", "event": "product added"},
    "key": "cart",
    "reentry": {"kind": "per_key"},
    "goal": [{"event": "order.completed", "same": "checkout"}],
    "steps": [
        {"kind": "wait", "id": "hour", "minutes": 60},
        {"kind": "send", "id": "letter", "channel": "email", "template": "cart", "purpose": "carts"},
    ],
}


async def prepared(url: str) -> None:
    """The template and the journey, in force."""
    now = SystemClock().now()
    conn = await asyncpg.connect(url, server_settings=server_settings("campaigns", "bench"))
    try:
        await publish(conn, SHOP.number, "cart", TEMPLATE, author="bench", now=now)
        await definitions.save_draft(conn, SHOP.number, "cart", read_journey(JOURNEY), author="bench", now=now)
        kept = await definitions.find(conn, SHOP.number, "cart", lock=True)
        assert kept is not None
        kept = kept._replace(version=1, state=Stand.ACTIVE)
        await definitions.add_version(conn, SHOP.number, kept, author="bench", now=now)
        await definitions.stand(conn, SHOP.number, kept, now)
    finally:
        await conn.close()


async def produce(bootstrap: str, runs: int) -> None:
    """What the other services would have told of them."""
    now = SystemClock().now()
    names = [customer_id_text(surrogate(number)) for number in range(runs)]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20, max_batch_size=400_000)
    await producer.start()
    try:
        for topic, events in (
            (topics.CUSTOMERS, (_known(number, name, now) for number, name in enumerate(names))),
            (topics.CONSENTS, (_agreed(name, now) for name in names)),
            (topics.INTERACTIONS, (_added(number, name, now) for number, name in enumerate(names))),
        ):
            await _put(producer, topic, names, events)
    finally:
        await producer.stop()


async def _put(producer: AIOKafkaProducer, topic: str, names: Iterable[str], events: Iterable[Any]) -> None:
    for name, event in zip(names, events, strict=True):
        key = message_key(SHOP.slug, name)
        await producer.send(topic, ENCODER.encode(event), key=key)
    await producer.flush()


def _envelope(form: Any, name: str, data: Any, at: datetime) -> Any:
    ident = derive_event_id(int(at.timestamp() * 1000), SHOP.slug, name, form.__name__)
    source = "mandegar/gateway"
    return form(id=ident, source=source, subject=name, time=at, shop=SHOP.slug, sequence=1, receivedat=at, data=data)


def _known(number: int, name: str, now: datetime) -> Any:
    email = f"customer-{number}@shop.example"
    data = Customer(customer=name, canonical=name, name=f"Sara {number}", email=email, locale="en")
    return _envelope(CustomerUpdated, name, data, now - timedelta(hours=2))


def _agreed(name: str, now: datetime) -> Any:
    at = now - timedelta(hours=1)
    one = Consent(channel="email", purpose="carts", state="given", occurred_at=at, source="checkout", record="r")
    return _envelope(ConsentChanged, name, Consents(customer=name, consents=[one]), at)


def _added(number: int, name: str, now: datetime) -> Any:
    data = Interaction(name="product added", customer=name, cart_id=f"c-{number}")
    return _envelope(InteractionRecorded, name, data, now)
