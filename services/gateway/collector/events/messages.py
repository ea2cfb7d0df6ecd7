"""Raw events as messages. What the sender said comes first, our stamps last, so that a repetition says the same.

Each is read here as gateway's worker will read it: what is acknowledged is not refused later.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from xxhash import xxh3_128_hexdigest

from services.gateway import intake, interactions
from services.gateway.collector.domain import Moment, Refused
from services.gateway.identity import Marker
from services.gateway.intake import EVENT_KINDS, Refusal, ShopRules
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.contracts.raw_interactions import RawInteraction, RawInteractionEvent
from shared.contracts.raw_orders import RawOrder, RawOrderEvent

ORDER_NAMES = frozenset(EVENT_KINDS)
_PLACE = re.compile(r" - at `\$?(.*)`$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(\w+)`")
_STEP = re.compile(r"\.?(\w+)|\[(\d+|\.\.\.)\]")
_UNREAD_BYTES_MAX = 400_000  # what Kafka takes even where each byte needs an escape
_QUOTED_VALUE = re.compile(r" (value )?['\"].*['\"]", re.DOTALL)
_encode = msgspec.json.Encoder().encode


class Desk(NamedTuple):
    """What does not change while the events of one request are read."""

    rules: ShopRules
    marker: Marker
    received: datetime
    stamp: bytes
    """`received`, as the raw event carries it."""

    @classmethod
    def open(cls, rules: ShopRules, marker: Marker, received: datetime) -> Desk:
        """For a request that came just now."""
        return cls(rules, marker, received, b',"receivedat":"' + received.isoformat().encode() + b'"')


class Message(NamedTuple):
    """One event on its way to a raw topic."""

    topic: str
    key: bytes
    value: bytes
    id: str


class Said(NamedTuple):
    """The attributes of an event, whatever form it came in. An empty id: the sender gave none."""

    id: str
    type: str
    source: str
    moment: Moment
    sent: datetime | None = None


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    source: str
    shop: str
    subject: str
    specversion: str = "1.0"
    time: datetime | UnsetType = UNSET
    data: RawOrder | RawInteraction | Any


def order_message(desk: Desk, said: Said, data: RawOrder) -> Message:
    """An event of an order. Raises Refusal."""
    slug = desk.rules.shop.slug
    moment = said.moment.time
    event = RawOrderEvent(id=said.id or "-", type=said.type, time=moment, data=data, source=said.source, shop=slug)
    draft = intake.read(event, desk.received, desk.rules, desk.marker)
    order_id = draft.facts.order_id
    key = _first(data.customer_id) or f"order/{order_id}"
    return _message(desk, said, topics.RAW_ORDERS, data, key=key, subject=order_id)


def kept_order_message(desk: Desk, said: Said, data: RawOrder) -> Message:
    """The same of an event that was refused: the worker will set it aside, where it can be put right."""
    return _message(desk, said, topics.RAW_ORDERS, data, key="", subject=desk.rules.shop.slug)


def unread_message(desk: Desk, what: str, source: str, body: bytes, reason: str) -> Message:
    """A body that nobody could read, whole, for the worker to set aside. `what`: the type that stands there instead."""
    data = {"unread": reason, "body": body[:_UNREAD_BYTES_MAX].decode("utf-8", "replace").replace("\x00", "\ufffd")}
    said = Said(xxh3_128_hexdigest(body), what, source, Moment(desk.received, is_said=False))
    return _message(desk, said, topics.RAW_ORDERS, data, key="", subject=desk.rules.shop.slug)


def interaction_message(desk: Desk, said: Said, data: RawInteraction) -> Message:
    """Any other event. Raises Refusal."""
    slug = desk.rules.shop.slug
    moment = said.moment.time
    event = RawInteractionEvent(
        id=said.id or "-", type=said.type, time=moment, data=data, source=said.source, shop=slug
    )
    interactions.read(event, desk.received, desk.rules, desk.marker)
    key = _first(data.customer_id) or _first(data.visitor)
    return _message(desk, said, topics.RAW_INTERACTIONS, data, key=key, subject=slug)


def _message(
    desk: Desk, said: Said, topic: str, data: RawOrder | RawInteraction | dict[str, str], *, key: str, subject: str
) -> Message:
    slug, moment, name = desk.rules.shop.slug, said.moment, said.id
    head = _Head(
        id=name,
        type=said.type,
        source=said.source,
        shop=slug,
        subject=subject,
        time=moment.time if moment.is_said else UNSET,
        data=data,
    )
    body = _encode(head)
    if not name:
        # One and the same event of a sender that names none has one id, unless the time is ours and tells two apart.
        name = xxh3_128_hexdigest(body if moment.is_said else body + desk.stamp)
        body = _encode(msgspec.structs.replace(head, id=name))
    tail = desk.stamp
    if not moment.is_said:
        tail += b',"time":"' + moment.time.isoformat().encode() + b'"'
    if said.sent is not None:
        tail += b',"sentat":"' + said.sent.isoformat().encode() + b'"'
    return Message(topic, message_key(slug, key), body[:-1] + tail + b"}", name)


def _first(value: str | int | UnsetType | None) -> str:
    return "" if value is UNSET or value is None else str(value)


def explain(error: msgspec.ValidationError, prefix: str = "") -> Refused:
    """What the decoder found, as field and reason, without any value."""
    text = str(error)
    place = _PLACE.search(text)
    steps = [name or index for name, index in _STEP.findall(place[1])] if place else []
    reason = text[: place.start()] if place else text
    missing = _MISSING.search(reason)
    if missing:
        steps.append(missing[1])
        reason = "is required"
    else:
        reason = _QUOTED_VALUE.sub("", reason)[:200]
    return Refused(".".join(([prefix] if prefix else []) + [step for step in steps if step != "..."]) or "body", reason)


def refused(refusal: Refusal, names: dict[str, str], prefix: str) -> Refused:
    """What the worker's own reading refused, in the sender's names."""
    field, _, reason = refusal.detail.partition(": ")
    return Refused(names.get(field) or f"{prefix}.{field}", reason)
