"""Segments follow profiles: in the transaction that changes these, and when a day has come that changes an answer."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from services.campaigns import audience
from services.campaigns.clocks import shops_of, times_of
from services.campaigns.segments.keeping import TIMER, Touch, settle_all
from shared import clocks
from shared.contracts.campaigns import CampaignsMessageEvent, MessageClicked, MessageOpened, MessageSent
from shared.kernel import parse_customer_id
from shared.messaging.handling import Delivery, Handler, Timer, TimerHandler, Work

Touching = Callable[[Work, Sequence[Delivery[Any]]], Awaitable[Collection[audience.Key]]]
"""A handler that gives the identities, by shop, of whom it may have changed what is known."""


def following(handler: Touching, asking: str | None = None) -> Handler:
    """The handler, and after it who belongs to segments. `asking`: only where a condition of the shop needs that."""

    async def handle(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        touched = await handler(work, deliveries)
        if not touched:
            return
        shops = {shop.number: shop for shop in {work.shop(delivery.event.shop) for delivery in deliveries}}
        numbers = {shop.slug: number for number, shop in shops.items()}
        named, others = _touches(deliveries, numbers)
        await settle_all(work.tx, shops, {one: named.get(one) or others[one[0]] for one in touched}, "event", asking)

    return handle


async def on_messages(work: Work, deliveries: Sequence[Delivery[CampaignsMessageEvent]]) -> set[audience.Key]:
    """Customers of whom it was told that a message has gone out, or that they did something about it.

    What conditions ask for is kept already, in the transactions that tell of it.
    """
    found: set[audience.Key] = set()
    for delivery in deliveries:
        event = delivery.event
        if not isinstance(event, MessageSent | MessageOpened | MessageClicked) or getattr(event.data, "machine", False):
            continue
        with contextlib.suppress(ValueError):  # our own topic: others name nobody
            found.add((work.shop(event.shop).number, int(parse_customer_id(event.data.customer))))
    return found


async def on_timers(work: Work, timers: Sequence[Timer]) -> None:
    """The handler of timers: persons of whom a day may have changed something."""
    shops = await shops_of(work.tx.conn, {int(one.shop) for one in timers})
    touched: dict[audience.Key, Touch] = {}
    for number, shop in sorted(shops.items()):
        own = {parse_customer_id(one.identity): _partition(one) for one in timers if one.shop == number}
        times = await times_of(work.tx.conn, shop, set(own.values()), work.tx.now)
        for customer, partition in own.items():
            origin = times[partition].origin if partition in times else "live"
            touched[number, int(customer)] = Touch(partition, origin)
    await settle_all(work.tx, shops, touched, "time")


TIMERS: Mapping[str, TimerHandler] = {TIMER: on_timers}


def _partition(timer: Timer) -> int:
    return timer.partition if timer.partition >= 0 else clocks.place_of(timer.partition)[1]


def _touches(
    deliveries: Sequence[Delivery[Any]], numbers: Mapping[str, int]
) -> tuple[dict[audience.Key, Touch], dict[int, Touch]]:
    """(how those came whom events name; how the others of a shop did). What anything live is said of is live."""
    named: dict[audience.Key, Touch] = {}
    others: dict[int, Touch] = {}
    for delivery in deliveries:
        event = delivery.event
        number, touch = numbers[event.shop], Touch(delivery.partition, event.origin)
        others[number] = _livelier(others.get(number), touch)
        name = getattr(event.data, "customer", None)
        try:
            one = (number, int(parse_customer_id(name))) if isinstance(name, str) else None
        except ValueError:
            continue
        if one is not None:
            named[one] = _livelier(named.get(one), touch)
    return named, others


def _livelier(one: Touch | None, other: Touch) -> Touch:
    return other if one is None or (one.origin == "backfill" and other.origin != "backfill") else one
