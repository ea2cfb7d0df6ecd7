"""`dead-letters.v1`: what could not be processed, by position and reason. Never the body: it may be personal."""

from __future__ import annotations

import msgspec

from shared.contracts.envelope import Envelope


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Where the refused event stands and why. The body lies encrypted in the service's `dead_letter` table."""

    dead_letter_id: str
    service: str
    handler: str
    topic: str
    partition: int
    offset: int
    reason: str
    """A short word for machines, such as `schema`, `unknown_shop`, `content_differs`."""
    detail: str
    """What to do about it; names the field, never repeats its value."""


class DeadLettered(Envelope, frozen=True, kw_only=True, tag="dead-letter.recorded"):
    """An event was set aside. It can be put right and replayed: `mandegar dead-letters`."""

    data: DeadLetter


DeadLetterEvent = DeadLettered
