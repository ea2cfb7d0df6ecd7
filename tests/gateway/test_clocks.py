"""The stream clock from raw partitions to those of orders: never ahead of an order that occurred before it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from services.gateway.clocks.domain import Refusal, Step, Told, check, steps
from services.gateway.clocks.events import clock_key
from services.gateway.shops import add_shop
from shared.contracts.orders import ClockAdvanced
from shared.db.shards import ALL_SHARDS
from shared.kernel import FixedClock
from shared.messaging.partitioning import partition_of
from tests.gateway.clock_ground import START, Feeder, Topic, clock, raw_streams
from tests.gateway.ground import NOW, Gateway, raw

stack = pytest.mark.stack
DAY = timedelta(days=1)


def told(day: int, partitions: int = 2, origin: Any = "live") -> Told:
    return Told(START + day * DAY, origin, partitions)


def days(found: list[Step]) -> list[float]:
    return [(step.until - START) / DAY for step in found]


def test_time_waits_until_every_partition_has_told() -> None:
    assert steps(None, {0: told(5)}, [told(5)]) == []
    assert days(steps(None, {0: told(5), 1: told(3)}, [told(3)])) == [3]


def test_time_stands_at_the_least_of_all_partitions_and_never_goes_back() -> None:
    assert steps(START + 3 * DAY, {0: told(9), 1: told(3)}, [told(9)]) == []
    assert steps(START + 4 * DAY, {0: told(9), 1: told(3)}, [told(3)]) == []


def test_time_stops_at_every_place_on_its_way() -> None:
    heard = [told(day) for day in (2, 3, 4, 5)]
    assert days(steps(START + DAY, {0: told(4), 1: told(5)}, heard)) == [2, 3, 4]


def test_time_is_history_as_soon_as_one_partition_says_so() -> None:
    standing = {0: told(2), 1: told(2, origin="backfill")}
    assert [step.origin for step in steps(None, standing, [told(2)])] == ["backfill"]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (Told(datetime(2026, 1, 1), "live", 2), "bad_time"),
        (Told(datetime(1969, 1, 1, tzinfo=UTC), "live", 2), "bad_time"),
        (Told(NOW + timedelta(minutes=6), "live", 2), "in_future"),
        (Told(NOW, "live", 1), "bad_partitions"),
        (Told(NOW, "live", 0), "bad_partitions"),
        (Told(NOW, "mine", 2), "bad_origin"),  # type: ignore[arg-type]  # what a stranger may send
    ],
)
def test_what_would_move_a_clock_wrongly_is_refused(one: Told, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        check(one, partition=1, received=NOW)
    assert refused.value.reason == reason


@pytest.mark.parametrize("partitions", [1, 2, 7, 12, 64])
def test_there_is_a_key_for_every_partition(partitions: int) -> None:
    keys = [clock_key("shop", partition, partitions) for partition in range(partitions)]
    assert [partition_of(key, partitions) for key in keys] == list(range(partitions))


@stack
async def test_a_clock_of_a_shop_on_the_wall_clock_is_set_aside(gateway: Gateway) -> None:
    assert await gateway.refusal(clock(START, 0, 1)) == (
        "wall_clock",
        "type: the shop's time is the wall's, so nobody may tell it; `mandegar shops set SLUG --clock stream` changes"
        " that, then replay",
    )


@stack
async def test_a_clock_without_its_fields_is_told_what_it_lacks(gateway: Gateway) -> None:
    broken = clock(START, 0, 1) | {"data": {"until": START.isoformat()}}
    reason, detail = await gateway.refusal(broken)
    assert (reason, detail) == ("schema", "Object missing required field `partitions` - at `$.data`")


@stack
async def test_a_clock_with_an_order_in_it_is_refused(gateway: Gateway) -> None:
    reason, detail = await gateway.refusal(raw("1", "Clock Advanced"))
    assert reason == "bad_clock" and "until" in detail


@stack
async def test_a_repeated_clock_tells_nothing_new(gateway: Gateway, pool: asyncpg.Pool[Any]) -> None:
    await add_shop(pool, FixedClock(NOW), "default", clock="stream")
    for _ in range(2):
        await gateway.take([clock(START, 0, 1)], placed="one")
        await gateway.take([clock(START, 0, 1, id="another")], placed="one")
    rows = await pool.fetch("SELECT shard FROM outbox WHERE topic = 'orders.v1'")
    assert [row["shard"] for row in rows] == [16]


@stack
@pytest.mark.parametrize("seed", range(12))
async def test_an_order_before_a_clock_lies_before_it_in_every_partition(pool: asyncpg.Pool[Any], seed: int) -> None:
    """Several gateways at once, batches of any size, several relays that die between sending and deleting."""
    rng = Random(seed)
    await add_shop(pool, FixedClock(NOW), "default", clock="stream")
    partitions, relays, workers = rng.randrange(1, 5), rng.randrange(1, 4), rng.randrange(1, 3)
    streams = raw_streams(rng, partitions, days=12, each_day=30)
    topic, stop = Topic(pool, partitions), asyncio.Event()
    owned = [{p: streams[p] for p in range(partitions) if p % workers == worker} for worker in range(workers)]
    async with asyncio.timeout(60):
        sending = [asyncio.create_task(topic.relay(Random(rank), rank, relays, stop)) for rank in range(relays)]
        most = rng.choice([1, 7, 200])
        feeders = [Feeder(pool, seed * 10 + n, those) for n, those in enumerate(owned) if those]
        await asyncio.gather(*[feeder.run(Random(seed * 10 + n), most) for n, feeder in enumerate(feeders)])
        stop.set()
        await asyncio.gather(*sending)
        while await pool.fetchval("SELECT count(*) FROM outbox"):
            await topic.round(rng, list(ALL_SHARDS), crash=0.0)
    clocks = {id(event): event.data.until for events in topic.events for event in events if _is_clock(event)}
    orders = sum(not _is_clock(event) for events in topic.events for event in events)
    assert orders >= sum(b"Order Completed" in value for stream in streams for value in stream)
    for events in topic.events:
        reached, seen = datetime.min.replace(tzinfo=UTC), set()
        for event in events:
            if _is_clock(event):
                reached = max(reached, event.data.until)
            elif event.id not in seen:  # a repeat, which consumers drop
                seen.add(event.id)
                assert event.time >= reached, "a clock has overtaken an order that occurred before it"
        told_here = sorted({clocks[id(event)] for event in events if _is_clock(event)})
        assert told_here == [START + day * DAY for day in range(13)], "every day began in every partition"


def _is_clock(event: Any) -> bool:
    return isinstance(event, ClockAdvanced)
