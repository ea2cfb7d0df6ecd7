"""A topic read from its front to where it ends now; or on from there, for a limited time."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_CALL_LIMIT_S = 20.0
_POLL_MS = 250


class ListenError(RuntimeError):
    """The topic cannot be read; says what to do."""


class Heard(NamedTuple):
    """One message. Sorts by when the broker took it in."""

    timestamp_ms: int
    partition: int
    offset: int
    value: bytes


class Listener:
    """Reads one topic. A context manager; raises ListenError where there is no Kafka, or no such topic."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._servers = bootstrap_servers
        self._topic = topic
        self.partitions = 0
        """How many the topic has."""

    async def __aenter__(self) -> Listener:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers, group_id=None, enable_auto_commit=False, request_timeout_ms=15_000
        )
        try:
            await asyncio.wait_for(self._consumer.start(), _CALL_LIMIT_S)
            self._places = await places_of(self._servers, [self._topic])
            self._consumer.assign(self._places)
            await asyncio.wait_for(self._consumer.seek_to_beginning(*self._places), _CALL_LIMIT_S)
        except (KafkaError, TimeoutError, OSError) as error:
            await asyncio.wait_for(self._consumer.stop(), _CALL_LIMIT_S)
            raise ListenError(
                f"no Kafka with the topic {self._topic} at {self._servers}: start it with `mandegar up`, and create "
                "topics with `mandegar topics create`"
            ) from error
        self.partitions = len(self._places)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.wait_for(self._consumer.stop(), _CALL_LIMIT_S)

    async def history(self, *, limit_s: float) -> AsyncIterator[Heard]:
        """All that stands in the topic at this call, in order within a partition.

        Raises ListenError when the end is not reached within `limit_s` seconds.
        """
        ends = await asyncio.wait_for(self._consumer.end_offsets(self._places), _CALL_LIMIT_S)
        deadline = time.monotonic() + limit_s
        while any([await self._consumer.position(place) < end for place, end in ends.items()]):
            if time.monotonic() > deadline:
                raise ListenError(f"{self._topic} could not be read to its end within {limit_s:.0f} s")
            for heard in await self._poll():
                yield heard

    async def follow(self, *, seconds: float) -> AsyncIterator[Heard]:
        """What arrives from here on, for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for heard in await self._poll():
                yield heard

    async def _poll(self) -> list[Heard]:
        try:
            batches = await self._consumer.getmany(*self._places, timeout_ms=_POLL_MS)
        except KafkaError as error:
            raise ListenError(f"{self._topic} cannot be read: {error}; see `mandegar status`") from error
        return [
            Heard(record.timestamp, place.partition, record.offset, record.value)
            for place, records in batches.items()
            for record in records
            if record.value is not None
        ]


async def places_of(servers: str, wanted: Sequence[str]) -> list[TopicPartition]:
    """All partitions of these topics, sorted. Raises KafkaError, also where there is no such topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=15_000)
    try:
        await asyncio.wait_for(admin.start(), _CALL_LIMIT_S)
        described = await asyncio.wait_for(admin.describe_topics(list(wanted)), _CALL_LIMIT_S)
    finally:
        await asyncio.wait_for(admin.close(), _CALL_LIMIT_S)
    if missing := [topic["topic"] for topic in described if not topic["partitions"]]:
        raise KafkaError(f"there is no topic {missing[0]}")
    return sorted(
        TopicPartition(topic["topic"], one["partition"]) for topic in described for one in topic["partitions"]
    )


class Newest:
    """Keeps the newest few of what is heard."""

    def __init__(self, count: int, wanted: Callable[[bytes], bool] = lambda _: True) -> None:
        self._count = count
        self._wanted = wanted
        self._heap: list[Heard] = []

    def hear(self, heard: Heard) -> None:
        """Take it in, if it is wanted and newer than the oldest that is kept."""
        if self._count and self._wanted(heard.value):
            (heapq.heappush if len(self._heap) < self._count else heapq.heappushpop)(self._heap, heard)

    def values(self) -> list[bytes]:
        """From old to new."""
        return [heard.value for heard in sorted(self._heap)]
