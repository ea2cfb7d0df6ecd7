"""The one form of all adaptors: two pure functions for each shop system, and what they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from shared.contracts.raw_orders import RawOrder

Headers = Mapping[str, str]
"""By names in lower case."""

COMPLETED, UPDATED, CANCELLED, REFUNDED = "Order Completed", "Order Updated", "Order Cancelled", "Order Refunded"
_QUANTITY_DIGITS_MAX = 9
CENT_OF_CENT = Decimal("0.0001")


class Unread(Exception):
    """A webhook that cannot be read, or that a person must look at. The message repeats no value."""


class Told(NamedTuple):
    """One raw event that a webhook tells of. Without `time` it occurred when it was received."""

    type: str
    time: datetime | None
    data: RawOrder


class Deleted(msgspec.Struct, frozen=True):
    """All that is told of a deleted order."""

    id: int


class Billing(msgspec.Struct, frozen=True):
    """Who pays, as they typed it."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


class Adaptor(NamedTuple):
    """What the front door knows of one shop system. All functions are pure."""

    vendor: str
    verify: Callable[[bytes, Headers, Sequence[str], datetime], bool]
    """Whether (raw body, headers) were signed by one of the secrets; by now, where the signature holds a time."""
    topic: Callable[[Headers], str]
    """What the webhook is about."""
    read: Callable[[str, bytes, Headers], list[Told]]
    """(topic, payload, headers) as raw events; none for what is of no interest. Raises Unread."""
    is_ping: Callable[[bytes, Headers], bool]
    """Whether it only asks if somebody is there; such a question may be unsigned."""
    draws_secret: bool
    """Whether we may choose the secret; else the shop system gives it."""
    read_order: Callable[[bytes], list[Told]]
    """An order as the shop system's API gives it, as the same raw events that a webhook of this state tells."""
    only_hints: bool = False
    """Its webhooks tell that something changed, and not what: the API must be asked."""


def in_utc(instant: datetime) -> datetime:
    """The instant; one without offset is in UTC, as shop systems have it in their `_gmt` fields."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def at_least_nothing(amount: Decimal) -> Decimal:
    """Figures that follow by subtraction are never below 0."""
    return max(amount, Decimal(0))


def full_name(first: str | None, last: str | None) -> str | UnsetType:
    """A name of its parts."""
    return " ".join(part.strip() for part in (first, last) if part and part.strip()) or UNSET


def given(text: str | None) -> str | UnsetType:
    """The text, unless it is empty."""
    return text.strip() or UNSET if text else UNSET


def whole(quantity: Decimal) -> int:
    """Pieces of a line: goods sold by weight are one piece."""
    if quantity.adjusted() > _QUANTITY_DIGITS_MAX:  # before int(), which would write out every digit
        raise Unread("has a quantity beyond any order")
    return int(quantity) if quantity == quantity.to_integral_value() else 1
