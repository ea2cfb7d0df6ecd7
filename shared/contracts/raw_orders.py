"""`raw.orders.v1`: a shop's orders as it sends them. Segment's e-commerce names (version 2) inside CloudEvents.

The event name (`type`) is matched trimmed and without case: Order Completed, Order Updated, Order Cancelled,
Order Refunded. Amounts are decimal numbers or strings in the major unit, as Segment has them.

A replay in stream time also sends Clock Advanced, into every partition: `RawClockEvent`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

# Shop systems write null for what they have not; that is the same as leaving it out.
Amount = Decimal | UnsetType | None
Text = str | UnsetType | None
Count = int | UnsetType | None
Key = str | int | UnsetType | None
"""Shops send ids as strings or as numbers."""


class RawProduct(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order, or one refunded item (`line_id`, `quantity`, `amount`)."""

    line_id: Key = UNSET
    product_id: Key = UNSET
    sku: Text = UNSET
    category: Text = UNSET
    name: Text = UNSET
    brand: Text = UNSET
    variant: Text = UNSET
    price: Amount = UNSET
    quantity: Count = UNSET
    coupon: Text = UNSET
    amount: Amount = UNSET


class RawCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who ordered, as the shop knows them. All optional: an order without any of the ids is a guest's."""

    customer_id: Key = UNSET
    phone: Key = UNSET
    email: Text = UNSET
    name: Text = UNSET
    locale: Text = UNSET
    birthday: Text = UNSET
    """`1990-05-21`, `--05-21`, or a Jalali date such as `۱۳۶۹/۰۲/۳۱`; what could be two days is let go."""


class RawOrder(RawCustomer, frozen=True, kw_only=True):
    """`data` of a raw order event: Segment's `properties`, and the customer's ids beside them."""

    order_id: str | int
    checkout_id: Key = UNSET
    affiliation: Text = UNSET
    subtotal: Amount = UNSET
    total: Amount = UNSET
    revenue: Amount = UNSET
    shipping: Amount = UNSET
    tax: Amount = UNSET
    discount: Amount = UNSET
    coupon: Text = UNSET
    currency: Text = UNSET
    products: list[RawProduct] = []
    refund_id: Key = UNSET
    refund_amount: Amount = UNSET
    refunded_items: list[RawProduct] = []
    refunded_at: datetime | UnsetType = UNSET


class RawOrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the topic. `shop` may be left out by a platform that serves a single shop."""

    id: str
    type: str
    time: datetime
    data: RawOrder
    source: str = "shop"
    shop: str = ""
    subject: str = ""
    origin: str = "live"
    specversion: str = "1.0"
    receivedat: datetime | UnsetType = UNSET
    """When the front door received it, if it came that way: stamped once, and in nobody's gift but the collector's.

    The collector writes it behind everything that the sender said. What follows it is no content: a sender that repeats
    itself is received anew each time, and says the same.
    """
    sentat: datetime | UnsetType = UNSET
    """When the sender's clock said that it was sending, if it said so. `time` is corrected by it already."""


CLOCK_ADVANCED = "Clock Advanced"
"""`type` of a `RawClockEvent`, trimmed and without case, as the others."""


class RawClock(msgspec.Struct, frozen=True, kw_only=True):
    """`data` of Clock Advanced: how far the shop's time has come in one partition of the topic."""

    until: datetime
    """All events of the shop that occurred before have been written into this partition."""
    partitions: int
    """How many partitions the event was written to: all of the topic. Time goes on when all of them have told."""


class RawClockEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Time went on, though no order may have come. Of shops on the stream clock; the id differs in each partition."""

    id: str
    type: str
    time: datetime
    data: RawClock
    source: str = "shop"
    shop: str = ""
    subject: str = ""
    origin: str = "live"
    specversion: str = "1.0"
