"""Clocks of shops through one batch: how far each had come at an event, and how far it comes in the end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared import clocks
from shared.clocks import Course, Moment, Place
from shared.contracts.envelope import message_key
from shared.contracts.orders import ClockAdvanced
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import CustomerId, Zone, customer_id_text
from shared.messaging import partitioning
from shared.messaging.handling import Delivery, Work

LIVE = "live"
_LEAST = "SELECT min(until) AS until FROM shop_clock WHERE shop = $1"
_TOLD = "SELECT count(*) AS partitions FROM shop_clock WHERE shop = $1"


class Reached(NamedTuple):
    """What the shop's clock said at an event, or says now."""

    day: int
    """Of the shop; 0: nobody has told yet."""
    origin: str
    """Of what the clock does by itself."""


class Clocks:
    """The clocks of a batch of events."""

    def __init__(self, today: Mapping[str, int], numbers: Mapping[str, int], courses: Mapping[Place, Course]) -> None:
        """`today`: of shops on wall time, by slug; `courses`: of the others, which move no more."""
        self._today = {slug: Reached(day, LIVE) for slug, day in today.items()}
        self._courses = courses
        slugs = {number: slug for slug, number in numbers.items()}
        self._reached = {
            (slugs[number], partition): (course.positions, _all_reached(course))
            for (number, partition), course in courses.items()
        }

    def at(self, position: int, delivery: Delivery[Any]) -> Reached:
        """How far the clock of the event's shop had come. `position`: of the event in the batch."""
        slug = delivery.event.shop
        today = self._today.get(slug)
        if today is not None:
            return today
        positions, found = self._reached[slug, delivery.partition]
        return found[bisect_right(positions, position)]

    async def keep(self, work: Work) -> None:
        """Write how far clocks came in this batch; timers that follow them are due then."""
        moved = {place: course.last for place, course in self._courses.items() if course.moved}
        await clocks.move(work.tx.conn, {place: last for place, last in moved.items() if last is not None})


def _all_reached(course: Course) -> list[Reached]:
    """As it stood before it was ever set, and behind each of its moments."""
    return [Reached(0, LIVE), *(Reached(moment.day, moment.origin) for moment in course.moments)]


async def read_clocks(work: Work, deliveries: Sequence[Delivery[Any]], shops: Mapping[str, Shop]) -> Clocks:
    """How the clocks stood before the batch, and how its events move them. `shops`: all of the batch, by slug."""
    zones = {slug: Zone(shop.zone) for slug, shop in shops.items()}
    numbers = {slug: shop.number for slug, shop in shops.items()}
    today = {slug: int(zones[slug].day_of(work.tx.now)) for slug, shop in shops.items() if shop.clock != "stream"}
    told = {delivery.event.shop for delivery in deliveries if type(delivery.event) is ClockAdvanced}
    followed = [slug for slug in shops if slug in told or slug not in today]
    partitions = {delivery.partition for delivery in deliveries} if followed else set()
    courses = {(numbers[slug], partition): Course() for slug in followed for partition in partitions}
    slugs = {number: slug for slug, number in numbers.items()}
    for place, (until, origin) in (await clocks.read(work.tx.conn, courses)).items():
        courses[place].move(-1, Moment(until, zones[slugs[place[0]]].day_of(until), origin))
    for at, delivery in enumerate(deliveries):
        event = delivery.event
        if type(event) is ClockAdvanced:
            until = event.data.until
            moment = Moment(until, zones[event.shop].day_of(until), event.origin)
            courses[numbers[event.shop], delivery.partition].move(at, moment)
    return Clocks(today, numbers, courses)


async def reached(work: Work, shop: Shop, partitions: Sequence[int]) -> dict[int, Reached]:
    """How far the clock of a shop has come, by partition of its events."""
    zone = Zone(shop.zone)
    if shop.clock != "stream":
        return dict.fromkeys(partitions, Reached(int(zone.day_of(work.tx.now)), LIVE))
    known = await clocks.read(work.tx.conn, {(shop.number, partition) for partition in partitions})
    found = dict.fromkeys(partitions, Reached(0, LIVE))
    return found | {of: Reached(int(zone.day_of(until)), origin) for (_, of), (until, origin) in known.items()}


async def time_now(reads: Reads, shop: Shop, now: datetime) -> datetime:
    """The shop's time for what no event causes: the wall's, `now`, or how far its events have all come.

    Of a shop whose events nobody has told yet it is the wall's.
    """
    if shop.clock != "stream":
        return now
    row = await reads.fetchrow(_LEAST, shop.number)
    return now if row is None or row["until"] is None else row["until"]


async def day_now(reads: Reads, shop: Shop, now: datetime) -> int:
    """The shop's day for what no event causes: today, or how far its events have all come; 0: nobody has told."""
    zone = Zone(shop.zone)
    if shop.clock != "stream":
        return int(zone.day_of(now))
    row = await reads.fetchrow(_LEAST, shop.number)
    return 0 if row is None or row["until"] is None else int(zone.day_of(row["until"]))


async def partition_of(reads: Reads, shop: Shop, customer: int) -> int:
    """Whose clock a customer of a shop goes by of whom no event is in hand: that of the partition of their events.

    All partitions are told of time. On wall time they have one clock, so any will do.
    """
    if shop.clock != "stream":
        return 0
    row = await reads.fetchrow(_TOLD, shop.number)
    key = message_key(shop.slug, customer_id_text(CustomerId(customer)))
    return partitioning.partition_of(key, row["partitions"]) if row is not None and row["partitions"] else 0
