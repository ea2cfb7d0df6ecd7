"""What an order says, once its figures and texts are put in order. Anything that cannot be used is refused by name."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from shared.kernel import Money, MoneyError, to_minor_units

EventKind = Literal["completed", "updated", "cancelled", "refunded"]

EVENT_KINDS: dict[str, EventKind] = {
    "order completed": "completed",
    "order updated": "updated",
    "order cancelled": "cancelled",
    "order refunded": "refunded",
}
"""Segment's names, trimmed, without case, and with single spaces."""

FULL_REFUND = "full"
"""Business key of a refund that the shop gave no id."""
FUTURE_US_MAX = 5 * 60 * 1_000_000
ID_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 500
LINES_MAX = 1_000
QUANTITY_MAX = 1_000_000

# Control characters, among them NUL, which PostgreSQL refuses; halves of surrogate pairs, which UTF-8 does.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Refusal(Exception):
    """The event cannot be used as it is. `reason` is for machines; `detail` names the field and the remedy.

    Neither holds the value itself, which may be personal.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Line(NamedTuple):
    """One line of an order; `price` in minor units for one piece."""

    line_id: str
    quantity: int
    price: int
    product_id: str
    sku: str
    category: str
    name: str
    brand: str
    variant: str
    coupon: str


class Amounts(NamedTuple):
    """Figures of an order in minor units of one currency. None where the shop left one out."""

    currency: str
    revenue: int
    subtotal: int | None
    total: int | None
    shipping: int | None
    tax: int | None
    discount: int | None


class OrderFacts(NamedTuple):
    """Full state of an order, but for whose it is."""

    order_id: str
    amounts: Amounts
    coupon: str | None
    affiliation: str | None
    checkout_id: str | None
    lines: list[Line]


class Returned(NamedTuple):
    """Pieces of one line that came back; `amount` in minor units, in total."""

    line_id: str
    quantity: int
    amount: int


class RefundFacts(NamedTuple):
    """One refund, but for whose it is. `currency` is None where no amount stands in it."""

    order_id: str
    refund_id: str
    currency: str | None
    amount: int | None
    items: list[Returned]
    full: bool
    refunded_at: datetime | None


Facts = OrderFacts | RefundFacts


@lru_cache(maxsize=1024)
def kind_of(name: str) -> EventKind:
    """Which event a name means. Refuses what is no event of an order."""
    kind = EVENT_KINDS.get(" ".join(name.casefold().split()))
    if kind is None:
        if name.strip().casefold() == "clock advanced":
            raise Refusal("bad_clock", "data: a Clock Advanced has `until` and `partitions`, and no order_id")
        names = ", ".join(sorted(known.title() for known in EVENT_KINDS))
        raise Refusal("unknown_event", f"type: no event of an order; send one of {names}")
    return kind


def required_id(value: str | int, field: str) -> str:
    """An id as text, trimmed. Refuses an empty one, a long one, and one with control characters."""
    if isinstance(value, int):
        if abs(value) >= 10**ID_LENGTH_MAX:  # before str(), which refuses numbers of thousands of digits
            raise Refusal("bad_id", f"{field}: is longer than {ID_LENGTH_MAX} characters")
        return str(value)
    text = value.strip()
    if not text:
        raise Refusal("missing_id", f"{field}: is empty; send the id that the shop knows it by")
    if len(text) > ID_LENGTH_MAX:
        raise Refusal("bad_id", f"{field}: is longer than {ID_LENGTH_MAX} characters")
    if _has_control(text):
        raise Refusal("bad_id", f"{field}: has control characters")
    return text


def tidy(text: str) -> str | None:
    """A descriptive text without control characters, trimmed and cut to its limit; None where nothing is left."""
    if _has_control(text):
        text = _CONTROL.sub("", text)
    return text.strip()[:TEXT_LENGTH_MAX].rstrip() or None


def _has_control(text: str) -> bool:
    # isprintable() is fast and true of nearly all texts; what it refuses may still be a joiner that Persian needs.
    return not text.isprintable() and _CONTROL.search(text) is not None


@lru_cache(maxsize=16_384)
def _money(value: Decimal, currency: str) -> Money:
    return to_minor_units(value, currency)


def minor_units(value: Decimal, currency: str, field: str) -> int:
    """A decimal amount of the major unit as minor units. Refuses what is negative, endless or too large."""
    if not value.is_finite():
        raise Refusal("bad_amount", f"{field}: must be a finite number")
    if value < 0:
        raise Refusal("bad_amount", f"{field}: must not be negative; money given back is an Order Refunded")
    try:
        return _money(value, currency).amount
    except MoneyError as error:
        raise Refusal("bad_amount", f"{field}: {error}") from error


@lru_cache(maxsize=1024)
def currency_code(text: str) -> str:
    """The ISO 4217 code in which amounts given in a currency are kept: Toman (IRT) is kept in rial."""
    try:
        return to_minor_units(0, text).currency
    except MoneyError as error:
        raise Refusal("bad_currency", f"currency: {error}") from error


def revenue(first: int | None, subtotal: int | None, total: int | None, kind: EventKind) -> int:
    """What counts as revenue: Segment's `revenue`, else `subtotal`, else `total`. A cancellation may leave out all."""
    for amount in (first, subtotal, total):
        if amount is not None:
            return amount
    if kind == "cancelled":
        return 0
    raise Refusal("missing_amount", "revenue: send revenue, or subtotal, or total")


def quantity(value: int, field: str) -> int:
    """A count of pieces. Refuses what is negative or beyond any order."""
    if not 0 <= value <= QUANTITY_MAX:
        raise Refusal("bad_quantity", f"{field}: must lie between 0 and {QUANTITY_MAX}")
    return value


def check_time(occurred_us: int, received_us: int) -> None:
    """Refuses what occurred before 1970, or more than five minutes after it was received.

    A clock that runs ahead must move nothing: such an event is put right, or replayed when its time has come.
    """
    if occurred_us < 0:
        raise Refusal("bad_time", "time: lies before 1970")
    if occurred_us > received_us + FUTURE_US_MAX:
        raise Refusal("in_future", "time: lies more than 5 minutes in the future; check the sender's clock and replay")


def refund_totals(amount: int | None, items: list[Returned], priced: bool) -> tuple[int | None, bool]:
    """Amount of a refund and whether it is full. Items that all name an amount add up to one (`priced`)."""
    if amount is None and items and priced:
        amount = sum(item.amount for item in items)
    return amount, amount is None and not items


def line_ids(given: list[str | None]) -> list[str]:
    """An id for each line of an order: its own, else its place (from 1). A repeated one gets its place added."""
    ids: list[str] = []
    seen: set[str] = set()
    for place, own in enumerate(given, 1):
        line_id = own or str(place)
        if line_id in seen:
            line_id = f"{line_id}#{place}"
        seen.add(line_id)
        ids.append(line_id)
    return ids
