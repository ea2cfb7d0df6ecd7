"""Clock Advanced of raw.orders.v1 → `clock.advanced` into every partition of orders.v1.

What makes the promise of `clock.advanced` true (all orders that occurred before lie before it): whoever moves a shop's
time holds the lock of its row, and has then read what every partition told. The batches that told it are committed or
are this one, and so are all earlier batches of those partitions, since the fence lets a partition's batches follow each
other only. Their orders are in the outbox with smaller ids, or have left it; the barrier goes when none is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.clocks import store
from services.gateway.clocks.domain import Refusal, Told, check, furthest, steps
from services.gateway.clocks.events import clock_advanced, received, told
from shared.contracts import topics
from shared.contracts.raw_orders import RawClockEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work

_ON_THE_WALL = (
    "type: the shop's time is the wall's, so nobody may tell it; `mandegar shops set SLUG --clock stream` changes that,"
    " then replay"
)
_IN_THE_LANE = "type: history of the lane moves no clock; replay with --stream-time into the live topic"


async def advance(work: Work, deliveries: Sequence[Delivery[RawClockEvent]]) -> None:
    """Note how far time has come, and tell where it goes on. To be called after all orders of the batch are published.

    The lock is the last one that a transaction of this service takes.
    """
    heard: dict[int, tuple[Shop, dict[int, list[Told]]]] = {}
    for delivery in deliveries:
        shop, one = work.shop(delivery.event.shop), told(delivery)
        try:
            if delivery.topic != topics.RAW_ORDERS:
                raise Refusal("clock_in_lane", _IN_THE_LANE)
            if shop.clock != "stream":
                raise Refusal("wall_clock", _ON_THE_WALL)
            check(one, delivery.partition, received(delivery))
        except Refusal as refusal:
            work.refuse(delivery, refusal.reason, refusal.detail)
            continue
        heard.setdefault(shop.number, (shop, {}))[1].setdefault(delivery.partition, []).append(one)
    for number in sorted(heard):
        await _advance_shop(work, *heard[number])


async def _advance_shop(work: Work, shop: Shop, heard: dict[int, list[Told]]) -> None:
    conn = work.tx.conn
    before = await store.lock(conn, shop.number)
    standing = await store.tell(conn, shop.number, {place: furthest(those) for place, those in heard.items()})
    onward = steps(before, standing, [one for those in heard.values() for one in those])
    if not onward:
        return
    await store.move(conn, shop.number, onward[-1].until)
    partitions = max(one.partitions for one in standing.values())
    for step in onward:
        for key, event in clock_advanced(shop, step, partitions):
            work.tx.publish_barrier(topics.ORDERS, key, event)
