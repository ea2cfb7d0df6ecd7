"""Contract ↔ domain: raw interactions are read into drafts, drafts whose customer is known are written anew."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, cast
from zlib import crc32

from msgspec import UNSET, UnsetType

from services.gateway.identity import Claim, Mark, Marker, MarkingRules
from services.gateway.intake import (
    SOURCE,
    Refusal,
    ShopRules,
    birthday_of,
    cause_id,
    check_time,
    currency_code,
    marks_of,
    microseconds,
    minor_units,
    optional_id,
    quantity,
    required_id,
    tidy,
)
from services.gateway.interactions.domain import NOTHING, Kind, Product, channel_of, kind_of
from shared.contracts.consents import Channel
from shared.contracts.envelope import Origin
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.raw_interactions import RawInteraction, RawInteractionEvent
from shared.kernel import derive_event_id, us_of

_TYPE = "interaction.recorded"
_NAMES_NOBODY = "customer_id: names nobody; send the id that the shop knows the customer by"


class Draft(NamedTuple):
    """A raw interaction that can be used: everything that goes out, but for the customer."""

    name: str
    kind: Kind
    shop: str
    cause_id: str
    cause: str
    """Source and id of the raw event."""
    occurred: datetime
    occurred_ms: int
    received: datetime
    origin: Origin
    claim: Claim
    visitor: str | None
    product: Product
    withdraws: Channel | None = None
    """The channel of which it takes consent back."""
    evidence: str = ""
    """Which raw event said so; for the proof alone, since a shop may build its ids from anything."""


def read(raw: RawInteractionEvent, received: datetime, rules: ShopRules, marker: Marker) -> Draft:
    """A raw interaction as a draft. Raises Refusal."""
    name, kind = kind_of(raw.type)
    if raw.origin not in ("live", "backfill"):
        raise Refusal("bad_origin", "origin: must be live or backfill")
    event_id, source = required_id(raw.id, "id"), required_id(raw.source, "source")
    occurred_us = microseconds(raw.time, "time")
    check_time(occurred_us, us_of(received))
    data = raw.data
    product = _product(data, rules) if kind == "product" else NOTHING
    cause = f"{source}\x1f{event_id}"
    marks = marks_of(data, rules.marking, marker)
    withdraws = channel_of(name, _text(data.channel))
    if not marks and (kind == "alias" or withdraws is not None):
        raise Refusal("missing_id", _NAMES_NOBODY)
    visitor = _visitor(data.visitor, "visitor", rules, marker)
    previous = _previous_visitor(data, rules, marker) if kind == "alias" else None
    claim = Claim(
        rules.marking.shop,
        product.order_id or "",
        occurred_us,
        crc32(cause.encode()),
        _with_previous(marks, data, rules.marking, marker) if kind == "alias" else marks,
        _text(data.name),
        _text(data.locale),
        tuple(dict.fromkeys(mark for mark in (visitor, previous) if mark is not None)),
        birthday_of(data, occurred_us),
    )
    if not marks and kind == "profile" and visitor is None:
        raise Refusal("missing_id", _NAMES_NOBODY)
    return Draft(
        name,
        kind,
        rules.shop.slug,
        cause_id(cause),
        cause,
        raw.time,
        occurred_us // 1000,
        received,
        cast(Origin, raw.origin),
        claim,
        None if visitor is None else visitor.value,
        product,
        withdraws,
        "" if withdraws is None else f"event {name!r}, id {event_id} of {source}, received {received.isoformat()}",
    )


def write(draft: Draft, customer: str | None, sequence: int) -> InteractionRecorded:
    """The event for `interactions.v1`, its id derived from the raw event's."""
    product = draft.product
    return InteractionRecorded(
        id=derive_event_id(draft.occurred_ms, draft.shop, draft.cause, _TYPE),
        source=SOURCE,
        subject=customer or draft.visitor or draft.shop,
        time=draft.occurred,
        shop=draft.shop,
        origin=draft.origin,
        sequence=sequence,
        causationid=draft.cause_id,
        correlationid=draft.cause_id,
        receivedat=draft.received,
        data=Interaction(name=draft.name, customer=customer, visitor=draft.visitor, **product._asdict()),
    )


def _with_previous(
    marks: tuple[Mark, ...], data: RawInteraction, rules: MarkingRules, marker: Marker
) -> tuple[Mark, ...]:
    """The marks of an alias: also all that the previous id may be."""
    previous = optional_id(data.previous_id, "previous_id")
    if previous is None:
        return marks
    found = [marker.customer_id(rules, previous), marker.phone(rules, previous), marker.email(rules, previous)]
    more = [mark for mark in found if mark is not None and mark not in marks]
    return tuple(sorted((*marks, *more), key=lambda mark: mark.kind))  # stable: of two ids the present one first


def _previous_visitor(data: RawInteraction, rules: ShopRules, marker: Marker) -> Mark | None:
    """The previous id of an alias is often a browser's; not where it is a phone or an e-mail."""
    previous = optional_id(data.previous_id, "previous_id")
    if previous is None or marker.phone(rules.marking, previous) or marker.email(rules.marking, previous):
        return None
    return marker.visitor(rules.marking, previous)


def _visitor(value: str | int | UnsetType | None, field: str, rules: ShopRules, marker: Marker) -> Mark | None:
    given = optional_id(value, field)
    return None if given is None else marker.visitor(rules.marking, given)


def _product(data: RawInteraction, rules: ShopRules) -> Product:
    given = rules.shop.currency if data.currency is UNSET or not data.currency else data.currency
    price = _minor(data.price, given)
    return Product(
        cart_id=optional_id(data.cart_id, "cart_id"),
        order_id=optional_id(data.order_id, "order_id"),
        product_id=optional_id(data.product_id, "product_id"),
        sku=_text(data.sku),
        category=_text(data.category),
        brand=_text(data.brand),
        variant=_text(data.variant),
        quantity=None if data.quantity is UNSET or data.quantity is None else quantity(data.quantity, "quantity"),
        price=price,
        currency=None if price is None else currency_code(given),
    )


def _minor(value: Decimal | UnsetType | None, currency: str) -> int | None:
    return None if value is UNSET or value is None else minor_units(value, currency, "price")


def _text(value: str | UnsetType | None) -> str | None:
    return None if value is UNSET or value is None else tidy(value)
