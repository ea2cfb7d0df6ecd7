"""Segment's calls: track, identify, page, screen, group, alias, alone or in a batch, as its libraries send them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from services.gateway.collector.domain import Refused, occurred
from services.gateway.collector.events.messages import (
    ORDER_NAMES,
    Desk,
    Message,
    Said,
    explain,
    interaction_message,
    order_message,
    refused,
)
from services.gateway.intake import Refusal
from shared.contracts.raw_interactions import RawInteraction
from shared.contracts.raw_orders import Amount, Count, Key, RawOrder, Text

CALLS = ("track", "identify", "page", "screen", "group", "alias")
SOURCE = "collector"
"""`source` of the raw events: with it, `messageId` names an event of the shop once."""
_NAMES = {
    "type": "event",
    "id": "messageId",
    "time": "timestamp",
    "customer_id": "userId",
    "visitor": "anonymousId",
    "phone": "context.traits.phone",
    "email": "context.traits.email",
}
_NOTHING = b"null"
Instant = datetime | UnsetType | None


class Batch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A request of many calls."""

    batch: list[msgspec.Raw]
    sent_at: Instant = UNSET


class Traits(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is said of a person."""

    email: Text = UNSET
    phone: Key = UNSET
    name: Text = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    locale: Text = UNSET
    birthday: Any = UNSET
    """Segment's is a date; what is no text is let go, as everything was before anybody asked for it."""


class Context(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The part of the context that is of use."""

    traits: Traits | UnsetType | None = UNSET
    locale: Text = UNSET


class Call(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One call. What is not named here is not carried on."""

    type: Text = UNSET
    event: Text = UNSET
    message_id: Text = UNSET
    user_id: Key = UNSET
    anonymous_id: Key = UNSET
    previous_id: Key = UNSET
    group_id: Key = UNSET
    timestamp: Instant = UNSET
    original_timestamp: Instant = UNSET
    sent_at: Instant = UNSET
    received_at: Instant = UNSET
    """Where another collector has passed the call on: its `timestamp` is corrected already."""
    context: Context | UnsetType | None = UNSET
    traits: Traits | UnsetType | None = UNSET
    properties: msgspec.Raw | UnsetType = UNSET


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    """Properties of an event that is no order's."""

    email: Text = UNSET
    phone: Key = UNSET
    cart_id: Key = UNSET
    order_id: Key = UNSET
    product_id: Key = UNSET
    sku: Text = UNSET
    category: Text = UNSET
    brand: Text = UNSET
    variant: Text = UNSET
    quantity: Count = UNSET
    price: Amount = UNSET
    currency: Text = UNSET
    channel: Text = UNSET


_EMPTY = Properties()
_NO_TRAITS = Traits()
_calls = msgspec.json.Decoder(Call)
_orders = msgspec.json.Decoder(RawOrder)
_properties = msgspec.json.Decoder(Properties)


def read_call(desk: Desk, body: bytes | msgspec.Raw, kind: str | None, sent: Instant = UNSET) -> Message:
    """One call as a message. `kind`: which call it must be; `sent`: of the batch around it. Raises Refused."""
    try:
        call = _calls.decode(body)
    except msgspec.ValidationError as error:
        raise explain(error) from None
    kind = _kind(call, kind)
    _check_who(call, kind)
    said = _said(desk, call, kind, sent)
    try:
        if kind == "track":
            name = " ".join(said.type.casefold().split())
            if name in ORDER_NAMES:
                return order_message(desk, said, _order(call))
            if name in CALLS:
                raise Refused("event", "is the name of a call; send it as that call")
        return interaction_message(desk, said, _interaction(call, kind))
    except Refusal as refusal:
        raise refused(refusal, _NAMES, "properties") from None


def _kind(call: Call, wanted: str | None) -> str:
    given = call.type.strip().casefold() if isinstance(call.type, str) else None
    if wanted is None and given is None:
        raise Refused("type", "is required: one of " + ", ".join(CALLS))
    kind = given or wanted or ""
    if kind not in CALLS or (wanted is not None and kind != wanted):
        raise Refused("type", "must be " + (wanted or "one of " + ", ".join(CALLS)))
    return kind


def _check_who(call: Call, kind: str) -> None:
    if kind == "alias":
        if not _is_given(call.user_id):
            raise Refused("userId", "is required: the id that the customer is known by from now on")
        if not _is_given(call.previous_id):
            raise Refused("previousId", "is required: the id that the customer was known by before")
    elif not _is_given(call.user_id) and not _is_given(call.anonymous_id):
        raise Refused("userId", "send userId or anonymousId")
    if kind == "group" and not _is_given(call.group_id):
        raise Refused("groupId", "is required")


def _is_given(value: Key) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and bool(value.strip()))


def _said(desk: Desk, call: Call, kind: str, batch_sent: Instant) -> Said:
    name = kind
    if kind == "track":
        if not isinstance(call.event, str) or not call.event.strip():
            raise Refused("event", "is required")
        name = call.event
    own = _instant(call.timestamp, "timestamp")
    original = _instant(call.original_timestamp, "originalTimestamp")
    sent = _instant(call.sent_at, "sentAt") or _instant(batch_sent, "sentAt")
    if _instant(call.received_at, "receivedAt") is not None:
        moment = occurred(own or original, None, desk.received)
    else:
        moment = occurred(original or own, sent, desk.received)
    message_id = call.message_id.strip() if isinstance(call.message_id, str) else ""
    return Said(message_id, name, SOURCE, moment, sent)


def _instant(value: Instant, field: str) -> datetime | None:
    if value is UNSET or value is None:
        return None
    if value.tzinfo is None:
        raise Refused(field, "must carry an offset, such as Z or +03:30")
    return value


def _order(call: Call) -> RawOrder:
    try:
        order = _orders.decode(_given(call.properties) or b"{}")
    except msgspec.ValidationError as error:
        raise explain(error, "properties") from None
    return msgspec.structs.replace(
        order,
        customer_id=call.user_id if _is_given(call.user_id) else order.customer_id,
        **_person(call, order.email, order.phone, order.name),
    )


def _interaction(call: Call, kind: str) -> RawInteraction:
    properties = _EMPTY
    if kind == "track" and (given := _given(call.properties)) is not None:
        try:
            properties = _properties.decode(given)
        except msgspec.ValidationError as error:
            raise explain(error, "properties") from None
    return RawInteraction(
        customer_id=call.user_id,
        visitor=call.anonymous_id,
        previous_id=call.previous_id,
        group_id=call.group_id,
        cart_id=properties.cart_id,
        order_id=properties.order_id,
        product_id=properties.product_id,
        sku=properties.sku,
        category=properties.category,
        brand=properties.brand,
        variant=properties.variant,
        quantity=properties.quantity,
        price=properties.price,
        currency=properties.currency,
        channel=properties.channel,
        **_person(call, properties.email, properties.phone, UNSET, of_group=kind == "group"),
    )


def _given(properties: msgspec.Raw | UnsetType) -> msgspec.Raw | None:
    return None if properties is UNSET or bytes(properties) == _NOTHING else properties


def _person(call: Call, email: Text, phone: Key, name: Text, *, of_group: bool = False) -> dict[str, Any]:
    """Contacts by the traits, else by the properties. The traits of a `group` are the group's, and nobody's."""
    context = call.context or Context()
    told = [traits for traits in (None if of_group else call.traits, context.traits) if traits]
    traits = told[0] if told else _NO_TRAITS
    return {
        "email": traits.email or email,
        "phone": traits.phone or phone,
        "name": _name(traits) or name,
        "locale": traits.locale or context.locale,
        "birthday": traits.birthday if isinstance(traits.birthday, str) else UNSET,
    }


def _name(traits: Traits) -> Text:
    if traits.name:
        return traits.name
    parts = [part for part in (traits.first_name, traits.last_name) if part]
    return " ".join(parts) if parts else UNSET
