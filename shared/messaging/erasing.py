"""erasures.v1 → an answer on the same topic, for services that hold facts by surrogate id.

Such an id leads to nobody once gateway has deleted the identifiers; facts stay, since sums rest on them, and a rebuild
from the topics comes out the same. Of `customers.v1` such a service keeps pointers alone; what of that topic it could
not read lies among its dead letters, and goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.contracts.erasures import CustomerErased, ErasureAnswer, ErasureCompleted
from shared.kernel import CustomerId, ShopId, derive_event_id, parse_customer_id
from shared.messaging.dead_letters import Cipher, erase_letters
from shared.messaging.handling import Delivery, Handler, OutboxKey, Work

Person = Callable[["asyncpg.Connection[Any]", ShopId, Sequence[CustomerId]], Awaitable[Mapping[str, int]]]
"""Of the identities of a person: how many of what."""

ROUNDS_MAX = 100
_BEHIND = "SELECT count(*) FROM dead_letter WHERE shop = ANY($1::smallint[]) AND topic = $2 AND id > $3"


async def _nothing(_conn: object, _shop: ShopId, _customers: object) -> Mapping[str, int]:
    return {}


def answering(service: str, cipher: Callable[[], Cipher], kept: Person, remove: Person = _nothing) -> Handler:
    """The handler of `erasures.v1`. `kept` counts what stays, `remove` takes away what is personal and counts it.

    `cipher` opens dead letters; it is asked for at the first erasure.
    """

    async def answer(work: Work, deliveries: Sequence[Delivery[CustomerErased]]) -> None:
        asked: list[tuple[OutboxKey, CustomerErased, list[CustomerId]]] = []
        for delivery in deliveries:
            event = delivery.event
            shop = ShopId(work.shop(event.shop).number)
            try:
                customers = [parse_customer_id(customer) for customer in event.data.customers]
            except ValueError:
                work.refuse(delivery, "customer", "data.customers: surrogate ids are needed")
                continue
            asked.append((OutboxKey(shop, message_key(event.shop, event.data.customer)), event, customers))
        await work.tx.lock_keys(Counter(key for key, *_ in asked))
        for key, event, customers in asked:
            gone, left = await _erase_letters(work, cipher(), key.shop, event.data.customers)
            removed = {**await remove(work.tx.conn, key.shop, customers), **gone}
            stays = {**await kept(work.tx.conn, key.shop, customers), **left}
            answered = completed(service, event, (removed, stays), work.tx.now, work.tx.sequence(key))
            work.tx.publish(topics.ERASURES, key, answered)

    return answer


def completed(
    service: str,
    asked: CustomerErased,
    did: tuple[Mapping[str, int], Mapping[str, int]],
    now: datetime,
    sequence: int,
) -> ErasureCompleted:
    """The answer. `did`: what was removed, and what is kept."""
    removed, kept = did
    return ErasureCompleted(
        id=derive_event_id(int(asked.time.timestamp() * 1000), asked.shop, f"{service}/{asked.id}", "erasure"),
        source=f"mandegar/{service}",
        subject=asked.subject,
        time=now,
        shop=asked.shop,
        sequence=sequence,
        causationid=asked.id,
        correlationid=asked.data.erasure_id,
        receivedat=now,
        data=ErasureAnswer(erasure_id=asked.data.erasure_id, service=service, removed=dict(removed), kept=dict(kept)),
    )


async def _erase_letters(
    work: Work, cipher: Cipher, shop: ShopId, customers: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """(what was removed, what had to be left)."""
    ids = [customer.encode() for customer in customers]
    place, removed, unreadable, more = UUID(int=0), 0, 0, True
    for _ in range(ROUNDS_MAX):
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
        row = await work.tx.conn.fetchrow(_BEHIND, [0, shop], topics.CUSTOMERS, place)
        left["dead_letters_not_searched"] = 0 if row is None else int(row[0])
    return {"dead_letters": removed} if removed else {}, {what: count for what, count in left.items() if count}
