"""The envelope: a CloudEvents 1.0 JSON event, with our extensions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Instant = Annotated[datetime, Meta(tz=True)]
"""A date and time with its offset from UTC; one without is refused."""

Origin = Literal["live", "backfill"]
"""What an event causes inherits its origin. Nothing outside (message, webhook, task) follows `backfill`."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Attributes that every event carries beside its `data`. A subclass names its `type` as its tag."""

    id: str
    """Unique for its source. Ids that we derive are deterministic: see `shared.kernel.derive_event_id`."""
    source: str
    """Who says so: `mandegar/<service>` for ours, the producer's own name on raw topics."""
    subject: str
    """What it is about: an order id, or a surrogate customer id. Never a phone, an e-mail or a shop's customer id."""
    time: Instant
    """When it occurred, with offset."""
    shop: str
    """Slug of the shop."""
    origin: Origin = "live"
    sequence: int | UnsetType = UNSET
    """Rises for each event of one service and key. Only events that carry full state may be skipped by it."""
    causationid: str | UnsetType = UNSET
    """Id of the event that caused this one. A foreign cause is named by 32 hex digits: BLAKE2b of source U+001F id."""
    correlationid: str | UnsetType = UNSET
    """Id that the whole chain shares: the first cause."""
    effectiveat: Instant | UnsetType = UNSET
    """When it takes effect, where that is not when it occurred."""
    receivedat: Instant | UnsetType = UNSET
    """When the platform first received the fact. Stamped once, kept in replays."""
    specversion: Literal["1.0"] = "1.0"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The few attributes read from an event that cannot be decoded as its own type."""

    id: str
    type: str
    source: str = ""
    shop: str = ""


HEADER_DECODER = msgspec.json.Decoder(Header)
ENCODER = msgspec.json.Encoder()


def encode(event: Envelope) -> bytes:
    """The event as UTF-8 JSON, `type` first."""
    return ENCODER.encode(event)


def message_key(shop: str, identity: str) -> bytes:
    """The key of a message: the shop and the surrogate customer (empty for facts of the whole shop)."""
    return f"{shop}:{identity}".encode()
