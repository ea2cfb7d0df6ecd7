"""How our topics stand in Kafka, beside how they should: what an operator looks at. Nothing is changed by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from shared.messaging.cluster.sizes import bytes_of
from shared.messaging.cluster.topics import SECONDS_MAX, admin_of, no_answer, topic_settings

_SHOWN_SETTINGS = ("cleanup.policy", "retention.ms", "message.timestamp.type", "min.insync.replicas")


class Difference(NamedTuple):
    """A setting of a topic that is not what the platform expects."""

    setting: str
    found: str
    expected: str


class PartitionStanding(NamedTuple):
    """One partition: `begin` is the oldest offset that is still there, `end` the next one to be written."""

    partition: int
    leader: int
    """The broker's id; -1 while there is none."""
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    begin: int
    end: int
    bytes: int | None
    """Of all copies together; None where brokers do not tell."""


class TopicStanding(NamedTuple):
    """A topic as it is. No partitions: it is missing."""

    topic: str
    partitions: tuple[PartitionStanding, ...]
    settings: Mapping[str, str]
    differences: tuple[Difference, ...]
    """Settings that differ; the number of partitions and of copies as `partitions` and `replication.factor`."""

    @property
    def records(self) -> int:
        """Offsets between beginning and end: of a compacted topic at least as many as there are records."""
        return sum(partition.end - partition.begin for partition in self.partitions)

    @property
    def bytes(self) -> int | None:
        """On the brokers' disks, all copies together; None where brokers do not tell."""
        sizes = [partition.bytes for partition in self.partitions]
        return None if None in sizes else sum(size for size in sizes if size is not None)


async def standing_of(
    bootstrap_servers: str,
    names: Iterable[str],
    *,
    partitions: int,
    replication_factor: int,
    options: Mapping[str, Any] | None = None,
) -> list[TopicStanding]:
    """How topics stand, sorted by name. Raises TopicTrouble when no broker answers."""
    wanted = sorted(names)
    try:
        async with asyncio.timeout(SECONDS_MAX), admin_of(bootstrap_servers, options or {}) as admin:
            described = {one["topic"]: one["partitions"] for one in await admin.describe_topics()}
            present = [name for name in wanted if name in described]
            settings = await _settings(admin, present)
            asked = {name: sorted(part["partition"] for part in described[name]) for name in present}
            sizes = await bytes_of(admin._client, asked)  # aiokafka's admin has no public way to send other requests
            ends = await _ends(bootstrap_servers, asked, options or {})
    except (KafkaError, OSError, TimeoutError) as error:
        raise no_answer(bootstrap_servers, error) from error
    found = []
    for name in wanted:
        parts = tuple(
            PartitionStanding(
                number,
                part["leader"],
                tuple(part["replicas"]),
                tuple(part["isr"]),
                *ends[name, number],
                None if sizes is None else sizes.get((name, number), 0),
            )
            for number, part in sorted((part["partition"], part) for part in described.get(name, []))
        )
        has = settings.get(name, {})
        differing = _differences(name, parts, has, partitions, replication_factor) if parts else ()
        found.append(TopicStanding(name, parts, has, differing))
    return found


def _differences(
    name: str,
    parts: Collection[PartitionStanding],
    found: Mapping[str, str],
    partitions: int,
    replication_factor: int,
) -> tuple[Difference, ...]:
    expected = topic_settings(name, replication_factor=replication_factor)
    differing = [
        Difference(key, found.get(key, ""), value) for key, value in expected.items() if found.get(key) != value
    ]
    if len(parts) != partitions:
        differing.append(Difference("partitions", str(len(parts)), str(partitions)))
    copies = min(len(part.replicas) for part in parts)
    if copies < replication_factor:
        differing.append(Difference("replication.factor", str(copies), str(replication_factor)))
    return tuple(differing)


async def _settings(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys((*_SHOWN_SETTINGS, *topic_settings(name))))
        for name in names
    ]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for resource in answer.resources:
            found[resource[3]] = {entry[0]: entry[1] for entry in resource[4]}
    return found


async def _ends(
    bootstrap_servers: str, asked: Mapping[str, Sequence[int]], options: Mapping[str, Any]
) -> dict[tuple[str, int], tuple[int, int]]:
    """First and next offset by topic and partition."""
    places = [KafkaPartition(topic, number) for topic, numbers in asked.items() for number in numbers]
    if not places:
        return {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None, **options)
    try:
        await consumer.start()
        consumer.assign(places)
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
    finally:
        await asyncio.wait_for(consumer.stop(), 5)
    return {(place.topic, place.partition): (begins[place], ends[place]) for place in places}
