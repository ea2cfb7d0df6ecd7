"""A worker on real Kafka that is killed at every step asks each customer once, and tells it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from mandegar.stack import Stack
from services.feedback.surveys.store.versions import publish
from shared.contracts.envelope import message_key
from shared.contracts.topics import CAMPAIGNS_REQUESTS, ORDERS
from shared.db import acquire, create_pool
from shared.kernel import SystemClock
from shared.messaging.reference import write_shops
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET
from tests.chaos.topic import ends_of, forget_members, make_topics_anew
from tests.feedback.ground import BASE, SHOP, bought, name, survey

pytestmark = [pytest.mark.stack, pytest.mark.slow]
POINTS = ("after_state", "after_commit", "relay_after_send")
"""One on each side of the commit, and the relay's; `make chaos` has all of the runtime's."""
EACH = 10
SECONDS_MAX = 90


@contextlib.asynccontextmanager
async def worker(stack: Stack, url: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own. Those before it are dead, and are not waited for."""
    await forget_members(stack.bootstrap_servers, "feedback")
    given = {"KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers, "DATABASE_URL": url, "MANDEGAR_SURVEY_URL": BASE}
    command = [sys.executable, "-m", "mandegar", "run", "feedback", "--role", "worker"]
    environment = {**os.environ, **given, "MANDEGAR_SECRET_KEY": TEST_SECRET, "MANDEGAR_METRICS_PORT": "0", **more}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.wait_for(process.wait(), 10)


async def send(stack: Stack, events: list[Any]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    await producer.start()
    try:
        for one in [*events, *events]:  # a producer that repeats itself
            key = message_key(SHOP.slug, one.data.customer)
            await producer.send_and_wait(ORDERS, msgspec.json.encode(one), key=key)
    finally:
        await producer.stop()


async def requests(stack: Stack) -> list[dict[str, Any]]:
    """All that lies on the topic."""
    ends = await ends_of(stack.bootstrap_servers, [CAMPAIGNS_REQUESTS])
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    found: list[dict[str, Any]] = []
    try:
        places = [TopicPartition(topic, partition) for topic, partition in ends]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        while any([await consumer.position(place) < ends[place.topic, place.partition] for place in places]):
            for messages in (await consumer.getmany(*places, timeout_ms=500)).values():
                found += [json.loads(message.value) for message in messages]
    finally:
        await consumer.stop()
    return found


async def until(pool: asyncpg.Pool[Any], query: str, wanted: int) -> None:
    found = None
    try:
        async with asyncio.timeout(SECONDS_MAX):
            while (found := await pool.fetchval(query)) != wanted:  # noqa: ASYNC110 - a table tells no one
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail(f"{query} gives {found}, not {wanted}")


async def test_whoever_is_to_be_asked_is_asked_once_though_the_worker_dies_at_each_step(
    databases: Databases, stack: Stack
) -> None:
    await make_topics_anew(stack.bootstrap_servers)
    url = await databases.create("feedback")
    async with await create_pool(url, "feedback", max_size=2) as pool:
        async with acquire(pool) as conn:
            await write_shops(conn, [SHOP], [0])
            body = survey(trigger={"on": "order_completed", "delay_hours": 0})
            await publish(conn, 1, "nps", body, author="test", now=SystemClock().now())
        for place, point in enumerate(POINTS):
            numbers = range(place * EACH + 1, (place + 1) * EACH + 1)
            await send(stack, [bought(f"o-{n}", n, SystemClock().now()) for n in numbers])
            async with worker(stack, url, MANDEGAR_CRASH_AT=point) as dying:
                assert await asyncio.wait_for(dying.wait(), SECONDS_MAX) == -signal.SIGKILL, point
            async with worker(stack, url):
                await until(pool, "SELECT count(*) FROM invitation WHERE state = 1", (place + 1) * EACH)
                await until(pool, "SELECT count(*) FROM outbox", 0)
        told = await requests(stack)
        assert {one["data"]["customer"] for one in told} == {name(n) for n in range(1, len(POINTS) * EACH + 1)}
        assert len({one["id"] for one in told}) == len(POINTS) * EACH, "what came twice is the same"
        assert len({one["data"]["occasion"] for one in told}) == len(POINTS) * EACH
        assert await pool.fetchval("SELECT count(*) FROM invitation") == len(POINTS) * EACH
