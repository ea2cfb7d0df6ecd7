"""Foreign producers may write in transactions of Kafka: what was aborted never was, and its offsets are passed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as KafkaPartition

from shared.contracts.envelope import encode
from tests.messaging.probe import Added, added, totals
from tests.messaging.worker_ground import Place, at_work


async def write(place: Place, producer: AIOKafkaProducer, events: Sequence[Added], *, abort: bool) -> None:
    await producer.begin_transaction()
    for event in events:
        await producer.send_and_wait(place.topic, encode(event), partition=0)
    if abort:
        await producer.abort_transaction()
    else:
        await producer.commit_transaction()


async def end_of(place: Place) -> int:
    """Of partition 0, markers of transactions counted."""
    consumer = AIOKafkaConsumer(bootstrap_servers=place.stack.bootstrap_servers)
    await consumer.start()
    try:
        where = KafkaPartition(place.topic, 0)
        return int((await consumer.end_offsets([where]))[where])
    finally:
        await consumer.stop()


async def test_aborted_events_take_no_effect_and_positions_pass_their_offsets(place: Place) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=place.stack.bootstrap_servers, transactional_id=f"t-{place.topic}")
    async with asyncio.timeout(60):
        await producer.start()
    try:
        async with asyncio.timeout(60), at_work(place.worker()):
            await write(place, producer, [added(n, customer="a") for n in range(20)], abort=False)
            await write(place, producer, [added(n, customer="b") for n in range(20, 40)], abort=True)
            await write(place, producer, [added(n, customer="c") for n in range(40, 60)], abort=False)
            await write(place, producer, [added(n, customer="d") for n in range(60, 80)], abort=True)
            end = await end_of(place)
            assert end == 84, "eighty records and four markers"
            await place.until(40)
            reached = "SELECT next FROM consumer_offset WHERE topic = $1 AND partition = 0"
            while await place.pool.fetchval(reached, place.topic) < end:  # noqa: ASYNC110 - a table tells no one
                await asyncio.sleep(0.1)
            await place.send([added(n, customer="e") for n in range(100, 140)])
            await place.until(80)
    finally:
        await producer.stop()
    assert await totals(place.pool) == {"a": (20, 20), "c": (20, 20), "e": (40, 40)}


async def test_an_open_transaction_waits_and_then_counts(place: Place) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=place.stack.bootstrap_servers, transactional_id=f"t-{place.topic}")
    async with asyncio.timeout(60):
        await producer.start()
    try:
        async with asyncio.timeout(60), at_work(place.worker()):
            await producer.begin_transaction()
            await producer.send_and_wait(place.topic, encode(added(1)), partition=0)
            await place.send([added(n) for n in range(4, 8)])  # one of them behind it, three in other partitions
            await place.until(3)
            await asyncio.sleep(1)
            assert sum(n for _, n in (await totals(place.pool)).values()) == 3
            await producer.commit_transaction()
            await place.until(5)
    finally:
        await producer.stop()
