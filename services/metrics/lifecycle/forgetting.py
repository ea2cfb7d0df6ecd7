"""Days of visits have the shop's term, where nothing rests on them: where stages go by orders.

A walk over the shop's customers once a day, some thousand rows in a transaction. What comes later than its term, and
what a rebuild reads from the topic again, goes with the next walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from services.metrics import counters
from services.metrics.lifecycle.domain.thresholds import Activity
from services.metrics.lifecycle.shops import lives_of
from services.metrics.lifecycle.speaking import Life
from services.metrics.lifecycle.store import visits
from shared.contracts.shops import Shop
from shared.kernel import ShopId
from shared.messaging.handling import Timer, Work

log = structlog.get_logger(__name__)

VISITS_TIMER = "visit_term"
"""Its identity is the slug, and the customer that the walk has come to."""
ROWS_AT_ONCE = 20_000
_BREATH = timedelta(milliseconds=100)
_DAY = timedelta(days=1)
_MONTH_DAYS = 30.4375


def watch_visits(work: Work, shop: Shop, partition: int) -> None:
    """Have somebody look after a day, so that a mistake can be taken back."""
    if shop.visit_months:
        due = work.tx.now + _DAY
        work.tx.set_timer(Timer(ShopId(shop.number), VISITS_TIMER, f"{shop.slug}/0", due, partition))


async def forget_visits(work: Work, timers: Sequence[Timer]) -> None:
    """Timer handler: some of the days that are older than the shop keeps them."""
    for timer in sorted(timers, key=lambda one: one.shop):
        slug, _, after = timer.identity.rpartition("/")
        shop = work.shop(slug)
        if not shop.visit_months:
            continue
        again, reached = _DAY, 0
        held = await counters.hold(work.tx.conn, [shop.number])
        life = (await lives_of(work, [shop]))[shop.number]
        if _is_free(life, shop) and shop.number not in held.built | held.settling:
            last = await _walk(work, shop, life, int(after))
            if last is not None:
                again, reached = _BREATH, last
        due = work.tx.now + again
        work.tx.set_timer(Timer(timer.shop, VISITS_TIMER, f"{slug}/{reached}", due, timer.partition))


def _is_free(life: Life, shop: Shop) -> bool:
    """Whether no stage rests on visits, of those in force and those that were chosen. Time of replays is no term."""
    return shop.lifecycle.activity == "orders" and life.rules.activity is Activity.ORDERS and not life.streams


async def _walk(work: Work, shop: Shop, life: Life, after: int) -> int | None:
    first = int(life.zone.day_of(work.tx.now)) - round(shop.visit_months * _MONTH_DAYS)
    gone, last = await visits.forget_before(work.tx.conn, shop.number, first, after=after, limit=ROWS_AT_ONCE)
    if gone:
        log.info("days of visits have had their term", shop=shop.number, rows=gone)
    return last
