"""Merges on the stream clock: every stage ends as if events had named whom their customers are counted as."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from services.metrics.lifecycle.domain.stages import history
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE
from services.metrics.lifecycle.events import rules_of
from services.metrics.main import create_service
from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.topics import CUSTOMERS, INTERACTIONS, ORDERS
from shared.kernel import FixedClock, Zone, derive_event_id, parse_customer_id
from shared.testing import Databases, running
from tests.metrics.streams import NOW
from tests.metrics.test_identities import PEOPLE, Identities
from tests.metrics_lifecycle.ground import FIXED, PARTITIONS, dirty, expected, interleaved, shop_of, standing
from tests.metrics_lifecycle.test_stream import orders_of, partitions_of
from tests.metrics_lifecycle.test_visits import START as FIRST
from tests.metrics_lifecycle.test_visits import ordered, visited

pytestmark = pytest.mark.stack
VISITS = replace(FIXED, activity="visits")


def ticked(day: int, partition: int) -> ClockAdvanced:
    """A day begins in a partition."""
    at = FIRST.replace(hour=0) + timedelta(days=day)
    identity = derive_event_id(int(at.timestamp() * 1000), "demo", str(partition), "clock.advanced")
    return ClockAdvanced(id=identity, source="tests", subject="demo", time=at, shop="demo", data=Clock(until=at))


@pytest.mark.parametrize(("seed", "parts_all"), [(1, False), (2, False), (3, True)])
async def test_merges_between_orders_and_ticks_end_in_the_truth(
    databases: Databases, seed: int, parts_all: bool
) -> None:
    shop, rng = shop_of(FIXED), Random(seed)
    streams, identities = dirty(seed, shop), Identities(rng)
    events, sent = interleaved(streams, rng), 0
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(shop)
        for at in range(0, len(events), 40):
            await harness.feed_placed(ORDERS, events[at : at + 40], batch=rng.choice((1, 7, 500)))
            one, other = rng.sample(PEOPLE, 2)
            if rng.random() < 0.6:
                identities.merge(shop, one, other)
            else:
                identities.unmerge(shop, one)
            if parts_all and at > len(events) // 2:
                identities.unmerge_all()
            new, sent = identities.events[sent:], len(identities.events)
            await harness.feed_placed(CUSTOMERS, [(rng.randrange(PARTITIONS), event) for event in new])
            if rng.random() < 0.5:
                await harness.fire(ORDERS, range(PARTITIONS))
        await harness.fire(ORDERS, range(PARTITIONS))
        assert await harness.dead_letters() == []
        found = await standing(harness)
    until = Zone(shop.zone).day_of(max(event.time for _, event in streams[0]))
    named = identities.named(orders_of(streams))
    assert identities.into or parts_all
    assert {who: own for who, own in found.items() if own} == expected(
        named, shop, until, {}, dict.fromkeys(range(100), 0) | partitions_of(streams)
    )


@pytest.mark.parametrize("seed", range(4))
async def test_visits_of_the_merged_may_be_ahead_of_the_clock_that_their_orders_come_by(
    databases: Databases, seed: int
) -> None:
    rng, shop = Random(seed), shop_of(VISITS, zone="UTC")
    identities = Identities(rng)
    who = {name: at % PARTITIONS for at, name in enumerate(PEOPLE)}
    days = {kind: {name: sorted(rng.sample(range(100), rng.randrange(1, 30))) for name in who} for kind in "ov"}
    streams: list[list[tuple[str, int, Any]]] = []
    for partition in range(PARTITIONS):
        own: list[tuple[str, int, Any]] = []
        for day in range(160):
            own.append((ORDERS, partition, ticked(day, partition)))
            for name in [name for name, place in who.items() if place == partition]:
                own += [(INTERACTIONS, partition, visited(day, name))] * (day in days["v"][name])
                own += [(ORDERS, partition, ordered(day, name))] * (day in days["o"][name])
        streams.append(own[::-1])
    sent = 0
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(shop)
        while any(streams):
            stream = rng.choice([stream for stream in streams if stream])
            for topic, *placed in [stream.pop() for _ in range(min(len(stream), rng.choice((2, 6, 90))))]:
                await harness.feed_placed(topic, [tuple(placed)])
            if rng.random() < 0.5:
                identities.merge(shop, *rng.sample(PEOPLE, 2))
            elif rng.random() < 0.5:
                identities.unmerge(shop, rng.choice(PEOPLE))
            new, sent = identities.events[sent:], len(identities.events)
            await harness.feed_placed(CUSTOMERS, [(rng.randrange(PARTITIONS), event) for event in new])
            await harness.fire(ORDERS, range(PARTITIONS))
        assert await harness.dead_letters() == []
        found = await standing(harness)
    truth, first = {}, FIRST.toordinal()
    for name in who:
        same = [other for other in who if identities.canonical(shop.slug, other) == name]
        ordered_on, seen = ([first + day for one in same for day in days[kind][one]] for kind in "ov")
        changes = history(sorted(ordered_on), sorted(seen), rules_of(VISITS), lambda _: NO_FIGURE, first + 159)[1]
        if changes:
            truth[int(parse_customer_id(name))] = sorted((one.day, one.previous, one.stage) for one in changes)
    assert {customer: own for customer, own in found.items() if own} == truth
