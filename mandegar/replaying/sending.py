"""Messages into Kafka: idempotent producer, whole batches per partition, acknowledged by all replicas."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from types import TracebackType

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from mandegar.replaying.messages import Message
from shared.contracts import topics
from shared.messaging.partitioning import partitions_of

_SEND_LIMIT_S = 60.0
"""Longest wait for the acknowledgement of one chunk, retries included."""
_BATCH_BYTES = 512_000


class SendError(RuntimeError):
    """Kafka did not take the events; the same command goes on from where it stopped."""


class KafkaSink:
    """Sends to one topic. A message that names no partition goes by the murmur2 hash of its key, as the Java and our
    own producers have it."""

    def __init__(self, bootstrap_servers: str, topic: str = topics.RAW_ORDERS) -> None:
        self._servers = bootstrap_servers
        self._topic = topic
        self._partitions = 0

    @property
    def partitions(self) -> int:
        """How many the topic has; known once it is entered."""
        return self._partitions

    async def __aenter__(self) -> KafkaSink:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=20_000,
        )
        try:
            await asyncio.wait_for(self._producer.start(), _SEND_LIMIT_S)
            self._partitions = len(await asyncio.wait_for(self._producer.partitions_for(self._topic), _SEND_LIMIT_S))
        except (KafkaError, TimeoutError, OSError) as error:
            await asyncio.wait_for(self._producer.stop(), _SEND_LIMIT_S)
            raise SendError(
                f"no Kafka with the topic {self._topic} at {self._servers}: start it with `mandegar up`, or correct "
                "KAFKA_BOOTSTRAP_SERVERS and create the topics with `mandegar topics create`"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await asyncio.wait_for(self._producer.stop(), _SEND_LIMIT_S)
        except TimeoutError:
            if error is None:
                raise

    async def send(self, messages: Sequence[Message]) -> None:
        """All of them, in order within a partition. Raises SendError."""
        by_partition: dict[int, list[Message]] = defaultdict(list)
        partitions = partitions_of([message.key for message in messages], self._partitions).tolist()
        for message, partition in zip(messages, partitions, strict=True):
            by_partition[partition if message.partition is None else message.partition].append(message)
        try:
            async with asyncio.timeout(_SEND_LIMIT_S):
                await asyncio.gather(*(self._send_partition(*item) for item in by_partition.items()))
        except (KafkaError, TimeoutError) as error:
            raise SendError(f"Kafka at {self._servers} did not acknowledge in time: {type(error).__name__}") from error

    async def _send_partition(self, partition: int, messages: Sequence[Message]) -> None:
        batch = self._producer.create_batch()
        acknowledgements = []
        for message in messages:
            if batch.append(key=message.key, value=message.value, timestamp=None) is not None:
                continue
            acknowledgements.append(await self._producer.send_batch(batch, self._topic, partition=partition))
            batch = self._producer.create_batch()
            if batch.append(key=message.key, value=message.value, timestamp=None) is None:
                raise KafkaTimeoutError(f"the event of line {message.line} is larger than a batch")
        acknowledgements.append(await self._producer.send_batch(batch, self._topic, partition=partition))
        await asyncio.gather(*acknowledgements)
