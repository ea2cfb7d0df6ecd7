"""How far the clocks of shops have come: kept from `orders.v1`, asked by whoever needs to know what time it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from shared import clocks
from shared.clocks import Moment, Place, timers_of
from shared.contracts.orders import ClockAdvanced, OrdersEvent
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import Zone
from shared.messaging.handling import Delivery, Work

_LEAST = "SELECT min(until) AS until FROM shop_clock WHERE shop = $1"
_SHOPS = "SELECT settings::text AS settings FROM shop WHERE number = ANY($1::smallint[])"


class Told(NamedTuple):
    """What a clock says, and the origin of what it does by itself."""

    until: datetime
    origin: str


async def keep_clocks(work: Work, deliveries: Sequence[Delivery[OrdersEvent]]) -> None:
    """A handler of `orders.v1`, beside others: clocks go forward, and timers that follow them fall due."""
    moved: dict[Place, Moment] = {}
    for delivery in deliveries:
        event = delivery.event
        if not isinstance(event, ClockAdvanced):
            continue
        shop = work.shop(event.shop)
        until, place = event.data.until, (shop.number, delivery.partition)
        if place not in moved or until > moved[place].until:
            moved[place] = Moment(until, Zone(shop.zone).day_of(until), event.origin)
    await clocks.move(work.tx.conn, moved)


async def time_of(reads: Reads, shop: Shop, now: datetime) -> datetime:
    """The shop's time for what belongs to no partition: the wall's, `now`, or how far its events have all come."""
    if shop.clock != "stream":
        return now
    row = await reads.fetchrow(_LEAST, shop.number)
    return now if row is None or row["until"] is None else row["until"]


async def times_of(
    conn: asyncpg.Connection[Any], shop: Shop, places: Collection[int], now: datetime
) -> dict[int, Told]:
    """The shop's time by partition; a partition of which nobody has told yet is left out."""
    if shop.clock != "stream":
        return dict.fromkeys(places, Told(now, "live"))
    found = await clocks.read(conn, {(shop.number, partition) for partition in places})
    return {partition: Told(*told) for (_, partition), told in found.items()}


async def shops_of(reads: Reads, numbers: Collection[int]) -> dict[int, Shop]:
    """Shops by number, as timers name them."""
    rows = await reads.fetch(_SHOPS, sorted(numbers))
    return {shop.number: shop for shop in (msgspec.json.decode(row["settings"], type=Shop) for row in rows)}


def place_of(shop: Shop, partition: int) -> int:
    """Where timers lie that follow the shop's time in a partition."""
    return timers_of(shop.number, partition) if shop.clock == "stream" else partition
