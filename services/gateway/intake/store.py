"""What the slice writes: keys locked, then whose the orders are, then the outgoing events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.gateway import identity
from services.gateway.identity import Recognition, customer_key, customer_merged, customer_updated
from services.gateway.intake.events import Draft, write
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.messaging.handling import OutboxKey, Transaction


async def save(tx: Transaction, drafts: Sequence[Draft], recognition: Recognition) -> None:
    """Lock the keys, write what was decided, publish in the order of the drafts.

    Customers and aliases are locked or inserted already; then come the keys, then whose the orders are. Every
    transaction of the service takes them in this order, so none waits for another in a circle.
    """
    addresses = _Addresses()
    keys: list[tuple[OutboxKey, str | None]] = []
    reserve: Counter[OutboxKey] = Counter()
    for draft, customer, telling in zip(drafts, recognition.customers, recognition.tellings, strict=True):
        address = addresses.of(draft, customer)
        keys.append(address)
        reserve[address[0]] += 1 if telling is None else 2
    for draft, moved in zip(drafts, recognition.moved, strict=True):
        reserve.update(customer_key(draft.claim.shop, draft.shop, one.customer) for one in moved)
    await tx.lock_keys(reserve)
    await identity.save(tx.conn, recognition)
    rows = zip(drafts, keys, recognition.tellings, recognition.moved, strict=True)
    for draft, (key, customer_text), telling, moved in rows:
        for one in moved:
            own = customer_key(draft.claim.shop, draft.shop, one.customer)
            tx.publish(topics.CUSTOMERS, own, customer_merged(one, draft, tx.sequence(own)))
        if telling is not None:
            tx.publish(topics.CUSTOMERS, key, customer_updated(telling, draft, tx.sequence(key)))
        tx.publish(draft.topic, key, write(draft, customer_text, tx.sequence(key)))


class _Addresses:
    """The key under which a draft goes out, and its customer as text; worked out once for each customer of a batch."""

    def __init__(self) -> None:
        self._known: dict[tuple[ShopId, CustomerId], tuple[OutboxKey, str | None]] = {}

    def of(self, draft: Draft, customer: CustomerId | None) -> tuple[OutboxKey, str | None]:
        shop = draft.claim.shop
        if customer is None:
            return OutboxKey(shop, message_key(draft.shop, f"order/{draft.claim.order_id}")), None
        known = self._known.get((shop, customer))
        if known is None:
            text = customer_id_text(customer)
            known = OutboxKey(shop, message_key(draft.shop, text)), text
            self._known[shop, customer] = known
        return known
