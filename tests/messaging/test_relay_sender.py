"""The sender gives up in bounded time when no broker answers, leaves nothing behind, and goes on when one does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from shared.kernel import SystemClock
from shared.messaging.relay.sender import KafkaSender, SendFailed, TopicMissing
from shared.messaging.relay.store import OutboxRow
from tests.messaging.outbox_ground import Ground, ground

pytestmark = pytest.mark.stack


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Ground]:
    async with ground(stack) as made:
        yield made


def _rows(topic: str, count: int, size: int = 10) -> list[OutboxRow]:
    values = [json.dumps({"n": n, "pad": "x" * size}).encode() for n in range(count)]
    return [OutboxRow(n, 0, topic, b"demo:one", value) for n, value in enumerate(values)]


async def test_a_broker_that_goes_away_costs_bounded_time_and_leaves_no_task_behind(place: Ground, stack: Any) -> None:
    sender = KafkaSender({"bootstrap_servers": place.bootstrap_servers}, SystemClock(), send_timeout=2.0)
    before = len(asyncio.all_tasks())
    await sender.send(_rows(place.topic, 3))
    await asyncio.to_thread(stack.kafka.stop)
    try:
        for _ in range(2):  # the first with a producer that was connected, the second with none to be had
            async with asyncio.timeout(9):
                with pytest.raises(SendFailed):
                    await sender.send(_rows(place.topic, 3))
        await asyncio.sleep(0.5)
        assert len(asyncio.all_tasks()) == before
    finally:
        await asyncio.to_thread(stack.kafka.start)
    async with asyncio.timeout(30):
        while True:  # a broker that is up takes a while to lead its partitions
            with suppress(SendFailed):
                await sender.send(_rows(place.topic, 3))
                break
    await sender.stop()
    assert len(await place.messages()) >= 6


async def test_a_partition_that_needs_several_batches_keeps_the_order_of_its_rows(place: Ground) -> None:
    sender = KafkaSender({"bootstrap_servers": place.bootstrap_servers}, SystemClock())
    await sender.send(_rows(place.topic, 30, size=100_000))
    await sender.stop()
    assert [json.loads(value)["n"] for _, _, value in await place.messages()] == list(range(30))


async def test_a_missing_topic_is_named_at_once(place: Ground) -> None:
    sender = KafkaSender({"bootstrap_servers": place.bootstrap_servers}, SystemClock())
    async with asyncio.timeout(5):
        with pytest.raises(TopicMissing, match=r"nowhere\.v1"):
            await sender.send(_rows("nowhere.v1", 1))
    await sender.stop()
