"""Plays a stream of events between services into metrics: by its own clocks, or by a wall clock that is set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from mandegar.generating import Inside
from mandegar.generating.inside import Entry
from shared.contracts.envelope import message_key
from shared.contracts.shops import Lifecycle, Shop
from shared.contracts.topics import INTERACTIONS, ORDERS
from shared.kernel import FixedClock, Zone
from shared.messaging.partitioning import partition_of
from shared.testing import Harness
from tests.proof.truth import Truth, truth_of

PARTITIONS = 12
NOW = datetime(2016, 1, 15, 12, tzinfo=UTC)
"""On the wall, while a stream of 2014 is played by its own clocks."""
EDGES = (60, 15, 30, 45)
"""Days on which something falls due in these shops."""
LIFECYCLES = (
    Lifecycle(lost_days=60, onboarding_days=15, lapsing_days=30, lapsing_floor=3),
    Lifecycle(lost_days=90, onboarding_days=30, lapsing="fixed", lapsing_days=45, activity="visits"),
    Lifecycle(lost_days=60, onboarding_days=10, lapsing_days=15, lapsing_quantile=50, activity="either"),
    Lifecycle(lost_days=45, onboarding_days=60, lapsing="fixed", lapsing_days=30),
    Lifecycle(lost_days=120, onboarding_days=15, lapsing_quantile=60, lapsing_days=45, activity="visits"),
    Lifecycle(lost_days=30, onboarding_days=30, lapsing="fixed", lapsing_days=30, activity="either"),
)


@dataclass
class Played:
    """What was played, and what must stand."""

    shops: list[Shop]
    truths: dict[str, Truth]
    clock: FixedClock
    dead_letters: int = field(default=0)


def shops_of(stream: Inside, *, clock: str) -> list[Shop]:
    """The shops of a stream, each with settings of its own."""
    return [
        Shop(
            number=at + 1, slug=shop.slug, name=shop.name, zone=shop.zone, currency=shop.currency,
            calendar="jalali" if at == 0 else "gregorian", clock=clock,  # type: ignore[arg-type]  # one of two words
            lifecycle=LIFECYCLES[at % len(LIFECYCLES)], windows=((30, 90), (60, 180), (45,), (30, 365))[at % 4],
            periods=((30,), (15, 60), (), (90,))[at % 4], loyal_over=(4, 1, 2)[at % 3], closing_days=(3, 0, 28)[at % 3],
        )
        for at, shop in enumerate(stream.shops)
    ]  # fmt: skip


async def play_by_stream(harness: Harness, stream: Inside, *, batch: int, rng: Random) -> Played:
    """All entries in order of arrival; time goes by the clocks among them."""
    shops = shops_of(stream, clock="stream")
    await harness.configure(*shops)
    for entries in _parts(stream.entries, batch, rng):
        await _feed(harness, entries, batch)
        if rng.random() < 0.5:
            await harness.fire(ORDERS, range(PARTITIONS))
    await harness.fire(ORDERS, range(PARTITIONS))
    truths = {}
    for shop in shops:

        def place(customer: str, slug: str = shop.slug) -> int:
            return partition_of(message_key(slug, customer), PARTITIONS)

        arrived = _orders(stream.entries, shop.slug)
        untils = [json.loads(value)["data"]["until"] for _, value in arrived if b'"clock.advanced"' in value]
        end = Zone(shop.zone).day_of(max(datetime.fromisoformat(until) for until in untils))
        truths[shop.slug] = truth_of(shop, arrived, _visits(stream, shop.slug), end, partition_of=place)
    return Played(shops, truths, FixedClock(NOW))


async def play_by_wall(
    harness: Harness, stream: Inside, clock: FixedClock, *, batch: int, rng: Random, tail_days: int
) -> Played:
    """All entries when they arrive, and the start of each day of each shop between them; `clock` is the harness's."""
    shops = shops_of(stream, clock="wall")
    await harness.configure(*shops)
    entries_by_time = sorted(stream.entries, key=lambda entry: entry.received)
    first, last = entries_by_time[0].received, entries_by_time[-1].received + timedelta(days=tail_days)
    starts: dict[datetime, list[str]] = {}
    for shop in shops:
        for start in _starts(shop, first, last):
            starts.setdefault(start, []).append(shop.slug)
    arrived: dict[str, list[tuple[int, bytes]]] = {shop.slug: [] for shop in shops}
    waiting = entries_by_time[::-1]
    for start in sorted(starts):
        entries = []
        while waiting and waiting[-1].received < start:
            entries.append(waiting.pop())
        if entries:
            clock.instant = entries[-1].received
            for part in _parts(entries, batch, rng):
                await _feed(harness, part, batch)
            for slug in arrived:
                arrived[slug] += _orders(entries, slug)
        clock.instant = start
        await harness.fire(ORDERS, range(PARTITIONS))
        for slug in starts[start]:
            if arrived[slug]:  # a shop's figure is kept from its first order on
                arrived[slug].append((0, _day_begins(slug, start)))
    truths = {
        shop.slug: truth_of(shop, arrived[shop.slug], _visits(stream, shop.slug), Zone(shop.zone).day_of(clock.instant))
        for shop in shops
    }
    return Played(shops, truths, clock)


async def _feed(harness: Harness, entries: Sequence[Entry], batch: int) -> None:
    for topic in (ORDERS, INTERACTIONS):
        placed = [(entry.partition, entry.value) for entry in entries if entry.topic == topic]
        await harness.feed_placed(topic, placed, batch=batch)


def _parts(entries: Sequence[Entry], batch: int, rng: Random) -> Iterator[Sequence[Entry]]:
    """Batches of uneven sizes, in order."""
    at = 0
    while at < len(entries):
        size = rng.randint(max(1, batch // 2), batch)
        yield entries[at : at + size]
        at += size


def _orders(entries: Sequence[Entry], slug: str) -> list[tuple[int, bytes]]:
    mark = f'"shop":"{slug}"'.encode()
    return [(entry.partition, entry.value) for entry in entries if entry.topic == ORDERS and mark in entry.value]


def _visits(stream: Inside, slug: str) -> list[tuple[str, int]]:
    return [(visit.customer, visit.day.toordinal()) for visit in stream.visits if visit.shop == slug]


def _starts(shop: Shop, first: datetime, last: datetime) -> Iterator[datetime]:
    zone = Zone(shop.zone)
    day = zone.day_of(first)
    while (start := zone.start_of(day)) <= last:
        if start > first:
            yield start
        day = type(day)(day + 1)


def _day_begins(slug: str, start: datetime) -> bytes:
    told: dict[str, Any] = {"type": "clock.advanced", "shop": slug, "data": {"until": start.isoformat()}}
    return json.dumps(told).encode()
