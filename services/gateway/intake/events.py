"""Contract ↔ domain: raw events are read into drafts, drafts whose customer is known are written as `orders.v1`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple, cast
from zlib import crc32

from msgspec import UNSET, UnsetType

from services.gateway.identity import Claim, Mark, Marker, MarkingRules, understood
from services.gateway.intake import domain
from services.gateway.intake.domain import Amounts, EventKind, Facts, Line, OrderFacts, RefundFacts, Refusal, Returned
from shared.contracts import topics
from shared.contracts.envelope import Origin
from shared.contracts.orders import (
    Order,
    OrderCancelled,
    OrderCompleted,
    OrderEvent,
    OrderLine,
    OrderRefunded,
    OrderUpdated,
    Refund,
    RefundedItem,
)
from shared.contracts.raw_orders import RawCustomer, RawOrder, RawOrderEvent, RawProduct
from shared.contracts.shops import Shop
from shared.kernel import ShopId, derive_event_id, moment_of, us_of

SOURCE = "mandegar/gateway"
_NUMBER_MAX = 10**domain.ID_LENGTH_MAX
_KEPT = timedelta(days=7)
_CLOCKS_APART = timedelta(minutes=1)
_NAMES: dict[EventKind, str] = {
    "completed": "order.completed",
    "updated": "order.updated",
    "cancelled": "order.cancelled",
    "refunded": "order.refunded",
}
_EVENTS: dict[EventKind, Callable[..., OrderEvent]] = {
    "completed": OrderCompleted,
    "updated": OrderUpdated,
    "cancelled": OrderCancelled,
    "refunded": OrderRefunded,
}


class ShopRules(NamedTuple):
    """A shop, as this slice needs it."""

    shop: Shop
    marking: MarkingRules


class Draft(NamedTuple):
    """A raw event that can be used: everything that goes out, but for the customer."""

    kind: EventKind
    shop: str
    cause_id: str
    """Names the raw event over all sources without repeating what the shop put into its id."""
    cause: str
    """Source and id of the raw event."""
    occurred: datetime
    occurred_ms: int
    received: datetime
    origin: Origin
    claim: Claim
    facts: Facts
    topic: str
    """Where it goes out: live, or the lane of history."""


class RulesBook:
    """The rules of each shop, kept as long as its settings are the same."""

    def __init__(self) -> None:
        self._rules: dict[str, ShopRules] = {}

    def of(self, shop: Shop) -> ShopRules:
        """The rules of a shop."""
        kept = self._rules.get(shop.slug)
        if kept is None or kept.shop != shop:
            marking = MarkingRules(ShopId(shop.number), shop.phone_region, shop.blocked_identifiers)
            kept = self._rules[shop.slug] = ShopRules(shop, marking)
        return kept


def received_at(timestamp_ms: int) -> datetime:
    """The broker's append time as an instant."""
    return moment_of(timestamp_ms * 1000)


def received_by(stamp: datetime | UnsetType, appended: datetime) -> datetime:
    """When the platform received a raw event: the front door's stamp where it can be true, else the append time.

    It cannot lie behind the append, clocks of two machines apart, nor further back than a raw topic keeps anything.
    """
    if stamp is UNSET or stamp.tzinfo is None or not appended - _KEPT <= stamp <= appended + _CLOCKS_APART:
        return appended
    return stamp


def cause_id(cause: str) -> str:
    """The id under which a raw event is the cause of ours: BLAKE2b of source, unit separator and id, 16 bytes in hex.

    A shop may build its ids from a phone or a customer number, so they do not travel to internal topics.
    """
    return blake2b(cause.encode(), digest_size=16).hexdigest()


def read(raw: RawOrderEvent, received: datetime, rules: ShopRules, marker: Marker, topic: str = topics.ORDERS) -> Draft:
    """A raw event as a draft. `received`: the broker's append time; `topic`: where it goes out. Raises Refusal."""
    kind = domain.kind_of(raw.type)
    if raw.origin not in ("live", "backfill"):
        raise Refusal("bad_origin", "origin: must be live or backfill")
    event_id, source = domain.required_id(raw.id, "id"), domain.required_id(raw.source, "source")
    occurred_us = microseconds(raw.time, "time")
    domain.check_time(occurred_us, us_of(received))
    data = raw.data
    order_id = domain.required_id(data.order_id, "order_id")
    facts: Facts
    if kind == "refunded":
        facts = _refund(data, order_id, rules.shop.currency)
    else:
        facts = _order(data, order_id, rules.shop.currency, kind)
    cause = f"{source}\x1f{event_id}"
    claim = _claim(data, rules.marking, marker, order_id=order_id, at_us=occurred_us, tie=crc32(cause.encode()))
    return Draft(
        kind,
        rules.shop.slug,
        cause_id(cause),
        cause,
        raw.time,
        occurred_us // 1000,
        received,
        cast(Origin, raw.origin),
        claim,
        facts,
        topic,
    )


