"""The lane of history: its topics are read beside live traffic, by a consumer of their own in the same thread.

A consumer of its own, so that nothing that lies fetched and must wait holds up the fetching of live events. It belongs
to no group: partition p of the lane is read by whoever owns partition p of the live topics, so that all that concerns a
customer stays in one process, whatever the group decides. Positions are claimed, fenced and moved as all others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic, perf_counter_ns
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError, RecordTooLargeError

from shared.messaging.consumer import fetch_options, stopped
from shared.messaging.decoding import TopicDecoder
from shared.messaging.fence import TopicPartition
from shared.messaging.handling import Service
from shared.messaging.handover import Handover
from shared.messaging.places import Claim, Places, PositionLost

log = structlog.get_logger(__name__)

_POLL_MS = 200
_FETCH_MAX = 250
"""Records decoded at a time: while they are, the thread does nothing for live events."""
_WAIT_SECONDS = 0.05
_START_SECONDS = 30.0
_STEADY_SECONDS = 30.0


class LaneIntake:
    """Fetches and decodes the lane's partitions that go with the live ones of this process."""

    def __init__(
        self,
        service: Service,
        connection: Mapping[str, Any],
        decoders: Mapping[str, TopicDecoder],
        handover: Handover,
        *,
        claim: Claim,
        revoke: Callable[[set[TopicPartition]], None],
    ) -> None:
        """`claim` and `revoke` reach the database half, called in this loop. `connection`: aiokafka's options."""
        self._service = service
        self._connection = connection
        self._topics = sorted(s.topic for s in service.subscriptions if s.lane)
        self._handover = handover
        self._revoke = revoke
        self._numbers: frozenset[int] = frozenset()
        self._changed = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
        lanes = {topic: decoders[topic] for topic in self._topics}
        self.places = Places(lanes, claim, lambda chunk: handover.put(chunk, lane=True))

    def own(self, numbers: frozenset[int]) -> None:
        """These partitions are ours now, of live topics and so of the lane."""
        if numbers == self._numbers:
            return
        self._numbers = numbers
        gone = {place for place in self.places.positions if place.partition not in numbers}
        self.places.forget(gone)
        self._revoke(gone)
        self._changed.set()

    def lose(self, places: set[TopicPartition]) -> None:
        """The database half found that another owner has these; if they still go with ours, claim again."""
        self.places.lose(places)

    async def ends(self, seconds: float = 5.0) -> dict[TopicPartition, int]:
        """Where the events of our partitions end; empty when Kafka does not answer."""
        return await self.places.ends(self._consumer, seconds)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`. A consumer that fails is thrown away and made anew. Raises PositionLost."""
        pause = 0.1
        while not stop.is_set() and self._topics:
            started = monotonic()
            consumer = AIOKafkaConsumer(**self._options())
            try:
                await asyncio.wait_for(consumer.start(), _START_SECONDS)
                self._consumer = consumer
                self._changed.set()
                await self._fetch(consumer, stop)
            except (KafkaError, OSError, TimeoutError) as error:
                pause = 0.1 if monotonic() - started > _STEADY_SECONDS else min(5.0, pause * 2)
                log.warning("consumer of the lane is made anew", service=self._service.name, error=repr(error))
                await asyncio.sleep(pause)
            finally:
                self._consumer = None
                mine = set(self.places.positions)
                self.places.forget(mine)
                self._revoke(mine)
                await stopped(consumer)

    async def _fetch(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if self._changed.is_set():
                self._changed.clear()
                await self._settle(consumer)
                continue
            await self.places.claim_again(consumer, self._wanted())
            room = self._handover.room_for_lane()
            if not room or not self.places.positions:
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            try:
                began = perf_counter_ns()
                found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=min(room, _FETCH_MAX))
            except NoOffsetForPartitionError:
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            except (OffsetOutOfRangeError, RecordTooLargeError) as error:
                raise PositionLost(f"Kafka cannot serve the position that the database has: {error!r}") from error
            self.places.put(found, began)
            await asyncio.sleep(0)  # live events first: they are fetched in this loop too

    async def _settle(self, consumer: AIOKafkaConsumer) -> None:
        """Read what goes with our live partitions, and nothing else. Those that stay ours go on as they were."""
        wanted = self._wanted()
        if not wanted:
            consumer.unsubscribe()
            return
        consumer.assign([KafkaPartition(*place) for place in wanted])
        for place, position in self.places.positions.items():
            consumer.seek(KafkaPartition(*place), position.next)
        fresh = [place for place in wanted if place not in self.places.positions]
        await self.places.take_over(consumer, fresh, still=lambda place: place.partition in self._numbers)

    def _wanted(self) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in self._topics for number in sorted(self._numbers)]

    def _options(self) -> dict[str, Any]:
        return {
            **fetch_options(self._connection),
            "group_id": None,
            "fetch_max_bytes": 1 << 20,
            "max_partition_fetch_bytes": 128 << 10,
        }
