"""Folds what many shards wrote, a while after the first change, in short steps until nothing is left.

One timer for each shop. While orders flow it comes back every minute; a step locks some of the shop's counters, so
writers of the same ones wait some tens of milliseconds at the most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from services.metrics.counters.store.folding import ROWS_MAX, fold
from shared.contracts.shops import Shop
from shared.kernel import ShopId
from shared.messaging.handling import Timer, Work

FOLD_TIMER = "counter_fold"
PAUSE = timedelta(minutes=1)
BREATH = timedelta(seconds=1)
"""Between two steps: writers come first."""


def announce(work: Work, partitions: Mapping[Shop, int]) -> None:
    """After a batch: have the shops' counters folded in a minute. `partitions`: one that the shop's orders came by."""
    for shop, partition in partitions.items():
        work.tx.set_timer(Timer(ShopId(shop.number), FOLD_TIMER, "", work.tx.now + PAUSE, partition))


async def fold_shops(work: Work, timers: Sequence[Timer]) -> None:
    """Timer handler: one step for each shop; soon another where rows are left."""
    for timer in sorted(timers, key=lambda timer: timer.shop):
        if await fold(work.tx.conn, int(timer.shop)) == ROWS_MAX:
            work.tx.set_timer(Timer(timer.shop, FOLD_TIMER, "", work.tx.now + BREATH, timer.partition))
