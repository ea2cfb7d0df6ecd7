"""`orders.v1`: orders after the front door. Customer by surrogate id, money in minor units, no personal data.

Key: shop and surrogate customer; a guest's order is keyed by shop and order.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from shared.contracts.envelope import Envelope, Instant


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. `price` in minor units for one piece, after the line's own discount."""

    line_id: str
    quantity: int
    price: int = 0
    product_id: str = ""
    sku: str = ""
    category: str = ""
    name: str = ""
    brand: str = ""
    variant: str = ""
    coupon: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Full state of an order. Amounts in minor units of `currency`."""

    order_id: str
    customer: str | None
    """Surrogate id; null for a guest."""
    currency: str
    revenue: int
    """What counts as revenue: Segment's `revenue`, else `subtotal`, else `total`; without shipping and tax."""
    subtotal: int | UnsetType = UNSET
    total: int | UnsetType = UNSET
    shipping: int | UnsetType = UNSET
    tax: int | UnsetType = UNSET
    discount: int | UnsetType = UNSET
    coupon: str | UnsetType = UNSET
    affiliation: str | UnsetType = UNSET
    checkout_id: str | UnsetType = UNSET
    lines: list[OrderLine] = []


class RefundedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one line that came back; `amount` in minor units, in total."""

    line_id: str
    quantity: int
    amount: int = 0


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """One refund of an order. Without `refund_id` its business key is (order, "full")."""

    order_id: str
    customer: str | None
    refund_id: str
    currency: str | UnsetType = UNSET
    amount: int | None = None
    """Minor units given back; null where the shop did not say (then `full`, or `items`, decide)."""
    items: list[RefundedItem] = []
    full: bool = False
    """The shop named neither amount nor items: taken as a full refund."""
    refunded_at: Instant | UnsetType = UNSET


class OrderCompleted(Envelope, frozen=True, kw_only=True, tag="order.completed"):
    """The order was completed (paid, or accepted). May come again after a cancellation."""

    data: Order


class OrderUpdated(Envelope, frozen=True, kw_only=True, tag="order.updated"):
    """The order's content changed. Full state; the last by (time, id) wins. Completes nothing by itself."""

    data: Order


class OrderCancelled(Envelope, frozen=True, kw_only=True, tag="order.cancelled"):
    """The order counts for nothing from the moment that is known, also backwards."""

    data: Order


class OrderRefunded(Envelope, frozen=True, kw_only=True, tag="order.refunded"):
    """Money or goods came back. Refunds persist when the order is cancelled and completed again."""

    data: Refund


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """How far the time of a shop on the stream clock has come, in this partition."""

    until: Instant
    """All events of the shop that occurred before have been sent into this partition."""


class ClockAdvanced(Envelope, frozen=True, kw_only=True, tag="clock.advanced"):
    """Time went on, without an order having to arrive. Sent into every partition; of shops on the stream clock only."""

    data: Clock


OrderEvent = OrderCompleted | OrderUpdated | OrderCancelled | OrderRefunded
OrdersEvent = OrderEvent | ClockAdvanced
"""All that comes by the topic."""
