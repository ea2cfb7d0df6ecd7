"""erasures.v1: erases who is to be erased, and collects the answers of all services.

In one transaction identifiers, contacts and consents go; what waits in the outbox for `customers.v1` goes too, and a
tombstone takes its place; `customer.erased` asks the other services. Rows, then keys are locked in the order of all
writers, so that nobody can write a contact back: who had read an identifier before finds the customer erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from services.gateway import consents, identity
from services.gateway.identity import Forgotten
from services.gateway.privacy import store
from services.gateway.privacy.domain import (
    OVERDUE_AFTER,
    OVERDUE_TIMER,
    SEARCH_TIMER,
    Answered,
    Erasure,
    inactive_since,
)
from services.gateway.privacy.events import erased, pointer
from shared.contracts import topics
from shared.contracts.erasures import ErasureCompleted, ErasureRequested
from shared.db.transaction import outbox_shard
from shared.kernel import CustomerId, ShopId
from shared.messaging.handling import Delivery, OutboxKey, Timer, Work

log = structlog.get_logger(__name__)

_NO_SUCH = "data.erasure_id: gateway knows no such erasure"


class _Case(NamedTuple):
    erasure: Erasure
    slug: str
    partition: int
    customers: list[CustomerId]

    def key(self, customer: CustomerId) -> OutboxKey:
        return identity.customer_key(self.erasure.shop, self.slug, customer)


async def heed(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
    """The handler of `erasures.v1`."""
    heard = [(ShopId(work.shop(one.event.shop).number), one) for one in deliveries]
    known = await store.lock(work.tx.conn, {(shop, one.event.data.erasure_id) for shop, one in heard})
    wanted: dict[str, tuple[Erasure, Delivery[Any]]] = {}
    for shop, delivery in heard:
        erasure = known.get((shop, delivery.event.data.erasure_id))
        if erasure is None:
            work.refuse(delivery, "unknown_erasure", _NO_SUCH)
        elif isinstance(delivery.event, ErasureRequested) and erasure.erased_at is None:
            wanted[erasure.erasure_id] = erasure, delivery
    if wanted:
        await _erase(work, [wanted[one] for one in sorted(wanted)])
    for shop, delivery in heard:
        erasure = known.get((shop, delivery.event.data.erasure_id))
        if erasure is not None and isinstance(delivery.event, ErasureCompleted):
            await _collect(work, erasure, delivery.event)


async def _collect(work: Work, erasure: Erasure, event: ErasureCompleted) -> None:
    data = event.data
    answer = Answered(data.service, event.time, data.removed, data.kept)
    if await store.note_answer(work.tx.conn, erasure, answer, work.tx.now):
        log.info("erasure complete", erasure=erasure.erasure_id, services=list(erasure.asked))


async def _erase(work: Work, wanted: Sequence[tuple[Erasure, Delivery[Any]]]) -> None:
    tx = work.tx
    ordered = sorted(wanted, key=lambda one: (one[0].shop, one[0].customer))
    groups = await identity.lock_groups(tx.conn, {(erasure.shop, erasure.customer) for erasure, _ in ordered})
    ordered = [one for one in ordered if await _still_wanted(work, *one)]
    cases = [
        _Case(erasure, delivery.event.shop, delivery.partition, groups.get((erasure.shop, erasure.customer), []))
        for erasure, delivery in ordered
    ]
    forgotten = [
        await identity.forget(tx.conn, one.erasure.shop, one.customers, UUID(one.erasure.erasure_id)) for one in cases
    ]
    reserve: Counter[OutboxKey] = Counter()
    for case in cases:
        # For each identity: what it agreed to, and the pointer of one that was merged; then `customer.erased`.
        reserve.update({case.key(customer): 2 for customer in case.customers})
        reserve[case.key(case.erasure.customer)] += 1
    await tx.lock_keys(reserve)
    for case, gone in zip(cases, forgotten, strict=True):
        await _publish(work, case, gone)


async def _still_wanted(work: Work, erasure: Erasure, delivery: Delivery[Any]) -> bool:
    """Judge anew, with the person locked, what the shop's term alone has asked for. Else it is dropped."""
    if erasure.term_months is None:
        return True
    months = work.shop(delivery.event.shop).inactive_months
    if months and await store.is_inactive(
        work.tx.conn, erasure.shop, erasure.customer, inactive_since(months, work.tx.now)
    ):
        return True
    await store.drop(work.tx.conn, erasure)
    log.info("not erased: heard of meanwhile, or the term was taken back", erasure=erasure.erasure_id)
    return False


async def _publish(work: Work, case: _Case, gone: Forgotten) -> None:
    tx, erasure = work.tx, case.erasure
    keys = {customer: case.key(customer) for customer in case.customers}
    shards = {outbox_shard(key.key, topics.CUSTOMERS) for key in keys.values()}
    unsent = await store.forget_waiting(tx.conn, topics.CUSTOMERS, shards, [key.key for key in keys.values()])
    said = await consents.forget(tx.conn, erasure.shop, case.customers)
    for customer, key in keys.items():
        tx.publish_tombstone(topics.CUSTOMERS, key)
        if customer in gone.joined:
            event = pointer(case.slug, customer, gone.joined[customer], now=tx.now, sequence=tx.sequence(key))
            tx.publish(topics.CUSTOMERS, key, event)
        if customer in said:
            nothing = consents.consent_changed(
                case.slug, customer, [], changed=[], now=tx.now, sequence=tx.sequence(key)
            )
            tx.publish(topics.CONSENTS, key, nothing)
    key = case.key(erasure.customer)
    tx.publish(
        topics.ERASURES,
        key,
        erased(case.slug, erasure.erasure_id, erasure.customer, case.customers, now=tx.now, sequence=tx.sequence(key)),
    )
    removed = gone.removed | {"consents": len(said), "unsent_events": unsent, "tombstones": len(case.customers)}
    await store.note_erased(tx.conn, erasure, tx.now, removed, gone.fingerprints)
    for kind, after in ((SEARCH_TIMER, timedelta(0)), (OVERDUE_TIMER, OVERDUE_AFTER)):
        tx.set_timer(Timer(erasure.shop, kind, erasure.erasure_id, tx.now + after, case.partition))
