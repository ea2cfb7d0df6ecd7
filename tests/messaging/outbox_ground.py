"""Ground for tests of the relay and of timers: a schema with the runtime's tables, topics, and what a topic holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from itertools import count
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.db.engine import plain_url, server_settings
from shared.db.transaction import outbox_shard

_numbers = count(1)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Wait for something that only a look at the servers tells."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - nobody could set an event: it happens in another process
            await asyncio.sleep(0.05)


@dataclass
class Ground:
    """One schema, empty at first, and one topic of its own."""

    database_url: str
    bootstrap_servers: str
    schema: str
    topic: str
    pool: asyncpg.Pool[Any]

    async def write(self, rows: list[tuple[bytes, bytes]], topic: str | None = None) -> None:
        """Put (key, value) rows into the outbox in one transaction."""
        await self.pool.executemany(
            "INSERT INTO outbox (shard, topic, key, value) VALUES ($1, $2, $3, $4)",
            [(outbox_shard(key), topic or self.topic, key, value) for key, value in rows],
        )

    async def waiting(self) -> int:
        """Rows in the outbox."""
        return int(await self.pool.fetchval("SELECT count(*) FROM outbox"))

    async def until_empty(self, seconds: float = 30.0) -> None:
        async def empty() -> bool:
            return await self.waiting() == 0

        await until(empty, seconds)

    async def messages(self, topic: str | None = None) -> list[tuple[int, bytes, bytes]]:
        """All that the topic holds: (partition, key, value), in order within each partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap_servers, auto_offset_reset="earliest")
        async with asyncio.timeout(60):
            await consumer.start()
            try:
                name = topic or self.topic
                places = [TopicPartition(name, p) for p in sorted(await self._partitions(consumer, name))]
                consumer.assign(places)
                ends = await consumer.end_offsets(places)
                found: list[tuple[int, bytes, bytes]] = []
                for place in places:
                    await consumer.seek_to_beginning(place)
                while any([await consumer.position(place) < ends[place] for place in places]):
                    batch = await consumer.getmany(timeout_ms=500)
                    found += [(place.partition, r.key, r.value) for place, rs in batch.items() for r in rs]
                return found
            finally:
                await consumer.stop()

    @staticmethod
    async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
        while True:
            await consumer._client.force_metadata_update()
            known = consumer._client.cluster.partitions_for_topic(topic)
            if known:
                return set(known)
            consumer._client.add_topic(topic)
            await asyncio.sleep(0.05)


async def create_topic(bootstrap_servers: str, name: str, partitions: int = 4, **settings: str) -> None:
    """A topic; settings have `_` for `.`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        configs = {key.replace("_", "."): value for key, value in settings.items()}
        answer = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configs)])
        assert answer.topic_errors[0][1] == 0, answer

        async def known() -> bool:
            return any(t["topic"] == name and len(t["partitions"]) == partitions for t in await admin.describe_topics())

        await until(known)
    finally:
        await admin.close()


@asynccontextmanager
async def ground(stack: Any, *, topic: bool = True) -> AsyncIterator[Ground]:
    """A fresh schema and (if asked for) topic on the running stack; the schema is dropped in the end."""
    number = next(_numbers)
    schema = f"outbox_ground_{number}"
    name = f"outbox-ground-{number}.v1"
    url = plain_url(stack.database_url)
    setup = await asyncpg.connect(url)
    await setup.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path = {schema}")
    for version in ("runtime_1.sql", "runtime_2.sql"):
        await setup.execute(resources.files("shared.db").joinpath(version).read_text("utf-8"))
    if topic:
        await create_topic(stack.bootstrap_servers, name)
    try:
        pool = await asyncpg.create_pool(url, min_size=0, max_size=12, server_settings=server_settings(schema, "test"))
        async with pool:
            yield Ground(stack.database_url, stack.bootstrap_servers, schema, name, pool)
    finally:
        await setup.execute(f"DROP SCHEMA {schema} CASCADE")
        await setup.close()
