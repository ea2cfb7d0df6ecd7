"""Topics in: who customers are. Each event joins what is kept, whatever came before it."""

from __future__ import annotations

from collections.abc import Sequence

from services.feedback.customers import store
from services.feedback.customers.events import read_locales, read_stages, read_tiers
from shared import pointers
from shared.contracts.customers import CustomerEvent
from shared.contracts.lifecycle import LifecycleEvent
from shared.contracts.loyalty import LoyaltyTiersEvent
from shared.messaging.handling import Delivery, Work
from shared.messaging.naming import numbers_of


async def on_customers(work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
    """The handler of `customers.v1`: pointers and languages."""
    numbers = numbers_of(work, deliveries)
    told = pointers.told_of(deliveries, numbers, work.refuse)
    usable = [deliveries[one.position] for one in told]
    if news := await pointers.news(work.tx.conn, told):
        await store.hold_pointers(work.tx.conn, {shop for shop, _ in news}, alone=True)
        await pointers.heed(work.tx.conn, news)
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
