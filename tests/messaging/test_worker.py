"""A whole worker on real PostgreSQL and Kafka: two threads, relay, take-over, stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import monotonic
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from mandegar.stack import Stack
from shared.contracts.envelope import encode
from shared.db.engine import plain_url, server_settings
from shared.messaging.batch import Outcome
from shared.messaging.handling import Delivery, Service, Work
from shared.messaging.reference import write_shops
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings
from shared.testing import Databases
from tests.messaging.probe import DEMO, add_up, added, prepare, probe, totals

_numbers = count(1)
SECRET = "kU7yq2Zr9bXw4nTe6mLs0cVd8fGh1jPa"


@dataclass
class Place:
    """A topic, a database and what is needed to run workers on them."""

    stack: Stack
    url: str
    topic: str
    pool: asyncpg.Pool[Any]
    outcomes: list[Outcome] = field(default_factory=list)

    def settings(self, **changes: Any) -> PlatformSettings:
        return PlatformSettings(
            kafka_bootstrap_servers=self.stack.bootstrap_servers,
            database_url=self.url,
            secret_key=SECRET,
            **({"drain_seconds": 5.0} | changes),
        )

    def worker(self, service: Service | None = None, **changes: Any) -> Worker:
        service = service or probe(topic=self.topic, reference=False)
        return Worker(service, self.settings(**changes), committed=self.outcomes.append, relay=False, rng=Random(1))

    async def send(self, events: Sequence[Any], partitions: int = 4) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.stack.bootstrap_servers, linger_ms=5)
        await producer.start()
        try:
            futures = [
                await producer.send(self.topic, event if isinstance(event, bytes) else encode(event), partition=n % 4)
                for n, event in enumerate(events)
            ]
            await asyncio.gather(*futures)
        finally:
            await producer.stop()

    async def until(self, number: int, seconds: float = 30) -> None:
        """Wait until so many events were counted."""
        async with asyncio.timeout(seconds):
            while sum(n for _, n in (await totals(self.pool)).values()) < number:  # noqa: ASYNC110 - a table tells no one
                await asyncio.sleep(0.05)


@pytest.fixture
async def place(stack: Stack, databases: Databases) -> AsyncIterator[Place]:
    url = await databases.create("probe", prepare=prepare)
    topic = f"worker-{next(_numbers)}.v1"
    await make_topic(stack, topic)
    async with asyncpg.create_pool(
        plain_url(url), server_settings=server_settings("probe", "test"), min_size=0
    ) as pool:
        async with pool.acquire() as conn:
            await write_shops(conn, [DEMO], [0])
        yield Place(stack, url, topic, pool)


async def make_topic(stack: Stack, topic: str, **configs: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 4, 1, topic_configs=configs)])
    finally:
        await admin.close()


@asynccontextmanager
async def at_work(*workers: Worker) -> AsyncIterator[list[asyncio.Task[int]]]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
    try:
        yield tasks
    finally:
        stop.set()
        await asyncio.wait(tasks, timeout=20)


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
    started = monotonic()
    async with at_work(place.worker(service, watchdog_seconds=2.0)) as tasks:
        assert await asyncio.wait_for(asyncio.shield(tasks[0]), 40) == 1
    assert monotonic() - started < 30


async def test_a_blocked_handler_does_not_cost_the_membership(place: Place) -> None:
    import time

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
    async with at_work(place.worker()):
        await place.until(150)
    async with at_work(place.worker()):
        await place.send([added(n) for n in range(150, 170)])
        await place.until(170)
    assert sum(n for _, n in (await totals(place.pool)).values()) == 170
