"""A whole worker on real PostgreSQL and Kafka: two threads, relay, take-over, stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from mandegar.stack import Stack
from shared.contracts.envelope import encode
from shared.messaging.handling import Delivery, Work
from tests.messaging.probe import add_up, added, probe, totals
from tests.messaging.worker_ground import Place, at_work


async def test_a_worker_handles_what_is_there_and_what_comes(place: Place) -> None:
    await place.send([added(n) for n in range(3000)])
    async with at_work(place.worker()) as tasks:
        await place.until(3000)
        await place.send([added(n) for n in range(2500, 4000)])
        await place.until(4000)
        await asyncio.sleep(0.3)
    assert tasks[0].result() == 0
    assert sum(total for total, _ in (await totals(place.pool)).values()) == 4000


async def test_workers_come_and_go_and_every_event_takes_effect_once(place: Place) -> None:
    sending = asyncio.create_task(place.send([added(n) for n in range(20_000)]))
    async with at_work(place.worker()):
        await place.until(500)
        async with at_work(place.worker()):
            await asyncio.sleep(4)
        async with at_work(place.worker(), place.worker()):
            await asyncio.sleep(1)
        await sending
        await place.until(20_000, seconds=60)
    assert sum(n for _, n in (await totals(place.pool)).values()) == 20_000


async def test_a_stop_finishes_the_batch_in_hand_and_leaves_the_rest(place: Place) -> None:
    async def slowly(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        await add_up(work, deliveries)
        await asyncio.sleep(0.5)

    await place.send([added(n) for n in range(2000)])
    service = probe(slowly, topic=place.topic, reference=False)
    async with at_work(place.worker(service, batch_events_max=100)) as tasks:
        await asyncio.sleep(3)
    assert tasks[0].result() == 0
    done = sum(n for _, n in (await totals(place.pool)).values())
    assert 0 < done < 2000
    async with at_work(place.worker()):
        await place.until(2000)
    assert sum(n for _, n in (await totals(place.pool)).values()) == 2000


async def test_a_partition_stolen_by_another_owner_is_given_up_and_claimed_again(place: Place) -> None:
    await place.send([added(n) for n in range(100)])
    async with at_work(place.worker()):
        await place.until(100)
        await place.pool.execute("UPDATE consumer_offset SET epoch = epoch + 1 WHERE partition = 2")
        await place.send([added(n) for n in range(100, 200)])
        await place.until(200, seconds=30)
    epochs = await place.pool.fetch("SELECT partition, epoch FROM consumer_offset ORDER BY partition")
    assert [tuple(row) for row in epochs] == [(0, 1), (1, 1), (2, 3), (3, 1)]


async def test_terminated_connections_lose_and_double_nothing(place: Place) -> None:
    async def terminate() -> None:
        for _ in range(15):
            await asyncio.sleep(0.2)
            await place.pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'mandegar%'"
                " AND datname = current_database()"
            )

    await place.send([added(n) for n in range(10_000)])
    async with at_work(place.worker(batch_events_max=300)):
        await terminate()
        await place.until(10_000, seconds=60)
    assert sum(n for _, n in (await totals(place.pool)).values()) == 10_000


async def test_a_topic_made_anew_stops_the_worker_and_says_so(place: Place) -> None:
    await place.send([added(n) for n in range(40)])
    async with at_work(place.worker()):
        await place.until(40)
    known = await place.pool.fetchval("SELECT topic_id FROM consumer_offset LIMIT 1")
    assert len(known) == 36
    await place.pool.execute("UPDATE consumer_offset SET topic_id = 'another'")
    async with at_work(place.worker()) as tasks:
        assert await asyncio.wait_for(asyncio.shield(tasks[0]), 20) == 1
    assert {row[0] for row in await place.pool.fetch("SELECT next FROM consumer_offset")} == {10}


async def test_a_position_beyond_the_end_stops_the_worker(place: Place) -> None:
    await place.send([added(n) for n in range(40)])
    async with at_work(place.worker()):
        await place.until(40)
    await place.pool.execute("UPDATE consumer_offset SET next = 1000")
    async with at_work(place.worker()) as tasks:
        assert await asyncio.wait_for(asyncio.shield(tasks[0]), 20) == 1


async def test_no_progress_although_events_wait_ends_the_worker(place: Place) -> None:
    async def never(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        raise TimeoutError

    await place.send([added(n) for n in range(40)])
    service = probe(never, topic=place.topic, reference=False)
    started = time.monotonic()
    async with at_work(place.worker(service, watchdog_seconds=2.0)) as tasks:
        assert await asyncio.wait_for(asyncio.shield(tasks[0]), 40) == 1
    assert time.monotonic() - started < 30


async def test_a_blocked_handler_does_not_cost_the_membership(place: Place) -> None:
    async def block(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        if not blocked:
            blocked.append(1)
            time.sleep(1.5)  # noqa: ASYNC251 - blocking its loop is what the test is about
        await add_up(work, deliveries)

    blocked: list[int] = []
    await place.send([added(n) for n in range(100)])
    async with at_work(place.worker(probe(block, topic=place.topic, reference=False))):
        await place.until(100)
    assert {row[0] for row in await place.pool.fetch("SELECT epoch FROM consumer_offset")} == {1}


async def test_many_culprits_are_set_aside_and_the_rest_goes_through(place: Place) -> None:
    await place.send([added(n, amount=13 if n % 20 == 0 else 1) for n in range(2000)])
    async with at_work(place.worker()):
        await place.until(1900)
    assert await place.pool.fetchval("SELECT count(*) FROM dead_letter") == 100


async def test_compaction_holes_are_no_gaps(stack: Stack, place: Place) -> None:
    """Offsets taken by transaction markers are such holes too, and need no waiting for the cleaner."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers, transactional_id=f"holes-{place.topic}")
    await producer.start()
    try:
        for start in (0, 50, 100):
            async with producer.transaction():
                for n in range(start, start + 50):
                    await producer.send_and_wait(place.topic, encode(added(n)), partition=n % 4)
    finally:
        await producer.stop()
    async with at_work(place.worker(watchdog_seconds=1.0)) as tasks:
        await place.until(150)
        await asyncio.sleep(12)  # nothing comes of the last marker: that is no lag, and no reason to end
        assert not tasks[0].done()
    async with at_work(place.worker()):
        await place.send([added(n) for n in range(150, 170)])
        await place.until(170)
    assert sum(n for _, n in (await totals(place.pool)).values()) == 170


async def test_a_worker_that_has_its_partitions_does_not_take_the_group_for_silent(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.consumer._SETTLE_SECONDS", 1.0)
    async with at_work(place.worker()):
        await place.send([added(n) for n in range(10)])
        await place.until(10)
        await asyncio.sleep(2.5)
        await place.send([added(n) for n in range(10, 20)])
        await place.until(20)
    assert await place.pool.fetchval("SELECT max(epoch) FROM consumer_offset") == 1, "it joined once"
