"""What the slice writes: whose the interactions are, and the outgoing events."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.identity import Recognition
from services.gateway.intake import send_on
from services.gateway.interactions.domain import PERSONAL
from services.gateway.interactions.events import Draft, write
from shared.contracts import topics
from shared.messaging.handling import Transaction


async def save(tx: Transaction, drafts: Sequence[Draft], recognition: Recognition) -> None:
    """Write what was decided, and publish. What names nobody goes by its visitor.

    A call that only tells of a person (`identify`, `alias`) is no interaction: it goes out as what changed of them.
    """
    await send_on(
        tx,
        drafts,
        recognition,
        nameless=lambda draft: f"visitor/{draft.visitor or ''}",
        topic=lambda draft: None if draft.kind in PERSONAL else topics.INTERACTIONS,
        write=write,
    )
