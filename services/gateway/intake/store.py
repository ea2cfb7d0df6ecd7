"""What the slice writes: whose the orders are, and the outgoing events."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.identity import Recognition
from services.gateway.intake.events import Draft, write
from services.gateway.intake.onward import send_on
from shared.messaging.handling import Transaction


async def save(tx: Transaction, drafts: Sequence[Draft], recognition: Recognition) -> None:
    """Write what was decided, and publish. An order that names nobody goes by its own number."""
    await send_on(
        tx,
        drafts,
        recognition,
        nameless=lambda draft: f"order/{draft.claim.order_id}",
        topic=lambda draft: draft.topic,
        write=write,
    )