def write(draft: Draft, customer: str | None, sequence: int) -> OrderEvent:
    """The event for `orders.v1`, its id derived from the raw event's, so that doing it again gives the same."""
    facts = draft.facts
    return _EVENTS[draft.kind](
        id=derive_event_id(draft.occurred_ms, draft.shop, draft.cause, _NAMES[draft.kind]),
        source=SOURCE,
        subject=facts.order_id,
        time=draft.occurred,
        shop=draft.shop,
        origin=draft.origin,
        sequence=sequence,
        causationid=draft.cause_id,
        correlationid=draft.cause_id,
        receivedat=draft.received,
        data=_refund_contract(facts, customer) if isinstance(facts, RefundFacts) else _order_contract(facts, customer),
    )


def microseconds(instant: datetime, field: str) -> int:
    """Microseconds since 1970, UTC. Raises Refusal for an instant without offset."""
    if instant.tzinfo is None:
        raise Refusal("bad_time", f"{field}: must carry an offset, such as Z or +03:30")
    return us_of(instant)


def _claim(data: RawCustomer, rules: MarkingRules, marker: Marker, *, order_id: str, at_us: int, tie: int) -> Claim:
    marks = marks_of(data, rules, marker)
    return Claim(
        rules.shop, order_id, at_us, tie, marks, _text(data.name), _text(data.locale), birthday=birthday_of(data, at_us)
    )


def birthday_of(data: RawCustomer, at_us: int) -> str | None:
    """The birthday that was told; None of what is not understood. `at_us`: when it was told."""
    if not isinstance(data.birthday, str):
        return None
    tomorrow = moment_of(at_us).date() + timedelta(days=1)  # where it was said it may be another day
    return understood(data.birthday, tomorrow)


def marks_of(data: RawCustomer, rules: MarkingRules, marker: Marker) -> tuple[Mark, ...]:
    """What identifies the person, the strongest first. Raises Refusal for a customer id that cannot be used."""
    marks: list[Mark] = []
    customer_id = optional_id(data.customer_id, "customer_id")
    if customer_id is not None and (mark := marker.customer_id(rules, customer_id)) is not None:
        marks.append(mark)
    phone = _contact(data.phone)
    if phone is not None and (mark := marker.phone(rules, phone)) is not None:
        marks.append(mark)
    email = _contact(data.email)
    if email is not None and (mark := marker.email(rules, str(email))) is not None:
        marks.append(mark)
    return tuple(marks)


def _contact(value: str | int | UnsetType | None) -> str | int | None:
    # What is too long to be a phone or an e-mail is dirt that a form let through: it names nobody and refuses nothing.
    if value is UNSET or value is None:
        return None
    is_short = len(value) <= domain.TEXT_LENGTH_MAX if isinstance(value, str) else abs(value) < _NUMBER_MAX
    return value if is_short else None


def _order(data: RawOrder, order_id: str, default_currency: str, kind: EventKind) -> OrderFacts:
    given = default_currency if data.currency is UNSET or not data.currency else data.currency
    code = domain.currency_code(given)
    subtotal, total = _minor(data.subtotal, given, "subtotal"), _minor(data.total, given, "total")
    amounts = Amounts(
        currency=code,
        revenue=domain.revenue(_minor(data.revenue, given, "revenue"), subtotal, total, kind),
        subtotal=subtotal,
        total=total,
        shipping=_minor(data.shipping, given, "shipping"),
        tax=_minor(data.tax, given, "tax"),
        discount=_minor(data.discount, given, "discount"),
    )
    return OrderFacts(
        order_id,
        amounts,
        _text(data.coupon),
        _text(data.affiliation),
        optional_id(data.checkout_id, "checkout_id"),
        _lines(data.products, given) if data.products else [],
    )


