"""Dirty histories of a shop whose time goes by its events, and what a plain reading of all of them says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zlib import crc32

from msgspec.structs import replace

from services.metrics.lifecycle.domain.stages import Transition, history
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE, Figure
from services.metrics.lifecycle.events import rules_of
from shared.contracts.envelope import Envelope
from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.shops import Lifecycle, Shop
from shared.kernel import DayOrdinal, Zone, derive_event_id
from shared.testing import Harness
from tests.metrics.streams import START, Story, facts_of

PARTITIONS = 3
FIXED = Lifecycle(lost_days=40, onboarding_days=9, lapsing="fixed", lapsing_days=15)
PERSONAL = Lifecycle(lost_days=60, onboarding_days=9, lapsing="personal", lapsing_days=20, lapsing_quantile=70)
Placed = tuple[int, Envelope]


def shop_of(lifecycle: Lifecycle = FIXED, zone: str = "Asia/Tehran", **other: Any) -> Shop:
    """A shop on the stream clock."""
    settings = {"clock": "stream", "windows": (lifecycle.lost_days,), "lifecycle": lifecycle, "zone": zone}
    return Shop(number=1, slug="demo", name="Demo", **(settings | other))


def dirty(
    seed: int, shop: Shop, orders: int = 120, customers: int = 14, days: int = 150, *, plain: bool = False
) -> list[list[Placed]]:
    """Events by partition, each in its order: mostly by time, some late; the clock moves on with every day."""
    rng = Random(seed)
    events = one_customer_an_order(Story(rng, shops=[shop], customers=customers, days=days).tell(orders, plain=plain))
    arrivals = [(event.time + _delay(rng, plain=plain), event) for event in events]
    streams: list[list[Placed]] = []
    for partition in range(PARTITIONS):
        own = [(at, 1, event) for at, event in arrivals if partition_of(event) == partition]
        ticks = [(at, 0, _tick(shop, at, partition)) for at in _midnights(shop, days + 120)]
        streams.append([(partition, event) for _, _, event in sorted([*own, *ticks], key=lambda one: one[:2])])
    return streams


def partition_of(event: Envelope) -> int:
    """Where the event comes by: its customer decides."""
    name: str | None = event.data.customer  # type: ignore[attr-defined]  # the union's members each have data of their own
    return crc32((name or "guest").encode()) % PARTITIONS


def one_customer_an_order(events: Sequence[Envelope]) -> list[Envelope]:
    """An order that changes hands would be told by two partitions: the front door keys it by its customer."""
    whose: dict[str, str | None] = {}
    kept = []
    for event in events:
        data: Any = event.data  # type: ignore[attr-defined]  # the union's members each have data of their own
        name = whose.setdefault(data.order_id, data.customer)
        kept.append(replace(event, data=replace(data, customer=name)))
    return kept


def _delay(rng: Random, *, plain: bool) -> timedelta:
    if plain:
        return timedelta(0)
    return timedelta(days=rng.choice((0, 0, 0, 0, 0, 0, 1, 12, 50)))


def _midnights(shop: Shop, days: int) -> list[datetime]:
    zone = Zone(shop.zone)
    first = zone.day_of(START)
    return [zone.start_of(DayOrdinal(first + at)) for at in range(days)]


def _tick(shop: Shop, at: datetime, partition: int) -> Envelope:
    return ClockAdvanced(
        id=derive_event_id(int(at.timestamp() * 1000), shop.slug, f"{partition}", "clock.advanced"),
        source="mandegar/tests",
        subject=shop.slug,
        time=at,
        shop=shop.slug,
        data=Clock(until=at),
    )


def interleaved(streams: Sequence[Sequence[Placed]], rng: Random) -> list[Placed]:
    """Partitions mixed at random, each in its order."""
    left = [list(reversed(stream)) for stream in streams]
    found = []
    while any(left):
        one = rng.choice([stream for stream in left if stream])
        found += [one.pop() for _ in range(min(len(one), rng.choice((1, 1, 3, 20, 200))))]
    return found


def ahead(streams: Sequence[Sequence[Placed]], rng: Random) -> list[list[Placed]]:
    """The same, as several partitions of the raw topic leave them: orders come before the word of their day.

    Orders of a partition keep their order, and nothing falls behind a word of time that it was ahead of.
    """
    found = []
    for stream in streams:
        left, waiting, mixed = list(reversed(stream)), list[Placed](), list[Placed]()
        while left or waiting:
            is_word = bool(left) and isinstance(left[-1][1], ClockAdvanced)
            if left and (not is_word or rng.random() < 0.97):
                (waiting if is_word else mixed).append(left.pop())
            else:  # words that were held back, up to here
                mixed += waiting or [left.pop()]
                waiting = []
        found.append(mixed)
    return found


async def outbox(harness: Harness) -> dict[bytes, list[bytes]]:
    """What was published of each customer, byte by byte."""
    rows = await harness.pool.fetch("SELECT key, value FROM outbox WHERE topic = 'metrics.lifecycle.v1' ORDER BY id")
    found: dict[bytes, list[bytes]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(value)
    return found


async def standing(harness: Harness) -> dict[int, list[tuple[int, int, int]]]:
    """(day, previous, stage) of what was told of each customer and not taken back, in order of days."""
    rows = await harness.pool.fetch(
        "SELECT customer, day, previous, stage FROM transition WHERE retracted_by IS NULL ORDER BY customer, day, n"
    )
    found: dict[int, list[tuple[int, int, int]]] = {}
    for customer, *key in rows:
        found.setdefault(customer, []).append((key[0], key[1], key[2]))
    return {customer: sorted(keys) for customer, keys in found.items()}


async def figures(harness: Harness) -> dict[int, list[Figure]]:
    """The frozen figures, by partition."""
    rows = await harness.pool.fetch(
        "SELECT partition, day, gaps, gap_days, first_gaps, first_gap_days FROM gap_figure ORDER BY partition, day"
    )
    found: dict[int, list[Figure]] = {}
    for partition, *figure in rows:
        found.setdefault(partition, []).append(Figure(*figure))
    return found


def expected(
    events: Sequence[Envelope], shop: Shop, until: int, known: dict[int, list[Figure]], partition_of: dict[int, int]
) -> dict[int, list[tuple[int, int, int]]]:
    """All stages of all customers, read from everything at once."""
    days: dict[int, list[int]] = {}
    for fact in facts_of(events, shop):
        if fact.customer:
            days.setdefault(fact.customer, []).append(fact.day)
    found = {}
    for customer, own in days.items():
        frozen = known.get(partition_of[customer], [])

        def figure_of(day: int, frozen: Sequence[Figure] = frozen) -> Figure:
            return max(
                (one for one in frozen if (one.day or 0) <= day), default=NO_FIGURE, key=lambda one: one.day or 0
            )

        changes: list[Transition] = history(sorted(own), [], rules_of(shop.lifecycle), figure_of, until)[1]
        found[customer] = sorted((one.day, int(one.previous), int(one.stage)) for one in changes)
    return found
