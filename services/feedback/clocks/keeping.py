"""Clocks of shops: what `clock.advanced` tells is kept; what the time of a shop is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared import clocks
from shared.clocks import Moment, timers_of
from shared.contracts.envelope import Origin
from shared.contracts.orders import ClockAdvanced, OrdersEvent
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import Zone
from shared.messaging.handling import Delivery, Timer, Work

_LEAST = "SELECT min(until) AS until FROM shop_clock WHERE shop = $1"
_BACKFILL = "SELECT 1 FROM shop_clock WHERE shop = $1 AND origin = 'backfill' LIMIT 1"


async def heed(work: Work, deliveries: Sequence[Delivery[OrdersEvent]], shops: Mapping[str, Shop]) -> None:
    """Set clocks forward as far as a batch says. `shops`: all of it, by slug."""
    moved: dict[tuple[int, int], Moment] = {}
    for delivery in deliveries:
        event = delivery.event
        if not isinstance(event, ClockAdvanced):
            continue
        shop, until = shops[event.shop], event.data.until
        place = shop.number, delivery.partition
        if place not in moved or until > moved[place].until:
            moved[place] = Moment(until, int(Zone(shop.zone).day_of(until)), event.origin)
    await clocks.move(work.tx.conn, moved)


def place_of(shop: Shop, partition: int) -> int:
    """The partition of a timer that follows the shop's time."""
    return timers_of(shop.number, partition) if shop.clock == "stream" else partition


def time_of(shop: Shop, now: datetime, timer: Timer) -> datetime:
    """What time it is for a timer that fires: the time of a shop that goes by its events has come as far as the timer,
    and who knows how far more."""
    return timer.due if shop.clock == "stream" else now


async def time_now(reads: Reads, shop: Shop, now: datetime) -> datetime:
    """The shop's time for what no event causes: the wall's, or how far its events have all come."""
    if shop.clock != "stream":
        return now
    row = await reads.fetchrow(_LEAST, shop.number)
    return now if row is None or row["until"] is None else row["until"]


async def origin_of(reads: Reads, shop: Shop) -> Origin:
    """Of what a timer of the shop does: history, where replayed history drives its clock."""
    history = shop.clock == "stream" and await reads.fetchrow(_BACKFILL, shop.number) is not None
    return "backfill" if history else "live"
