"""Replaying into a real Kafka: every event once, in order within its key, on the partition other producers choose."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.partitioner import DefaultPartitioner

from mandegar.replaying import Source, StateFile, messages_of, replay
from mandegar.replaying.sending import KafkaSink, SendError
from mandegar.stack import Stack
from tests.input.recording import quiet, rows_of, write_csv

PARTITIONS = 5


async def new_topic(stack: Stack, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    finally:
        await admin.close()
    return name


async def read_all(stack: Stack, topic: str) -> dict[int, list[tuple[bytes, bytes]]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        left = sum((await consumer.end_offsets(partitions)).values())
        async with asyncio.timeout(30):
            while left:
                for at, records in (await consumer.getmany(timeout_ms=500)).items():
                    found[at.partition] += [(record.key, record.value) for record in records]
                    left -= len(records)
    finally:
        await consumer.stop()
    return found


@pytest.mark.stack
async def test_a_file_arrives_whole_and_in_order_on_the_partitions_of_its_keys(stack: Stack, tmp_path: Path) -> None:
    topic = await new_topic(stack, "replay-whole")
    rows = [f"c{n % 97},2024-03-01T10:00:00Z,{n}" for n in range(12_345)]
    source = Source(write_csv(tmp_path / "o.csv", "customer_id,date,amount", *rows), "shop")
    async with KafkaSink(stack.bootstrap_servers, topic) as sink:
        summary = await replay(
            messages_of(source), sink, StateFile(tmp_path / "s", "f"), tmp_path / "bad.jsonl", quiet()
        )
    assert (summary.sent, summary.bad) == (12_345, 0)
    found = await read_all(stack, topic)
    assert sum(map(len, found.values())) == 12_345
    expected: dict[bytes, list[bytes]] = defaultdict(list)
    for message in rows_of(source)[0]:
        expected[message.key].append(message.value)
    arrived: dict[bytes, list[bytes]] = defaultdict(list)
    choose = DefaultPartitioner()
    numbers = list(range(PARTITIONS))
    for partition, records in found.items():
        for key, value in records:
            arrived[key].append(value)
            assert choose(key, numbers, numbers) == partition
    assert arrived == expected


@pytest.mark.stack
async def test_a_second_replay_sends_the_same_ids_again(stack: Stack, tmp_path: Path) -> None:
    topic = await new_topic(stack, "replay-twice")
    path = write_csv(tmp_path / "o.csv", "customer_id,date,amount", "c,2024-03-01,1", "c,2024-03-01,1")
    for _ in range(2):
        async with KafkaSink(stack.bootstrap_servers, topic) as sink:
            entries = messages_of(Source(path, "shop"))
            await replay(entries, sink, StateFile(tmp_path / "s", "f"), tmp_path / "bad.jsonl", quiet())
    values = [value for records in (await read_all(stack, topic)).values() for _, value in records]
    assert len(values) == 4
    assert len({msgspec.json.decode(value)["id"] for value in values}) == 2


async def test_where_no_kafka_answers_the_error_says_what_to_do() -> None:
    with pytest.raises(SendError, match="mandegar up"):
        async with KafkaSink("127.0.0.1:1"):
            pass
