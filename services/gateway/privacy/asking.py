"""Asking for an erasure: noted and told in one transaction, once for each person. The worker does the rest."""

from __future__ import annotations

from services.gateway import identity
from services.gateway.privacy import store
from services.gateway.privacy.domain import ASKED, OVERDUE_AFTER, OVERDUE_TIMER, Erasure, Reason
from services.gateway.privacy.events import erasure_id_of, requested
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.db import OpenTransaction
from shared.kernel import CustomerId, ShopId
from shared.messaging.handling import Timer


async def ask(tx: OpenTransaction, shop: Shop, customer: CustomerId, reason: Reason, reference: str) -> Erasure | None:
    """The erasure of the person, asked for now or before; None when there is no such customer.

    What the shop's term alone has asked for is from now on asked for by people, and is not dropped any more.
    """
    number = ShopId(shop.number)
    known = await store.of_customer(tx.conn, number, customer)
    if known is not None and known.term_months is not None and known.erased_at is None:
        # Before any key is locked: the worker locks the erasure first.
        if await store.insist(tx.conn, known, reason, reference):
            return known._replace(reason=reason, reference=reference, term_months=None)
        known = await store.of_customer(tx.conn, number, customer)
    if known is not None:
        return known
    if not await identity.whole_person(tx.conn, number, customer):
        return None
    key = identity.customer_key(number, shop.slug, customer)
    await tx.lock_keys({key: 1})
    erasure_id = erasure_id_of(shop.slug, customer, tx.now)
    if await store.add(tx.conn, Erasure(erasure_id, number, customer, reason, reference, ASKED, tx.now)):
        # By the owner of any partition: seen as overdue even if nobody comes to handle what is asked.
        tx.set_timer(Timer(number, OVERDUE_TIMER, erasure_id, tx.now + OVERDUE_AFTER, partition=0))
        tx.publish(topics.ERASURES, key, requested(shop.slug, customer, erasure_id, tx.now, tx.sequence(key)))
    return await store.of_customer(tx.conn, number, customer)
