"""Contract: who enters a segment and who leaves it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from shared.contracts.campaigns import SegmentChange, SegmentEntered, SegmentLeft
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id
from shared.messaging.handling import OutboxKey

SOURCE = "mandegar/campaigns"
Reason = Literal["event", "time", "published"]


class Change(NamedTuple):
    """Somebody enters a segment, or leaves it."""

    customer: int
    segment: str
    version: int
    entered: bool


def key_of(shop: Shop, customer: int) -> OutboxKey:
    """Under which a customer's changes are told."""
    return OutboxKey(ShopId(shop.number), message_key(shop.slug, customer_id_text(CustomerId(customer))))


class Telling(NamedTuple):
    """Why and when a change is told."""

    reason: Reason
    origin: str
    now: datetime
    sequence: int
    """Of the customer's key, and so another for each of their changes."""


def told(shop: Shop, change: Change, how: Telling) -> Envelope:
    """As events have it."""
    form = SegmentEntered if change.entered else SegmentLeft
    customer = customer_id_text(CustomerId(change.customer))
    cause = "\x1f".join((customer, change.segment, str(how.sequence)))
    return form(
        id=derive_event_id(int(how.now.timestamp() * 1000), shop.slug, cause, str(form.__struct_config__.tag)),
        source=SOURCE,
        subject=customer,
        time=how.now,
        shop=shop.slug,
        sequence=how.sequence,
        origin="backfill" if how.origin == "backfill" else "live",
        receivedat=how.now,
        data=SegmentChange(customer=customer, segment=change.segment, version=change.version, reason=how.reason),
    )
