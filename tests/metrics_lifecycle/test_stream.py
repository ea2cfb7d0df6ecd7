"""On the stream clock, what is published of a customer follows from their events in their order alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from services.metrics.main import create_service
from shared.contracts.envelope import Envelope
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
