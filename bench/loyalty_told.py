"""What was told of points, recounted: a rate counts only when each order has the points that it should, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.ground import PARTITIONS
from bench.plain_loyalty import CENTS_A_POINT
from bench.stream import Stream
from services.loyalty.points import Signer, verify
from services.loyalty.points.domain.buckets import Kind
from shared.contracts.topics import LOYALTY_POINTS
from shared.db.engine import server_settings

READ_LIMIT_SECONDS = 120.0
_SUMS = "SELECT coalesce(sum(active + pending - owed), 0)::bigint FROM account"
_EARNED = "SELECT count(*) FROM entry WHERE kind = $1"


class _Source(msgspec.Struct):
    id: str


class _Change(msgspec.Struct):
    customer: str
    points: int
    source: _Source


class _Event(msgspec.Struct):
    id: str
    data: _Change
    kind: str = msgspec.field(name="type")


@dataclass
class Told:
    """Events of a topic: points by order, how often each was told, and how many ids there were."""

    points: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)

    def add(self, value: bytes) -> None:
        """One more."""
        event = _DECODER.decode(value)
        if event.kind != "points.earned":
            return  # points of the stream's first day, of which nothing tells before, become active on the next
        self.ids.add(event.id)
        self.points[event.data.source.id] += event.data.points
        self.times[event.data.source.id] += 1

    def wrong(self, stream: Stream, orders: int) -> str:
        """What differs from `orders` orders of the stream, each told once; "" when nothing does."""
        if len(self.times) != orders or len(self.ids) != orders:
            return f"{len(self.times)} orders and {len(self.ids)} events were told of {orders}"
        repeated = sum(times > 1 for times in self.times.values())
        revenue = stream.revenue.tolist()
        off = sum(points != revenue[int(order[1:])] // CENTS_A_POINT for order, points in self.points.items())
        return f"{repeated} orders were told again, {off} with wrong points" if repeated or off else ""


_DECODER = msgspec.json.Decoder(_Event)


class Kept(NamedTuple):
    """What the ledger holds."""

    earned: int
    """Entries by which points were earned."""
    points: int
    broken: int
    """Violations that its own checker finds, replaying every entry."""


async def ends(bootstrap: str, topic: str = LOYALTY_POINTS) -> dict[int, int]:
    """Where the partitions of a topic end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
    finally:
        await consumer.stop()
    return {place.partition: offset for place, offset in found.items()}


async def read(bootstrap: str, topic: str, since: Mapping[int, int]) -> Told:
    """All that was told since a moment at which `ends` was asked."""
    until = await ends(bootstrap, topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    told = Told()
    try:
        places = [TopicPartition(topic, number) for number in since]
        consumer.assign(places)
        for place in places:
            consumer.seek(place, since[place.partition])
        async with asyncio.timeout(READ_LIMIT_SECONDS):
            while [place for place in places if await consumer.position(place) < until[place.partition]]:
                for records in (await consumer.getmany(timeout_ms=500, max_records=20_000)).values():
                    for record in records:
                        told.add(record.value)
    finally:
        await consumer.stop()
    return told


async def kept(url: str, secret: str) -> Kept:
    """The ledger as it stands, every entry replayed."""
    conn = await asyncpg.connect(url, server_settings=server_settings("loyalty", "bench"))
    try:
        found = await verify(conn, Signer(secret))
        return Kept(
            await conn.fetchval(_EARNED, int(Kind.EARN)), await conn.fetchval(_SUMS), sum(one.broken for one in found)
        )
    finally:
        await conn.close()
