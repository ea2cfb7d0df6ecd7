"""Cutting off the beginning of topics: records below a position are unreadable at once, segments go soon after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError

from shared.messaging.cluster.topics import TopicTrouble

_SECONDS_MAX = 30.0


async def truncate(bootstrap_servers: str, below: Mapping[tuple[str, int], int]) -> int:
    """Delete what lies before these positions, by topic and partition; how many partitions were cut.

    Raises TopicTrouble when Kafka does not do so: nothing may be noted as deleted then.
    """
    wanted = {TopicPartition(topic, partition): position for (topic, partition), position in below.items() if position}
    if not wanted:
        return 0
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=10_000)
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            await admin.start()
            await admin.delete_records(
                {place: RecordsToDelete(before_offset=position) for place, position in wanted.items()},
                timeout_ms=10_000,
            )
    except (KafkaError, OSError, TimeoutError) as error:
        raise TopicTrouble(
            f"records were not deleted ({type(error).__name__}); try again when Kafka answers"
        ) from error
    finally:
        await asyncio.wait_for(admin.close(), 5)
    return len(wanted)
