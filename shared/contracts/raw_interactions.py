"""`raw.interactions.v1`: what people did besides ordering, as shops send it, and what shops say of them.

The event name (`type`) is Segment's, matched trimmed and without case: Product Viewed, Cart Viewed, Email Opened … and
the calls `page`, `screen`, `identify`, `group` and `alias`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from shared.contracts.raw_orders import Amount, Count, Key, RawCustomer, Text


class RawInteraction(RawCustomer, frozen=True, kw_only=True):
    """`data` of a raw interaction: who, and what of Segment's properties is of use."""

    visitor: Key = UNSET
    """The sender's id of the browser or device: Segment's `anonymousId`."""
    previous_id: Key = UNSET
    """`alias`: the id that the customer was known by before."""
    group_id: Key = UNSET
    """`group`: the organisation that the customer belongs to."""
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
    """`Unsubscribed`: from what; e-mail if it says nothing."""


class RawInteractionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the topic. `shop` may be left out by a platform that serves a single shop."""

    id: str
    type: str
    time: datetime
    data: RawInteraction
    source: str = "shop"
    shop: str = ""
    subject: str = ""
    origin: str = "live"
    specversion: str = "1.0"
    receivedat: datetime | UnsetType = UNSET
    """When the front door received it: as on `raw.orders.v1`."""
    sentat: datetime | UnsetType = UNSET
    """When the sender's clock said that it was sending: as on `raw.orders.v1`."""
