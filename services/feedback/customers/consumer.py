"""Topics in: who customers are. Each event joins what is kept, whatever came before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.feedback.customers import store
from services.feedback.customers.events import read_locales, read_stages, read_tiers
from shared import pointers
from shared.contracts.customers import CustomerEvent
from shared.contracts.lifecycle import LifecycleEvent
from shared.contracts.loyalty import LoyaltyTiersEvent
from shared.messaging.handling import Delivery, Work


async def on_customers(work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
    """The handler of `customers.v1`: pointers and languages."""
    numbers = numbers_of(work, deliveries)
    told = []
    for position, delivery in enumerate(deliveries):
        try:
            told.append(pointers.pointer_of(delivery.event, numbers[delivery.event.shop], position))
        except ValueError:
            work.refuse(delivery, "customer", "data.customer, data.canonical: surrogate ids are needed")
    usable = [deliveries[one.position] for one in told]
    newest = pointers.newest(told)
    known = await pointers.knows(work.tx.conn, newest.keys())
    newest = {key: one for key, one in newest.items() if key in known or one.moved or one.canonical != one.customer}
    if newest:
        await store.hold_pointers(work.tx.conn, {shop for shop, _ in newest}, alone=True)
        await pointers.heed(work.tx.conn, newest)
    locales = read_locales(usable, numbers, work.refuse)
    await store.lock(work.tx.conn, locales)
    await store.save_locales(work.tx.conn, locales)


async def on_lifecycle(work: Work, deliveries: Sequence[Delivery[LifecycleEvent]]) -> None:
    """The handler of `metrics.lifecycle.v1`."""
    told = read_stages(deliveries, numbers_of(work, deliveries), work.refuse)
    await store.lock(work.tx.conn, {(shop, customer) for shop, customer, _ in told})
    await store.save_stages(work.tx.conn, told)


async def on_tiers(work: Work, deliveries: Sequence[Delivery[LoyaltyTiersEvent]]) -> None:
    """The handler of `loyalty.tiers.v1`."""
    told = read_tiers(deliveries, numbers_of(work, deliveries), work.refuse)
    await store.lock(work.tx.conn, told)
    await store.save_tiers(work.tx.conn, told)


def numbers_of(work: Work, deliveries: Sequence[Delivery[Any]]) -> dict[str, int]:
    """The shops of a batch: number by slug."""
    return {slug: work.shop(slug).number for slug in sorted({delivery.event.shop for delivery in deliveries})}
