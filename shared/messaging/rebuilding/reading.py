"""Reading topics from a position to a position, all partitions merged by the broker's time, in bounded memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition

from shared.messaging.cluster import identify
from shared.messaging.fence import TopicPartition
from shared.messaging.records import Record

_POLL_MS = 200
_FETCHED_MAX = 5_000
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
SILENCE_SECONDS = 60.0
"""So long may Kafka give nothing although there is something to read."""

Cut = dict[TopicPartition, tuple[list[Record], int]]
"""By partition: records in order, and the position behind them."""


class MergedReader:
    """Reads partitions outside of any consumer group. An async context manager."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        """`connection` holds aiokafka's options: `bootstrap_servers`, security."""
        self._consumer = AIOKafkaConsumer(
            **connection,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=100,
            fetch_max_bytes=8 << 20,
            max_partition_fetch_bytes=1 << 20,
        )
        self._targets: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._held: dict[TopicPartition, deque[Record]] = {}

    async def __aenter__(self) -> Self:
        try:
            await asyncio.wait_for(self._consumer.start(), _START_SECONDS)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await asyncio.wait_for(self._consumer.stop(), _STOP_SECONDS)

    async def identify(self, topics: set[str]) -> tuple[str, dict[str, str]]:
        """The cluster's id and those of the topics."""
        return await identify(self._consumer._client, topics)  # aiokafka offers no public way

    async def beginnings(self, places: set[TopicPartition]) -> dict[TopicPartition, int]:
        """The first position that each partition still has."""
        found = await self._consumer.beginning_offsets([KafkaPartition(*place) for place in places])
        return {TopicPartition(place.topic, place.partition): offset for place, offset in found.items()}

    def read_on(self, positions: Mapping[TopicPartition, int], targets: Mapping[TopicPartition, int]) -> None:
        """From these positions up to, and not including, these targets. What was held before is forgotten."""
        self._targets = {place: end for place, end in targets.items() if positions[place] < end}
        self._next = {place: positions[place] for place in self._targets}
        self._held = {place: deque() for place in self._targets}
        self._consumer.assign([KafkaPartition(*place) for place in self._targets])
        for place, position in self._next.items():
            self._consumer.seek(KafkaPartition(*place), position)

    async def fill(self) -> bool:
        """Fetch until every partition that is not read to its target holds something. Whether anything is held.

        Raises TimeoutError when Kafka gives nothing for a minute.
        """
        since = monotonic()
        while wanted := [place for place in self._targets if not self._held[place] and not self._is_read(place)]:
            got = await self._consumer.getmany(
                *[KafkaPartition(*place) for place in wanted], timeout_ms=_POLL_MS, max_records=_FETCHED_MAX
            )
            for place, records in got.items():
                self._hold(TopicPartition(place.topic, place.partition), records)
            for place in wanted:
                # What was compacted away or was a marker of a transaction never comes: the position tells.
                self._next[place] = max(self._next[place], await self._position(place))
            if got:
                since = monotonic()
            elif monotonic() - since > SILENCE_SECONDS:
                raise TimeoutError("Kafka gives no records although there should be some")
        return any(self._held.values())

    def horizon(self) -> int:
        """Up to this time (ms, inclusive) all that comes is held. Call it after `fill` gave True."""
        last = [held[-1].timestamp for place, held in self._held.items() if held and not self._is_read(place)]
        return min(last) if last else max(held[-1].timestamp for held in self._held.values() if held)

    def take(self, until_ms: int, count: int) -> Cut:
        """Up to about `count` records of all partitions together, the oldest first, none later than `until_ms`."""
        found = {place: [r for r in held if r.timestamp <= until_ms] for place, held in self._held.items() if held}
        times = sorted(record.timestamp for records in found.values() for record in records)
        limit = times[count - 1] if len(times) > count else until_ms
        cut: Cut = {}
        left = count
        for place in sorted(found):
            # The broker stamps, so time hardly ever runs backwards within a partition; where it does, order wins.
            size = min(left, sum(record.timestamp <= limit for record in found[place]))
            if size:
                taken = [self._held[place].popleft() for _ in range(size)]
                left -= size
                rest = self._held[place]
                stop = taken[-1].offset + 1 if rest or not self._is_read(place) else self._targets[place]
                cut[place] = (taken, stop)
        return cut

    def _is_read(self, place: TopicPartition) -> bool:
        return self._next[place] >= self._targets[place]

    def _hold(self, place: TopicPartition, records: list[Any]) -> None:
        target = self._targets[place]
        self._held[place].extend(record for record in records if record.offset < target)
        self._next[place] = records[-1].offset + 1

    async def _position(self, place: TopicPartition) -> int:
        position: int = await self._consumer.position(KafkaPartition(*place))
        return position
