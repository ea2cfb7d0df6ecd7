"""The same stories as the services tell them to one another: `orders.v1` and `interactions.v1`, receipts, clocks.

For tests of what lies behind the front door. Customers are surrogates, money is in minor units, every event says when
it was first received, and on a clock of the stream each partition hears of every new day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from mandegar.generating.arrival import arrive
from mandegar.generating.outcome import order_event, visit_event
from mandegar.generating.shops import GeneratedShop, pick_instant
from mandegar.generating.stories import Fact
from mandegar.generating.stream import Settings, seeded, shops_of, stories
from shared.contracts import topics
from shared.contracts.envelope import Envelope, encode, message_key
from shared.contracts.orders import Clock, ClockAdvanced
from shared.kernel import CustomerId, DayOrdinal, Zone, customer_id_text, derive_event_id
from shared.messaging.partitioning import partition_of


class Entry(NamedTuple):
    """One message, as it lies on a topic."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    received: datetime
    """When it arrives; a repetition, when it arrives again."""


class Visit(NamedTuple):
    """An interaction of a known customer, on this day of the shop."""

    shop: str
    customer: str
    day: date


@dataclass(frozen=True, slots=True)
class Inside:
    """`entries` in order of arrival over all partitions; `facts` and `visits` are the truth, customers by surrogate."""

    entries: list[Entry]
    facts: list[Fact]
    visits: list[Visit]
    shops: tuple[GeneratedShop, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    occurred: datetime
    topic: str
    identity: str
    event: Envelope


def generate_inside(
    settings: Settings,
    *,
    visits: float = 0.0,
    clock: bool = False,
    tail_days: int = 0,
    partitions: int = 12,
    nameless: bool = True,
) -> Inside:
    """The stream of these settings, always the same; `settings.bad` lines are left out.

    `visits`: interactions of each customer, on average. `clock`: at the start of each day of each shop a
    `clock.advanced` in every partition, `tail_days` beyond the last event; nothing is shuffled then beyond its delay,
    so that with `settings.in_order` a marker parts what occurred before it from what did not. `nameless`: some refunds
    name no customer, and lie where their order would.
    """
    shops = shops_of(settings)
    facts: list[Fact] = []
    visited: list[Visit] = []
    arriving: list[tuple[float, float, Entry]] = []
    for at, shop in enumerate(shops):
        rng = seeded(settings, f"inside {shop.slug}")
        people = settings.customers // len(shops) + (at < settings.customers % len(shops))
        told = list(_orders(rng, shop, settings, people, facts, nameless=nameless))
        surrogates = sorted({fact.customer for fact in facts if fact.shop == shop.slug and fact.customer})
        visitors = [rng.choice(surrogates) for _ in range(round(visits * len(surrogates)))]
        told += _visits(rng, shop, settings, visitors, visited)
        entries = [
            (place, 1.0, _entry(shop, one, place, received, partitions))
            for place, received, one in arrive(rng, settings, told)
        ]
        arriving += entries
        if clock and entries:
            last = max(place for place, _, _ in entries)
            arriving += _clock(shop, settings.start, last + tail_days * 86_400, partitions)
    if not settings.in_order and not clock:
        shuffling = seeded(settings, "arrival")
        ordered = enumerate(sorted(arriving, key=lambda one: one[:2]))
        arriving = [(place + shuffling.uniform(0, settings.window), 0, entry) for place, (_, _, entry) in ordered]
    return Inside([entry for _, _, entry in sorted(arriving, key=lambda one: one[:2])], facts, visited, shops)


def _entry(shop: GeneratedShop, told: _Told, place: float, received: datetime, partitions: int) -> Entry:
    arrival = datetime.fromtimestamp(place, UTC)
    key = message_key(shop.slug, told.identity)
    event = msgspec.structs.replace(told.event, receivedat=received)
    return Entry(told.topic, partition_of(key, partitions), key, encode(event), arrival)


def _orders(
    rng: Random, shop: GeneratedShop, settings: Settings, people: int, facts: list[Fact], *, nameless: bool
) -> Iterator[_Told]:
    surrogates: dict[str, str] = {}
    for story, _ in stories(rng, shop, settings, people):
        if story.customer is not None:
            if story.customer not in surrogates:
                surrogates[story.customer] = customer_id_text(CustomerId(1 + rng.getrandbits(61)))
            story.customer = surrogates[story.customer]
        facts.append(story.fact())
        for number, event in enumerate(story.events):
            # A refund that comes before its order, or names nobody, reaches the services without a customer.
            unknown = event.kind == "Order Refunded" and not settings.in_order and rng.random() < 0.1
            customer = None if unknown and nameless else story.customer
            made = order_event(shop.slug, story, event, number, customer)
            yield _Told(event.occurred, topics.ORDERS, customer or story.order_id, made)


def _visits(
    rng: Random, shop: GeneratedShop, settings: Settings, customers: Sequence[str], visits: list[Visit]
) -> Iterator[_Told]:
    """An interaction for each of `customers`, in their order; notes them in `visits`."""
    zone = ZoneInfo(shop.zone)
    for number, customer in enumerate(customers):
        moment = pick_instant(rng, zone, settings.start + timedelta(days=rng.randrange(settings.days)))
        visits.append(Visit(shop.slug, customer, moment.astimezone(zone).date()))
        yield _Told(moment, topics.INTERACTIONS, customer, visit_event(shop.slug, customer, moment, number))


def _clock(shop: GeneratedShop, start: date, last: float, partitions: int) -> Iterator[tuple[float, float, Entry]]:
    """A marker for each day that begins up to `last` (epoch seconds), and one of the day after, which ends it."""
    zone, day, ended = Zone(shop.zone), start.toordinal(), False
    while not ended:
        until = zone.start_of(DayOrdinal(day))
        ended = until.timestamp() > last
        for partition in range(partitions):
            name = derive_event_id(int(until.timestamp() * 1000), shop.slug, f"clock:{partition}", "clock.advanced")
            event = ClockAdvanced(
                id=name, source="generated", subject=shop.slug, time=until, shop=shop.slug, data=Clock(until=until),
                receivedat=until.astimezone(UTC),
            )  # fmt: skip
            yield (
                until.timestamp(),
                0.0,
                Entry(topics.ORDERS, partition, message_key(shop.slug, ""), encode(event), until),
            )
        day += 1
