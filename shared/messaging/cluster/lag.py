"""Lag: how far a service is behind, in events and in seconds, by partition.

Positions are those of the database, which alone are true; ends and times are Kafka's. A partition's lag in seconds is
the age of the first event that is not processed yet, by the broker's append time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple, Self

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import KafkaError

from shared.messaging.fence import Position, TopicPartition
from shared.telemetry import runtime_metrics

_SECONDS_MAX = 10.0
_FIRST_EVENTS_SECONDS_MAX = 2.0


class LagUnknown(Exception):
    """Kafka does not answer, or does not have the topic."""


class PartitionLag(NamedTuple):
    """One partition: `events` behind the end, the oldest of them `seconds` old (None when that could not be read)."""

    topic: str
    partition: int
    position: int
    end: int
    events: int
    seconds: float | None


async def positions_of(conn: asyncpg.Connection[Any], group: str) -> dict[TopicPartition, int]:
    """Where a service stands, from its own schema."""
    rows = await conn.fetch("SELECT topic, partition, next FROM consumer_offset WHERE grp = $1", group)
    return {TopicPartition(row[0], row[1]): row[2] for row in rows}


def export(service: str, lags: Iterable[PartitionLag]) -> None:
    """Tell Prometheus."""
    metrics = runtime_metrics(service)
    for lag in lags:
        metrics.lag_events(lag.topic, lag.partition).set(lag.events)
        if lag.seconds is not None:
            metrics.lag_seconds(lag.topic, lag.partition).set(lag.seconds)


class LagWatch:
    """A worker's own lag, without reading any event for it, and told to Prometheus.

    The next event is no older than the last one handled, nor than the last moment at which we were at the end. The
    lesser of both ages is what is told: at most the time between two measurements too much.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._level: dict[TopicPartition, float] = {}
        self._told: set[TopicPartition] = set()

    def measured(
        self,
        ends: Mapping[TopicPartition, int],
        owned: Mapping[TopicPartition, Position],
        reached_ms: Mapping[TopicPartition, int],
        now_ms: float,
    ) -> bool:
        """Export the lag of the partitions that are ours. Whether there is any. `now_ms`: of the Unix epoch."""
        lags = []
        for place, end in ends.items():
            if place in owned:
                behind = max(0, end - owned[place].next)
                seconds = self._seconds(place, behind, reached_ms.get(place), now_ms)
                lags.append(PartitionLag(*place, owned[place].next, end, behind, seconds))
        export(self._service, lags)
        for place in self._told - set(owned):
            runtime_metrics(self._service).forget_lag(*place)  # another process tells of it now
            self._level.pop(place, None)
        self._told = {place for place in {*ends, *self._told} if place in owned}
        return any(lag.events for lag in lags)

    def _seconds(self, place: TopicPartition, behind: int, reached_ms: int | None, now_ms: float) -> float | None:
        if not behind:
            self._level[place] = now_ms
            return 0.0
        since = [instant for instant in (self._level.get(place), reached_ms) if instant is not None]
        return max(0.0, now_ms - max(since)) / 1000 if since else None


class LagReader:
    """Reads ends and times from Kafka, outside of any consumer group. An async context manager."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        """`connection` holds aiokafka's options: `bootstrap_servers`, security."""
        self._consumer = AIOKafkaConsumer(
            **connection,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=1 << 16,  # one event of each partition is all we look at
            fetch_max_wait_ms=100,
        )

    async def __aenter__(self) -> Self:
        try:
            await asyncio.wait_for(self._consumer.start(), _SECONDS_MAX)
        except (KafkaError, OSError, TimeoutError) as error:
            await self.__aexit__()
            raise LagUnknown(f"no Kafka broker answers: {type(error).__name__}") from error
        return self

    async def __aexit__(self, *_exc: object) -> None:
        with suppress(Exception):  # nothing is lost with it
            await asyncio.wait_for(self._consumer.stop(), 5)

    async def read(
        self, positions: Mapping[TopicPartition, int], topics: Collection[str], now: datetime
    ) -> list[PartitionLag]:
        """The lag of all partitions of the topics, sorted. A partition without a position counts from its beginning.

        Raises LagUnknown.
        """
        try:
            async with asyncio.timeout(_SECONDS_MAX):
                return await self._read(positions, topics, now)
        except (KafkaError, OSError, TimeoutError) as error:
            raise LagUnknown(f"Kafka did not answer in time: {type(error).__name__}") from error

    async def _read(
        self, positions: Mapping[TopicPartition, int], topics: Collection[str], now: datetime
    ) -> list[PartitionLag]:
        places = [KafkaPartition(topic, p) for topic in sorted(topics) for p in await self._partitions(topic)]
        if not places:
            return []
        self._consumer.assign(places)
        ends = await self._consumer.end_offsets(places)
        beginnings = await self._consumer.beginning_offsets(places)
        # Retention may have removed what was never read: the beginning is then the true position.
        at = {p: max(beginnings[p], positions.get(TopicPartition(p.topic, p.partition), 0)) for p in places}
        for place in places:
            self._consumer.seek(place, at[place])
        times = await self._first_times([place for place in places if at[place] < ends[place]])
        return [
            PartitionLag(
                place.topic,
                place.partition,
                at[place],
                ends[place],
                max(0, ends[place] - at[place]),
                _age(times, place, now) if at[place] < ends[place] else 0.0,
            )
            for place in places
        ]

    async def _partitions(self, topic: str) -> Sequence[int]:
        client = self._consumer._client  # aiokafka offers no public way to ask for the partitions of a topic
        if client.cluster.partitions_for_topic(topic) is None:
            client.add_topic(topic)
            await client.force_metadata_update()
        known = client.cluster.partitions_for_topic(topic)
        if known is None:
            raise LagUnknown(f"topic {topic} does not exist; `mandegar topics create` makes it")
        return sorted(known)

    async def _first_times(self, behind: Sequence[KafkaPartition]) -> dict[KafkaPartition, int]:
        """Append time in ms of the first event at or after the position, as far as they can be read in time."""
        times: dict[KafkaPartition, int] = {}
        until = monotonic() + _FIRST_EVENTS_SECONDS_MAX
        left = list(behind)
        while left and monotonic() < until:
            for place, records in (await self._consumer.getmany(*left, timeout_ms=200, max_records=1)).items():
                times[place] = records[0].timestamp
            left = [place for place in left if place not in times]
        return times


def _age(times: Mapping[KafkaPartition, int], place: KafkaPartition, now: datetime) -> float | None:
    time_ms = times.get(place)
    return None if time_ms is None else max(0.0, now.timestamp() - time_ms / 1000)
