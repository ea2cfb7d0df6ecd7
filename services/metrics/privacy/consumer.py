"""erasures.v1 → an answer on the same topic.

metrics keeps no name and no contact. Its facts name a surrogate id, which leads to nobody once gateway has deleted the
identifiers; they stay, since sums rest on them, and a rebuild from the topics comes out the same. Of `customers.v1` it
keeps pointers alone; what of that topic it could not read lies among its dead letters, and goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from services.metrics.privacy import store
from services.metrics.privacy.events import completed
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.contracts.erasures import CustomerErased
from shared.kernel import ShopId, parse_customer_id
from shared.messaging.dead_letters import Cipher, erase_letters
from shared.messaging.handling import Delivery, Handler, OutboxKey, Work

_ROUNDS_MAX = 100


def erasure_handler(cipher: Callable[[], Cipher]) -> Handler:
    """The handler of `erasures.v1`. `cipher` opens dead letters; it is asked for at the first erasure."""

    async def answer(work: Work, deliveries: Sequence[Delivery[CustomerErased]]) -> None:
        asked: list[tuple[OutboxKey, CustomerErased]] = []
        reserve: Counter[OutboxKey] = Counter()
        for delivery in deliveries:
            event = delivery.event
            shop = ShopId(work.shop(event.shop).number)
            try:
                for customer in event.data.customers:
                    parse_customer_id(customer)
            except ValueError:
                work.refuse(delivery, "customer", "data.customers: surrogate ids are needed")
                continue
            key = OutboxKey(shop, message_key(event.shop, event.data.customer))
            asked.append((key, event))
            reserve[key] += 1
        await work.tx.lock_keys(reserve)
        for key, event in asked:
            removed, left = await _erase_letters(work, cipher(), key.shop, event.data.customers)
            kept = await store.counted(work.tx.conn, key.shop, [parse_customer_id(one) for one in event.data.customers])
            answered = completed(event, removed, {**kept, **left}, work.tx.now, work.tx.sequence(key))
            work.tx.publish(topics.ERASURES, key, answered)

    return answer


async def _erase_letters(
    work: Work, cipher: Cipher, shop: ShopId, customers: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """(what was removed, what had to be left)."""
    ids = [customer.encode() for customer in customers]
    place, removed, unreadable, more = UUID(int=0), 0, 0, True
    for _ in range(_ROUNDS_MAX):
        step = await erase_letters(
            work.tx.conn,
            cipher,
            shop,
            lambda body: any(one in body for one in ids),
            after=place,
            topic=topics.CUSTOMERS,
        )
        place, removed, unreadable, more = step.last, removed + step.removed, unreadable + step.unreadable, step.more
        if not more:
            break
    left = {"unreadable_dead_letters": unreadable}
    if more:  # tens of thousands of a topic that gateway alone writes: a fault that an operator must see to first
        left["dead_letters_not_searched"] = await store.letters_behind(work.tx.conn, shop, topics.CUSTOMERS, place)
    return {"dead_letters": removed} if removed else {}, {what: count for what, count in left.items() if count}
