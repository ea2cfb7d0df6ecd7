"""On the stream clock, what is published of a customer follows from their events in their order alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from mandegar.demo.stages import rules_of as stage_rules_of
from mandegar.recount.arriving import figures_met
from mandegar.recount.crowds import changes_of_crowd
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.main import create_service
from shared.contracts.envelope import Envelope, encode
from shared.contracts.orders import OrderCompleted
from shared.contracts.shops import Lifecycle, Shop
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock, Zone
from shared.testing import Databases, Harness, running
from tests.metrics.streams import NOW
from tests.metrics_lifecycle.ground import (
    FIXED,
    PARTITIONS,
    PERSONAL,
    Placed,
    ahead,
    dirty,
    expected,
    figures,
    interleaved,
    outbox,
    shop_of,
    standing,
)

pytestmark = pytest.mark.stack


@asynccontextmanager
async def worker(databases: Databases, shop: Shop) -> AsyncIterator[Harness]:
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(shop)
        yield harness


async def run(harness: Harness, events: Sequence[Placed], batch: int, rng: Random) -> None:
    step = max(batch, 400) if batch > 1 else 150
    for at in range(0, len(events), step):
        await harness.feed_placed(ORDERS, events[at : at + step], batch=batch)
        if rng.random() < 0.5:
            await harness.fire(ORDERS, range(PARTITIONS))
    await harness.fire(ORDERS, range(PARTITIONS))


def orders_of(streams: Sequence[Sequence[Placed]]) -> list[Envelope]:
    return [event for stream in streams for _, event in stream if type(event).__name__ != "ClockAdvanced"]


def partitions_of(streams: Sequence[Sequence[Placed]]) -> dict[int, int]:
    found = {}
    for stream in streams:
        for partition, event in stream:
            name = getattr(event.data, "customer", None)  # type: ignore[attr-defined]  # the union's members each have data of their own
            if name:
                found[int(name, 32)] = partition
    return found


@pytest.mark.parametrize(("seed", "lifecycle"), [(1, FIXED), (2, PERSONAL)])
async def test_batches_and_interleavings_publish_the_same_bytes_and_end_in_the_truth(
    databases: Databases, seed: int, lifecycle: Lifecycle
) -> None:
    shop = shop_of(lifecycle)
    personal = lifecycle.lapsing == "personal"
    streams = dirty(seed, shop, orders=260 if personal else 120)
    rng = Random(seed)
    published = []
    for batch in (20_000, 7, 1):
        async with worker(databases, shop) as harness:
            await run(harness, interleaved(streams, rng), batch, rng)
            assert await harness.dead_letters() == []
            published.append(await outbox(harness))
            known = await figures(harness)
            until = Zone(shop.zone).day_of(max(event.time for _, event in streams[0]))
            truth = expected(orders_of(streams), shop, until, known, partitions_of(streams))
            assert await standing(harness) == truth
            resting = await harness.pool.fetchval("SELECT count(*) FROM customer_state WHERE figure_day > 0")
            assert (resting > 5) == personal, "thresholds of their own"
    assert published[0], "nothing was published, so this showed nothing"
    assert published[0] == published[1] == published[2]


async def test_fixed_thresholds_come_to_the_same_however_far_orders_are_ahead_of_the_word_of_their_day(
    databases: Databases,
) -> None:
    shop, rng = shop_of(FIXED), Random(5)
    streams = dirty(5, shop)
    until = Zone(shop.zone).day_of(max(event.time for _, event in streams[0]))
    truth = expected(orders_of(streams), shop, until, {}, partitions_of(streams))
    for batch in (20_000, 9):
        async with worker(databases, shop) as harness:
            await run(harness, interleaved(ahead(streams, rng), rng), batch, rng)
            assert await standing(harness) == truth


async def test_figures_hold_what_was_known_when_their_day_was_told_and_orders_ahead_of_it_meet_an_earlier_one(
    databases: Databases,
) -> None:
    """Where the raw topic's partitions interleave, personal thresholds follow from how: decision 10 says why."""
    shop, rng = shop_of(PERSONAL), Random(5)
    streams = dirty(5, shop, orders=260, plain=True)
    until = Zone(shop.zone).day_of(max(event.time for _, event in streams[0]))
    bought: dict[str, list[int]] = {}
    for event in orders_of(streams):
        if isinstance(event, OrderCompleted) and event.data.customer:
            bought.setdefault(event.data.customer, []).append(Zone(shop.zone).day_of(event.time))
    known = []
    for batch, own in ((20_000, streams), (20_000, ahead(streams, rng)), (9, ahead(streams, rng))):
        came = interleaved(own, rng)
        async with worker(databases, shop) as harness:
            await run(harness, came, batch, rng)
            known.append(await figures(harness))
            met = figures_met([(place, encode(event)) for place, event in came], shop.slug, shop.zone, 70)
            told = changes_of_crowd(bought, stage_rules_of(shop.lifecycle), {}, until, in_force=met)
            assert await standing(harness) == {
                int(name, 32): sorted((one.day, _number(one.previous), _number(one.stage)) for one in changes)
                for name, changes in told.items()
            }
    in_time, *early = [{(place, one.day): one for place in of for one in of[place]} for of in known]
    for of in early:
        assert of.keys() == in_time.keys()
        assert all(of[day].gaps >= in_time[day].gaps for day in of), "what ended before the day is in its figure"
        assert any(of[day].gaps > in_time[day].gaps for day in of), "and what was ahead of it as well"


def _number(stage: str) -> int:
    return int(Stage[stage.upper()])
