"""What the slice writes: keys locked, then whose the orders are, then the outgoing events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.gateway import identity
from services.gateway.identity import Recognition, customer_key, customer_merged, customer_updated
from services.gateway.interactions.domain import PERSONAL
from services.gateway.interactions.events import Draft, write
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.kernel import CustomerId, customer_id_text
from shared.messaging.handling import OutboxKey, Transaction


async def save(tx: Transaction, drafts: Sequence[Draft], recognition: Recognition) -> None:
    """Lock the keys, write what was decided, publish in the order of the drafts: the order of locks is intake's.

    A call that only tells of a person (`identify`, `alias`) is no interaction: it goes out as what changed of them.
    """
    keys = [_address(draft, customer) for draft, customer in zip(drafts, recognition.customers, strict=True)]
    reserve: Counter[OutboxKey] = Counter()
    for draft, (key, _), telling in zip(drafts, keys, recognition.tellings, strict=True):
        reserve[key] += (telling is not None) + (draft.kind not in PERSONAL)
    for draft, moved in zip(drafts, recognition.moved, strict=True):
        reserve.update(customer_key(draft.claim.shop, draft.shop, one.customer) for one in moved)
    await tx.lock_keys({key: count for key, count in reserve.items() if count})
    await identity.save(tx.conn, recognition)
    rows = zip(drafts, keys, recognition.tellings, recognition.moved, strict=True)
    for draft, (key, customer_text), telling, moved in rows:
        for one in moved:
            own = customer_key(draft.claim.shop, draft.shop, one.customer)
            tx.publish(topics.CUSTOMERS, own, customer_merged(one, draft, tx.sequence(own)))
        if telling is not None:
            tx.publish(topics.CUSTOMERS, key, customer_updated(telling, draft, tx.sequence(key)))
        if draft.kind not in PERSONAL:
            tx.publish(topics.INTERACTIONS, key, write(draft, customer_text, tx.sequence(key)))


def _address(draft: Draft, customer: CustomerId | None) -> tuple[OutboxKey, str | None]:
    if customer is not None:
        text = customer_id_text(customer)
        return OutboxKey(draft.claim.shop, message_key(draft.shop, text)), text
    return OutboxKey(draft.claim.shop, message_key(draft.shop, f"visitor/{draft.visitor or ''}")), None
