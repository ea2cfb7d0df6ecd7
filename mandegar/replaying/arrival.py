"""Waiting until the services have taken in all that was sent: their positions against the ends of the topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.clocks import PARTITIONS_MAX
from shared.contracts import topics

_POLL_S = 0.1
_CALL_LIMIT_S = 20.0
WAY = (
    ("gateway", topics.RAW_ORDERS),
    ("metrics", topics.ORDERS),
    ("loyalty", topics.ORDERS),
    ("campaigns", topics.ORDERS),
    ("feedback", topics.ORDERS),
)
"""The services that an order passes, the front door first, and the topic that each reads."""
LANE_WAY = (
    ("gateway", topics.RAW_ORDERS_BACKFILL),
    ("metrics", topics.ORDERS_BACKFILL),
    ("loyalty", topics.ORDERS_BACKFILL),
    ("campaigns", topics.ORDERS_BACKFILL),
    ("feedback", topics.ORDERS_BACKFILL),
)
"""The same for history."""
FOLLOWERS = ("metrics", "loyalty", "campaigns", "feedback")
"""Those whose timers follow the clocks of shops on the stream clock."""

_POSITIONS = "SELECT partition, max(next) FROM {schema}.consumer_offset WHERE topic = $1 GROUP BY partition"
_WAITING_ROWS = "SELECT count(*) FROM {schema}.outbox WHERE id <= $1"
_LAST_ROW = "SELECT coalesce(max(id), 0) FROM {schema}.outbox"
# Timers of shops on the stream clock lie below partition 0, as many apart for each shop as a topic has at most.
_DUE = """
SELECT count(*) FROM {schema}.timer t JOIN {schema}.shop_clock c
    ON t.partition = -(c.shop * $1::int + c.partition) - 1
WHERE t.due <= c.until AND t.partition < 0
"""


class NotArrived(RuntimeError):
    """The services did not take in everything in time; says which one, and where to look."""


class Waiting(NamedTuple):
    """Where it stands: the service that is being waited for, and how many of its events are left."""

    service: str
    events: int


async def wait_until_consumed(
    bootstrap_servers: str,
    database_urls: Mapping[str, str],
    *,
    limit_s: float,
    stall_s: float = 60.0,
    say: Callable[[Waiting], None] = lambda _: None,
    way: Sequence[tuple[str, str]] = WAY,
) -> None:
    """Return once every event that stood in the topics at this call has taken effect in all services of `way`.

    `database_urls`: one for each service. What arrives later is not waited for. Raises NotArrived after `limit_s`
    seconds, or when nothing moved for `stall_s` seconds.
    """
    deadline = time.monotonic() + limit_s
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None, request_timeout_ms=15_000)
    try:
        await asyncio.wait_for(consumer.start(), _CALL_LIMIT_S)
        for service, topic in way:
            ends = await _ends(consumer, bootstrap_servers, topic)
            connection = await asyncpg.connect(database_urls[service], timeout=5, command_timeout=8)
            try:
                await _Watch(service, deadline, stall_s, say).until_taken(connection, topic, ends)
            finally:
                await connection.close(timeout=5)
    except (KafkaError, TimeoutError, OSError, asyncpg.PostgresError) as error:
        raise NotArrived(f"the state of the services cannot be read: {error}; see `mandegar status`") from error
    finally:
        await asyncio.wait_for(consumer.stop(), _CALL_LIMIT_S)


async def wait_until_settled(
    database_urls: Mapping[str, str],
    *,
    limit_s: float,
    stall_s: float = 60.0,
    say: Callable[[Waiting], None] = lambda _: None,
) -> None:
    """Return once all that the clocks of shops have let fall due has happened in every service, and is published.

    For shops on the stream clock, after their events were taken in. `database_urls`: one for each of FOLLOWERS. Raises
    NotArrived after `limit_s` seconds, or when nothing moved for `stall_s` seconds.
    """
    deadline = time.monotonic() + limit_s
    try:
        for service in FOLLOWERS:
            connection = await asyncpg.connect(database_urls[service], timeout=5, command_timeout=8)
            try:
                await _Watch(service, deadline, stall_s, say).until_settled(connection)
            finally:
                await connection.close(timeout=5)
    except (TimeoutError, OSError, asyncpg.PostgresError) as error:
        raise NotArrived(f"the state of the services cannot be read: {error}; see `mandegar status`") from error


async def _ends(consumer: AIOKafkaConsumer, bootstrap_servers: str, topic: str) -> dict[int, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=15_000)
    try:
        await asyncio.wait_for(admin.start(), _CALL_LIMIT_S)
        (described,) = await asyncio.wait_for(admin.describe_topics([topic]), _CALL_LIMIT_S)
    finally:
        await asyncio.wait_for(admin.close(), _CALL_LIMIT_S)
    partitions = [TopicPartition(topic, found["partition"]) for found in described["partitions"]]
    if not partitions:
        raise NotArrived(f"there is no topic {topic}; create it with `mandegar topics create`")
    ends = await asyncio.wait_for(consumer.end_offsets(partitions), _CALL_LIMIT_S)
    return {at.partition: end for at, end in ends.items()}


class _Watch:
    """One service: first its positions must reach the ends, then its outbox rows of that moment must be gone."""

    def __init__(self, service: str, deadline: float, stall_s: float, say: Callable[[Waiting], None]) -> None:
        self._service = service
        self._deadline = deadline
        self._stall_s = stall_s
        self._say = say
        self._least = -1
        self._moved = time.monotonic()

    async def until_taken(self, connection: asyncpg.Connection, topic: str, ends: Mapping[int, int]) -> None:
        positions = _POSITIONS.format(schema=self._service)
        while True:
            reached = {row["partition"]: row["max"] for row in await connection.fetch(positions, topic)}
            if await self._done(sum(max(0, end - reached.get(at, 0)) for at, end in ends.items())):
                break
        await self._until_sent(connection)

    async def until_settled(self, connection: asyncpg.Connection) -> None:
        """No timer is due by the clocks of shops, and what that told has left the outbox."""
        due = _DUE.format(schema=self._service)
        while not await self._done(await connection.fetchval(due, PARTITIONS_MAX)):
            pass
        await self._until_sent(connection)

    async def _until_sent(self, connection: asyncpg.Connection) -> None:
        last = await connection.fetchval(_LAST_ROW.format(schema=self._service))
        self._least = -1
        while not await self._done(await connection.fetchval(_WAITING_ROWS.format(schema=self._service), last)):
            pass

    async def _done(self, left: int) -> bool:
        """Whether nothing is left; else waits a moment. Raises NotArrived when time is up or nothing moves."""
        self._say(Waiting(self._service, left))
        if left == 0:
            return True
        now = time.monotonic()
        if self._least < 0 or left < self._least:
            self._least, self._moved = left, now
        if now > self._deadline or now - self._moved > self._stall_s:
            raise NotArrived(
                f"{self._service} still has {left:,} events to take in; see `mandegar status`, `mandegar lag` and "
                "`mandegar dead-letters list`"
            )
        await asyncio.sleep(_POLL_S)
        return False
