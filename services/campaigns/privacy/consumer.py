"""erasures.v1 → an answer on the same topic. Contacts are emptied and none come back; facts by surrogate id stay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from services.campaigns import audience
from services.campaigns.privacy import store
from shared.contracts.erasures import CustomerErased
from shared.kernel import parse_customer_id
from shared.messaging.dead_letters import Cipher
from shared.messaging.erasing import answering
from shared.messaging.handling import Delivery, Work

Erasing = Callable[[Work, Sequence[Delivery[CustomerErased]]], Awaitable[set[audience.Key]]]


def erasure_handler(cipher: Callable[[], Cipher]) -> Erasing:
    """The handler of `erasures.v1`; it gives whom it erased. `cipher` opens dead letters, from the first erasure on."""
    answer = answering("campaigns", cipher, store.counted, store.remove)

    async def handle(work: Work, deliveries: Sequence[Delivery[CustomerErased]]) -> set[audience.Key]:
        await answer(work, deliveries)
        erased: set[audience.Key] = set()
        for delivery in deliveries:
            number = work.shop(delivery.event.shop).number
            try:
                erased |= {(number, int(parse_customer_id(one))) for one in delivery.event.data.customers}
            except ValueError:
                continue  # refused above, and so without effect
        return erased

    return handle