def _lines(products: list[RawProduct], currency: str) -> list[Line]:
    if len(products) > domain.LINES_MAX:
        raise Refusal("too_many_lines", f"products: has more than {domain.LINES_MAX} lines")
    product_ids = [optional_id(product.product_id, "products.product_id") for product in products]
    line_ids = domain.line_ids(
        [
            optional_id(product.line_id, "products.line_id") or product_id or _text(product.sku)
            for product, product_id in zip(products, product_ids, strict=True)
        ]
    )
    return [
        Line(
            line_id=line_id,
            quantity=_quantity(product.quantity, "products.quantity"),
            price=_minor(product.price, currency, "products.price") or 0,
            product_id=product_id or "",
            sku=_text(product.sku) or "",
            category=_text(product.category) or "",
            name=_text(product.name) or "",
            brand=_text(product.brand) or "",
            variant=_text(product.variant) or "",
            coupon=_text(product.coupon) or "",
        )
        for product, product_id, line_id in zip(products, product_ids, line_ids, strict=True)
    ]


def _refund(data: RawOrder, order_id: str, default_currency: str) -> RefundFacts:
    given = default_currency if data.currency is UNSET or not data.currency else data.currency
    code = domain.currency_code(given)
    if len(data.refunded_items) > domain.LINES_MAX:
        raise Refusal("too_many_lines", f"refunded_items: has more than {domain.LINES_MAX} lines")
    items = [
        Returned(
            line_id=_returned_line(item),
            quantity=_quantity(item.quantity, "refunded_items.quantity"),
            amount=_minor(item.amount, given, "refunded_items.amount") or 0,
        )
        for item in data.refunded_items
    ]
    priced = [item.amount is not UNSET and item.amount is not None for item in data.refunded_items]
    amount, full = domain.refund_totals(_minor(data.refund_amount, given, "refund_amount"), items, all(priced))
    if data.refunded_at is not UNSET:
        microseconds(data.refunded_at, "refunded_at")
    return RefundFacts(
        order_id=order_id,
        refund_id=optional_id(data.refund_id, "refund_id") or domain.FULL_REFUND,
        currency=code if amount is not None or any(priced) else None,
        amount=amount,
        items=items,
        full=full,
        refunded_at=None if data.refunded_at is UNSET else data.refunded_at,
    )


def _returned_line(item: RawProduct) -> str:
    for value, field in ((item.line_id, "line_id"), (item.product_id, "product_id"), (item.sku, "sku")):
        line_id = optional_id(value, f"refunded_items.{field}")
        if line_id is not None:
            return line_id
    raise Refusal("missing_id", "refunded_items.line_id: name the line, or the product_id or sku that it is known by")


def _minor(value: Decimal | UnsetType | None, currency: str, field: str) -> int | None:
    if value is UNSET or value is None:
        return None
    return domain.minor_units(value, currency, field)


def _quantity(value: int | UnsetType | None, field: str) -> int:
    return 1 if value is UNSET or value is None else domain.quantity(value, field)


def _text(value: str | UnsetType | None) -> str | None:
    if value is UNSET or value is None:
        return None
    return domain.tidy(value)


def optional_id(value: str | int | UnsetType | None, field: str) -> str | None:
    """An id that may be left out, be null or be blank: then None. Raises Refusal for one that cannot be used."""
    if value is UNSET or value is None or (isinstance(value, str) and (not value or value.isspace())):
        return None
    return domain.required_id(value, field)


def _order_contract(facts: OrderFacts, customer: str | None) -> Order:
    amounts = facts.amounts
    return Order(
        order_id=facts.order_id,
        customer=customer,
        currency=amounts.currency,
        revenue=amounts.revenue,
        subtotal=UNSET if amounts.subtotal is None else amounts.subtotal,
        total=UNSET if amounts.total is None else amounts.total,
        shipping=UNSET if amounts.shipping is None else amounts.shipping,
        tax=UNSET if amounts.tax is None else amounts.tax,
        discount=UNSET if amounts.discount is None else amounts.discount,
        coupon=facts.coupon or UNSET,
        affiliation=facts.affiliation or UNSET,
        checkout_id=facts.checkout_id or UNSET,
        lines=[OrderLine(**line._asdict()) for line in facts.lines],
    )


def _refund_contract(facts: RefundFacts, customer: str | None) -> Refund:
    return Refund(
        order_id=facts.order_id,
        customer=customer,
        refund_id=facts.refund_id,
        currency=facts.currency or UNSET,
        amount=facts.amount,
        items=[RefundedItem(line_id=i.line_id, quantity=i.quantity, amount=i.amount) for i in facts.items],
        full=facts.full,
        refunded_at=facts.refunded_at or UNSET,
    )
