"""How drafts go out: keys locked, then whose the events are, then the events in the order of their drafts.

Customers and aliases are locked or inserted already; then come the keys, then whose the events are. Every transaction
of the service takes them in this order, so none waits for another in a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from services.gateway import identity
from services.gateway.identity import Cause, Claim, Recognition, customer_key, customer_merged, customer_updated
from shared.contracts import topics
from shared.contracts.envelope import Envelope, message_key
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.messaging.handling import OutboxKey, Transaction


class Claiming(Cause, Protocol):
    """A draft of any slice: it says of whom it is."""

    @property
    def claim(self) -> Claim: ...


Draft = TypeVar("Draft", bound=Claiming)


class Beside(Protocol):
    """What drafts cause beside their event. A number is reserved, and used, for each draft that `wants` one."""

    def wants(self, at: int) -> bool:
        """Whether the draft at this place, whose customer is known, causes something."""
        ...

    async def keep(self, tx: Transaction) -> None:
        """Write it, once the keys are locked."""
        ...

    def publish(self, tx: Transaction, at: int, key: OutboxKey, sequence: int) -> None:
        """Tell it, behind the draft's own event."""
        ...


async def send_on(
    tx: Transaction,
    drafts: Sequence[Draft],
    recognition: Recognition,
    *,
    nameless: Callable[[Draft], str],
    topic: Callable[[Draft], str | None],
    write: Callable[[Draft, str | None, int], Envelope],
    beside: Beside | None = None,
) -> None:
    """Lock the keys, write what was decided, publish in the order of the drafts.

    `nameless`: what stands in the key of a draft that belongs to no customer. `topic`: where a draft goes out; None
    where it tells of a person alone. `write`: the event of a draft, its customer and its number.
    """
    addresses = _Addresses(nameless)
    keys: list[tuple[OutboxKey, str | None]] = []
    reserve: Counter[OutboxKey] = Counter()
    rows = zip(drafts, recognition.customers, recognition.tellings, strict=True)
    for at, (draft, customer, telling) in enumerate(rows):
        address = addresses.of(draft, customer)
        keys.append(address)
        events = (telling is not None) + (topic(draft) is not None) + (beside is not None and beside.wants(at))
        if events:
            reserve[address[0]] += events
    for draft, moved in zip(drafts, recognition.moved, strict=True):
        reserve.update(customer_key(draft.claim.shop, draft.shop, one.customer) for one in moved)
    await tx.lock_keys(reserve)
    await identity.save(tx.conn, recognition)
    if beside is not None:
        await beside.keep(tx)
    going = zip(drafts, keys, recognition.tellings, recognition.moved, strict=True)
    for at, (draft, (key, customer_text), telling, moved) in enumerate(going):
        for one in moved:
            own = customer_key(draft.claim.shop, draft.shop, one.customer)
            tx.publish(topics.CUSTOMERS, own, customer_merged(one, draft, tx.sequence(own)))
        if telling is not None:
            tx.publish(topics.CUSTOMERS, key, customer_updated(telling, draft, tx.sequence(key)))
        to = topic(draft)
        if to is not None:
            tx.publish(to, key, write(draft, customer_text, tx.sequence(key)))
        if beside is not None and beside.wants(at):
            beside.publish(tx, at, key, tx.sequence(key))


class _Addresses(Generic[Draft]):
    """The key under which a draft goes out, and its customer as text; worked out once for each customer of a batch."""

    def __init__(self, nameless: Callable[[Draft], str]) -> None:
        self._nameless = nameless
        self._known: dict[tuple[ShopId, CustomerId], tuple[OutboxKey, str | None]] = {}

    def of(self, draft: Draft, customer: CustomerId | None) -> tuple[OutboxKey, str | None]:
        shop = draft.claim.shop
        if customer is None:
            return OutboxKey(shop, message_key(draft.shop, self._nameless(draft))), None
        known = self._known.get((shop, customer))
        if known is None:
            text = customer_id_text(customer)
            known = OutboxKey(shop, message_key(draft.shop, text)), text
            self._known[shop, customer] = known
        return known
