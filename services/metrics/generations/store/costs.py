"""What a change of settings will cost, before it is made."""

from __future__ import annotations

from services.metrics.generations.domain.progress import Cost, cost_of
from services.metrics.generations.domain.settings import Choices, built_with
from services.metrics.generations.store.progress import live, size_of
from shared.db import Reads


async def cost_of_change(reads: Reads, shop: int, wanted: Choices) -> Cost:
    """Orders and customers to be counted anew, and estimates of seconds; nothing for what changes no figure.

    Counts the shop's orders: the cost of this question grows with them.
    """
    now = await live(reads, shop)
    if now is None:
        return cost_of((), keeps_days=True, keeps_stages=True, orders=0, customers=0)
    orders, customers = await size_of(reads, shop, now.counters.generation)
    before = built_with(now)
    changed = tuple(wanted.changed(before))
    return cost_of(
        changed,
        keeps_days=wanted.keeps_days(before),
        keeps_stages=wanted.keeps_stages(before),
        orders=orders,
        customers=customers,
    )
