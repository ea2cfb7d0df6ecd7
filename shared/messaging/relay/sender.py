"""Sending rows to Kafka: an idempotent producer, one batch a partition at a time, and a new producer after any failure.

aiokafka's idempotent producer cannot go on after a fatal error, nor after a batch that the broker refused for good
(its sequence numbers have a gap then), and it retries for ever while no broker answers. So nothing here trusts a
producer after a failure: it is thrown away, the rows stay in the outbox, and a new one repeats them with the same ids.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.kernel import Clock
from shared.messaging.partitioning import partitions_of
from shared.messaging.relay.store import OutboxRow

log = structlog.get_logger(__name__)

MESSAGE_BYTES_MAX = 1_000_000
"""Largest key and value together that is sent. Kafka's default limit for a batch of one is 1,048,588."""
_RECORD_OVERHEAD_BYTES = 100  # more than the header of a batch and of a record take
_BATCH_BYTES_MAX = 1 << 19


class SendFailed(Exception):
    """The rows were not (all) acknowledged: roll back and send them again with a new producer."""


class MessageRefused(SendFailed):
    """The broker finds a batch too large. Send fewer rows at once; if it was a single row, set that row aside."""


class TopicMissing(SendFailed):
    """The topic does not exist, or may not be written to. Run `mandegar topics create`, or grant the right."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"topic {topic} does not exist or may not be written to; `mandegar topics create` makes it")
        self.topic = topic


def fits(row: OutboxRow) -> bool:
    """Whether a row can be sent at all."""
    return len(row.key) + len(row.value) + _RECORD_OVERHEAD_BYTES <= MESSAGE_BYTES_MAX


class KafkaSender:
    """Sends rows and waits until all replicas have them. Order within a partition is the order of the rows."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        clock: Clock,
        *,
        send_timeout: float = 3.0,
        start_timeout: float = 5.0,
        stop_timeout: float = 1.0,
    ) -> None:
        """`connection` holds aiokafka's options: `bootstrap_servers`, security. Time limits are in seconds.

        `send_timeout` must stay below the time after which PostgreSQL ends an idle transaction.
        """
        self._connection = connection
        self._clock = clock
        self._send_timeout = send_timeout
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect, unless connected. SendFailed when no broker answers in time."""
        if self._producer is not None:
            return
        producer = AIOKafkaProducer(
            **self._connection,
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            max_batch_size=_BATCH_BYTES_MAX,
            request_timeout_ms=int(self._send_timeout * 1000),
        )
        try:
            await asyncio.wait_for(producer.start(), self._start_timeout)
        except BaseException as error:
            await self._discard(producer)
            if isinstance(error, KafkaError | OSError | TimeoutError):
                raise SendFailed(f"no Kafka broker answers: {type(error).__name__}") from error
            raise
        self._producer = producer

    async def send(self, rows: Sequence[OutboxRow]) -> None:
        """Return when every row is acknowledged by all in-sync replicas. SendFailed otherwise."""
        if not rows:
            return
        await self.start()
        assert self._producer is not None
        try:
            async with asyncio.timeout(self._send_timeout):
                batches = await self._batches(self._producer, rows)
                # One batch of a partition in flight: were a later one acknowledged and an earlier one refused,
                # the repetition would put them in the wrong order.
                for wave in zip_longest(*batches.values()):
                    await self._send_wave(self._producer, zip(batches, wave, strict=True))
        except BaseException as error:
            await self.stop()
            if isinstance(error, SendFailed):
                raise
            if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
                raise MessageRefused("the broker's limit for a message is smaller than the message") from error
            if isinstance(error, KafkaError | OSError | TimeoutError):
                raise SendFailed(f"not acknowledged: {type(error).__name__}") from error
            raise

    async def stop(self) -> None:
        """Let go of the producer, within a bounded time."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await asyncio.shield(self._discard(producer))

    async def _batches(
        self, producer: AIOKafkaProducer, rows: Sequence[OutboxRow]
    ) -> dict[tuple[str, int], list[BatchBuilder]]:
        by_topic: dict[str, list[OutboxRow]] = defaultdict(list)
        for row in rows:
            by_topic[row.topic].append(row)
        now_ms = int(self._clock.now().timestamp() * 1000)
        batches: dict[tuple[str, int], list[BatchBuilder]] = {}
        for topic, topic_rows in by_topic.items():
            count = await self._partition_count(producer, topic)
            chosen = partitions_of([row.key for row in topic_rows], count).tolist()
            for row, partition in zip(topic_rows, chosen, strict=True):
                value = row.value or None  # a tombstone has no value
                queue = batches.get((topic, partition))
                if queue is None:
                    queue = batches[topic, partition] = [producer.create_batch()]
                if queue[-1].append(timestamp=now_ms, key=row.key, value=value) is None:
                    queue.append(producer.create_batch())
                    queue[-1].append(timestamp=now_ms, key=row.key, value=value)
        return batches

    async def _partition_count(self, producer: AIOKafkaProducer, topic: str) -> int:
        cluster = producer.client.cluster
        if cluster.partitions_for_topic(topic) is None:
            # Asked by hand, as `partitions_for` cannot tell a missing topic from a missing broker until it times out.
            producer.client.add_topic(topic)
            if not await producer.client.force_metadata_update():
                raise SendFailed("no Kafka broker answers")
        partitions = cluster.partitions_for_topic(topic)
        if partitions is None:
            raise TopicMissing(topic)
        return len(partitions)

    async def _send_wave(
        self, producer: AIOKafkaProducer, wave: Iterable[tuple[tuple[str, int], BatchBuilder | None]]
    ) -> None:
        acks = [
            await producer.send_batch(batch, topic, partition=partition)
            for (topic, partition), batch in wave
            if batch is not None
        ]
        for ack in acks:
            ack.add_done_callback(_look_at)
        await asyncio.wait(acks)  # unlike gather, leaves aiokafka's futures alone when the time is up
        errors = [error for ack in acks if (error := ack.exception()) is not None]
        for error in errors:
            if not isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
                raise error  # what concerns the producer comes before what concerns one message
        if errors:
            raise errors[0]

    async def _discard(self, producer: AIOKafkaProducer) -> None:
        """Stop a producer that may never come to rest by itself: `stop` flushes, for ever when no broker answers."""
        try:
            await asyncio.wait_for(producer.stop(), self._stop_timeout)
        except Exception as error:  # it is being thrown away, whatever it says
            log.warning("kafka producer did not stop by itself", error=type(error).__name__)
            await self._kill(producer)

    async def _kill(self, producer: AIOKafkaProducer) -> None:
        # Private, as aiokafka has no public way to end a producer without its flush. In this order: requests in flight
        # end with their connection, then the sender, and only then the batches that nobody will send.
        task = producer._sender.sender_task
        if task is not None:
            task.remove_done_callback(producer._sender._fail_all)  # it breaks without a transaction
            task.cancel()
        try:
            await asyncio.wait_for(producer.client.close(), self._stop_timeout)
            if task is not None:
                await asyncio.wait({task}, timeout=self._stop_timeout)
        except Exception as error:  # the same
            log.warning("kafka client did not close", error=type(error).__name__)
        waiting = producer._message_accumulator
        for batch in [*waiting._pending_batches, *chain.from_iterable(waiting._batches.values())]:
            batch.done_noack()  # nobody waits for them any more but `stop`, which would do so for ever


def _look_at(ack: asyncio.Future[Any]) -> None:
    """Take note of the outcome of a batch nobody waits for any more, or asyncio complains of it at exit."""
    if not ack.cancelled():
        ack.exception()
