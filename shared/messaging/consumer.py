"""The Kafka half of a worker: group membership, fetching, decoding. In an event loop and thread of its own.

Heartbeats live here, so nothing that a handler does can stop them. Positions come from the database: on assignment the
partitions are claimed there, then sought.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import monotonic, perf_counter_ns
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
)

from shared.messaging.decoding import TopicDecoder
from shared.messaging.fence import TopicPartition
from shared.messaging.handling import Service
from shared.messaging.handover import Handover
from shared.messaging.places import Claim, Places, PositionLost

log = structlog.get_logger(__name__)

_POLL_MS = 200
_FETCH_MAX = 5_000
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_UNSOUGHT_SECONDS = 0.02
_STEADY_SECONDS = 30.0
_HOUR_MS = 3_600_000
_SETTLE_SECONDS = 60.0
"""One limit for all that a rebalance asks of Kafka. What the database is asked meanwhile has its own."""


class Intake:
    """Fetches and decodes the records of the partitions that this process owns."""

    def __init__(
        self,
        service: Service,
        connection: Mapping[str, Any],
        decoders: Mapping[str, TopicDecoder],
        handover: Handover,
        *,
        claim: Claim,
        revoke: Callable[[set[TopicPartition]], None],
        owning: Callable[[frozenset[int]], None] = lambda _: None,
    ) -> None:
        """`claim` and `revoke` reach the database half, called in this loop. `connection`: aiokafka's options.

        `owning` is told the numbers of our partitions of live topics whenever they have changed.
        """
        self._service = service
        self._connection = connection
        self._topics = sorted(s.topic for s in service.subscriptions if not s.lane)
        self._handover = handover
        self._revoke = revoke
        self._owning = owning
        self._first = {s.topic for s in service.subscriptions if s.first}
        self.places = Places(decoders, claim, lambda chunk: handover.put(chunk, first=chunk.topic in self._first))
        self._fatal: BaseException | None = None
        self._unsettled_since: float | None = None
        self._consumer: AIOKafkaConsumer | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`. A consumer that fails is thrown away and made anew. Raises what that cannot mend."""
        pause = 0.1
        while not stop.is_set():
            started = monotonic()
            # Made just before it is started: one that lies around loses its loop's futures.
            consumer = AIOKafkaConsumer(**self._options())
            try:
                consumer.subscribe(self._topics, listener=_Listener(self, consumer))
                self.unsettled()  # before the start, during which the group may already be done with us
                await asyncio.wait_for(consumer.start(), _START_SECONDS)
                self._consumer, started = consumer, monotonic()
                await self._fetch(consumer, stop)
            except (KafkaError, OSError, TimeoutError) as error:
                if monotonic() - started > _STEADY_SECONDS:
                    pause = 0.1
                log.warning("consumer failed and is made anew", service=self._service.name, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)
            finally:
                self._consumer = None
                self.revoked(set(self.places.positions))
                await stopped(consumer)

    def lose(self, places: set[TopicPartition]) -> None:
        """The database half found that another owner has these; if the group still gives them to us, claim again."""
        self.places.lose(place for place in places if place.topic in self._topics)

    async def ends(self, seconds: float = 5.0) -> dict[TopicPartition, int]:
        """Where the events of our partitions end; empty when Kafka does not answer."""
        return await self.places.ends(self._consumer, seconds)

    async def ends_of(self, topic: str, seconds: float = 5.0) -> dict[TopicPartition, int] | None:
        """Where all partitions of a topic end, whoever owns them; None when Kafka does not answer."""
        consumer = self._consumer
        partitions = consumer.partitions_for_topic(topic) if consumer is not None else None
        if consumer is None or not partitions:
            return None
        try:
            async with asyncio.timeout(seconds):
                found = await consumer.end_offsets([KafkaPartition(topic, number) for number in partitions])
        except (KafkaError, OSError, TimeoutError):
            return None
        return {TopicPartition(*place): end for place, end in found.items()}

    async def assigned(self, consumer: AIOKafkaConsumer, places: Iterable[TopicPartition]) -> None:
        """Claim partitions and seek to where the database says."""
        await self.places.take_over(consumer, places)
        self._tell_owned()

    def revoked(self, places: set[TopicPartition]) -> None:
        """Partitions went away."""
        self.places.forget(places)
        self._revoke(places)
        self._tell_owned()

    def _tell_owned(self) -> None:
        self._owning(frozenset(place.partition for place in self.places.positions if place.topic not in self._first))

    def unsettled(self) -> None:
        """The group begins to share its partitions out."""
        self._unsettled_since = monotonic()

    def settled(self) -> None:
        """We know which partitions are ours, be it none, and have sought them."""
        self._unsettled_since = None

    def _check_settling(self) -> None:
        """Raises KafkaTimeoutError when the group has been silent for too long: nothing that we miss shows as lag."""
        if self.places.claiming:
            self.unsettled()  # the database is away, which is another matter
        since = self._unsettled_since
        if since is not None and monotonic() - since > _SETTLE_SECONDS:
            raise KafkaTimeoutError("the consumer group gave no partitions in time, nor said that there are none")

    def fail(self, error: BaseException) -> None:
        """Remember what happened inside a callback of the consumer, which would only log it."""
        self._fatal = error

    async def _fetch(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if self._fatal is not None:
                error, self._fatal = self._fatal, None
                raise error
            self._check_settling()
            await self.places.claim_again(consumer, {TopicPartition(*place) for place in consumer.assignment()})
            room, only = self._handover.room(), self._served(consumer)
            if only is None:
                await self._handover.wait_for_room(_POLL_MS / 1000)
                continue
            try:
                # Never under wait_for: records that were taken must reach the next line in the same step, before a
                # rebalance can move the positions.
                began = perf_counter_ns()
                found = await consumer.getmany(
                    *only, timeout_ms=_POLL_MS if room else 20, max_records=min(max(room, 1), _FETCH_MAX)
                )
            except NoOffsetForPartitionError:
                # Assigned but not sought yet: records are handed out before the listener has ended, and that may
                # wait for the database.
                await asyncio.sleep(_UNSOUGHT_SECONDS)
                continue
            except (OffsetOutOfRangeError, RecordTooLargeError) as error:
                raise PositionLost(f"Kafka cannot serve the position that the database has: {error!r}") from error
            self.places.put(found, began)
            if not room:
                await self._handover.wait_for_room(_POLL_MS / 1000)
            else:
                await asyncio.sleep(0)  # let the heartbeat in

    def _served(self, consumer: AIOKafkaConsumer) -> list[KafkaPartition] | None:
        """Partitions to fetch from: those that there is room for. Empty for all of them, None for none."""
        room, room_for_first = self._handover.room() > 0, self._handover.room_for_first()
        if room and room_for_first:
            return []
        found = [p for p in consumer.assignment() if (room_for_first if p.topic in self._first else room)]
        return found or None

    def _options(self) -> dict[str, Any]:
        return {
            **fetch_options(self._connection),
            "group_id": self._service.name,
            # One process gets the same partition numbers of all topics, so that a customer's timers and events meet.
            "partition_assignment_strategy": (RangePartitionAssignor,),
            "session_timeout_ms": 10_000,
            "heartbeat_interval_ms": 2_000,
            "rebalance_timeout_ms": 15_000,
            "max_poll_interval_ms": _HOUR_MS,  # the watchdog is quicker, and a full hand-over is no reason to leave
            # A backlog may not cost more memory than a quiet topic: what is fetched ahead is bounded tightly. A larger
            # record still comes, alone.
            "fetch_max_bytes": 8 << 20,
            "max_partition_fetch_bytes": 1 << 20,
        }


def fetch_options(connection: Mapping[str, Any]) -> dict[str, Any]:
    """What all consumers of a worker have in common; `connection` holds aiokafka's options to get there."""
    return {
        **connection,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        # Records of a transaction that a foreign producer aborted never were; one that is open holds its partition.
        "isolation_level": "read_committed",
        "fetch_max_wait_ms": 100,
        "metadata_max_age_ms": 60_000,
    }


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """Passes the group's decisions on to the intake."""

    def __init__(self, intake: Intake, consumer: AIOKafkaConsumer) -> None:
        self._intake = intake
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[KafkaPartition]) -> None:
        self._intake.unsettled()
        self._intake.revoked({TopicPartition(p.topic, p.partition) for p in revoked})

    async def on_partitions_assigned(self, assigned: Iterable[KafkaPartition]) -> None:
        try:
            await self._intake.assigned(self._consumer, [TopicPartition(p.topic, p.partition) for p in assigned])
            self._intake.settled()
        except Exception as error:
            self._intake.fail(error)


async def stopped(consumer: AIOKafkaConsumer) -> None:
    """Leave the group, if that can be done in time."""
    try:
        await asyncio.wait_for(consumer.stop(), _STOP_SECONDS)
    except Exception as error:
        log.warning("consumer did not stop in order", error=repr(error))
