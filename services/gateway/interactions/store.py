"""What the slice writes: whose the interactions are, and the outgoing events."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.consents import Kept, Withdrawal, withdraw
from services.gateway.identity import Recognition
from services.gateway.intake import send_on
from services.gateway.interactions.domain import PERSONAL, WITHDRAWALS
from services.gateway.interactions.events import Draft, write
from shared.contracts import topics
from shared.messaging.handling import OutboxKey, Transaction


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
        beside=_Unsubscribing(drafts, recognition),
    )


class _Unsubscribing:
    """Consents that some of the drafts take back."""

    def __init__(self, drafts: Sequence[Draft], recognition: Recognition) -> None:
        self._wanted: dict[int, Withdrawal] = {}
        self._done: dict[int, Kept] = {}
        for at, (draft, customer) in enumerate(zip(drafts, recognition.customers, strict=True)):
            if draft.withdraws is not None and customer is not None:
                where = WITHDRAWALS[draft.name]
                self._wanted[at] = Withdrawal(draft.claim.shop, customer, draft.withdraws, where, draft.evidence, draft)

    def wants(self, at: int) -> bool:
        return at in self._wanted

    async def keep(self, tx: Transaction) -> None:
        done = await withdraw(tx, list(self._wanted.values()))
        self._done = dict(zip(self._wanted, done, strict=True))

    def publish(self, tx: Transaction, at: int, key: OutboxKey, sequence: int) -> None:
        self._done[at].publish(tx, key, sequence)
