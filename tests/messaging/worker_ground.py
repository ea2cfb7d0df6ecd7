"""Ground for tests of whole workers: a topic, a database with the probe's schema, and workers on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from mandegar.stack import Stack
from shared.contracts.envelope import encode
from shared.db.engine import plain_url, server_settings
from shared.messaging.batch import Outcome
from shared.messaging.handling import Service
from shared.messaging.reference import write_shops
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings
from shared.testing import Databases
from tests.messaging.probe import DEMO, prepare, probe, totals

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


@asynccontextmanager
async def worker_place(stack: Stack, databases: Databases) -> AsyncIterator[Place]:
    """A fresh topic and database; the shop `demo` is known."""
    url = await databases.create("probe", prepare=prepare)
    topic = f"worker-{next(_numbers)}.v1"
    await make_topic(stack, topic)
    async with asyncpg.create_pool(
        plain_url(url), server_settings=server_settings("probe", "test"), min_size=0
    ) as pool:
        async with pool.acquire() as conn:
            await write_shops(conn, [DEMO], [0])
        yield Place(stack, url, topic, pool)
