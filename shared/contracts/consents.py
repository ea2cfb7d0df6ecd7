"""`consents.v1`: what customers agreed to, keyed by shop and surrogate id. Never compacted: consent is evidence."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts.envelope import Envelope, Instant

Channel = Literal["email", "sms", "push", "messenger", "social", "phone", "post", "onsite", "advertising"]
ConsentState = Literal["given", "pending", "withdrawn"]
Purpose = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one channel and purpose: the statement that occurred last, whenever it came."""

    channel: Channel
    purpose: Purpose
    """`marketing`, `newsletter` … as the shop names them."""
    state: ConsentState
    """`pending`: asked for and not confirmed yet (double opt-in). Only `given` allows a message."""
    occurred_at: Instant
    source: str
    """Where it was said: `checkout`, `preference-centre`, `unsubscribe-link` …"""
    record: str
    """Id of the statement. Its evidence lies under that id with gateway, and nowhere else."""


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    """All that holds for one customer."""

    customer: str
    """Surrogate id, thirteen characters."""
    consents: list[Consent]
    """One for each channel and purpose of which anything was said; no entry: no consent."""
    changed: list[str] = []
    """`channel/purpose` of what this event changed."""


class ConsentChanged(Envelope, frozen=True, kw_only=True, tag="consent.changed"):
    """Full state of a customer's consents: of two events, the one with the greater `sequence` holds."""

    data: Consents


ConsentEvent = ConsentChanged
