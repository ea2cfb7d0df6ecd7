"""Kafka seen from outside: what a topic holds, topics made anew, a group that forgets its members."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.group import LeaveGroupRequest

from mandegar.services import service_main, service_names
from shared.messaging.cluster import ensure_topics, topics_of


class Message(NamedTuple):
    partition: int
    offset: int
    key: bytes
    value: bytes


@asynccontextmanager
async def admin_of(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def make_topics_anew(servers: str) -> None:
    """All topics of all services, empty."""
    services = [service_main(name).SERVICE for name in service_names()]
    names = set(topics_of(services))
    async with asyncio.timeout(60), admin_of(servers) as admin:
        there = names & set(await admin.list_topics())
        if there:
            await admin.delete_topics(sorted(there))
        while names & set(await admin.list_topics()):  # noqa: ASYNC110 - the broker sets no event of ours
            await asyncio.sleep(0.1)
    await ensure_topics(servers, services)


async def forget_members(servers: str, group: str) -> None:
    """Say good-bye for all members of a group. The dead are missed at once, the living join again.

    Without it a group misses a dead member when its session ends, 10 s later. Does nothing when Kafka is away.
    """
    with contextlib.suppress(KafkaError, OSError, TimeoutError, AttributeError):
        async with asyncio.timeout(5), admin_of(servers) as admin:
            node = await admin.find_coordinator(group)
            await admin._client.ready(node)
            (answer,) = await admin.describe_consumer_groups([group], node)
            for member in answer.groups[0][5]:
                await admin._send_request_to_node(node, LeaveGroupRequest(group, member[0]))


async def ends_of(servers: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """End offsets of all partitions."""
    async with _reader(servers, topics) as (consumer, places):
        return {(place.topic, place.partition): end for place, end in (await consumer.end_offsets(places)).items()}


async def messages_of(servers: str, topic: str) -> list[Message]:
    """All that the topic holds, in order within each partition."""
    async with _reader(servers, [topic]) as (consumer, places):
        ends = await consumer.end_offsets(places)
        found: list[Message] = []
        await consumer.seek_to_beginning(*places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            batch = await consumer.getmany(timeout_ms=500)
            found += [
                Message(place.partition, record.offset, record.key or b"", record.value)
                for place, records in batch.items()
                for record in records
            ]
        return found


@asynccontextmanager
async def _reader(servers: str, topics: Iterable[str]) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    async with asyncio.timeout(60):
        consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
        try:
            await consumer.start()
            async with admin_of(servers) as admin:
                described = await admin.describe_topics(sorted(topics))
            places = [TopicPartition(t["topic"], p["partition"]) for t in described for p in t["partitions"]]
            consumer.assign(places)
            yield consumer, places
        finally:
            await consumer.stop()
