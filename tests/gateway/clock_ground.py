"""Ground for tests of the stream clock: raw streams in partitions, gateways that take them in, relays that send."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec

from services.gateway.main import create_service
from shared.contracts.orders import OrdersEvent
from shared.kernel import FixedClock
from shared.messaging.batch import Outcome
from shared.messaging.fence import TopicPartition
from shared.messaging.partitioning import partition_of
from shared.messaging.records import PlainRecord
from shared.messaging.relay import store
from shared.messaging.relay.shares import quotas, wanted_shards
from shared.testing.harness import Harness
from tests.gateway.ground import NOW, SECRET, random_ids, raw

ORDERS = msgspec.json.Decoder(OrdersEvent)
START = NOW - timedelta(days=40)


def clock(until: datetime, partition: int, partitions: int, /, **envelope: Any) -> dict[str, Any]:
    """A Clock Advanced as a replay sends it."""
    return {
        "id": f"clock-{until.isoformat()}-{partition}",
        "type": "Clock Advanced",
        "time": until.isoformat(),
        "source": "replay",
        "data": {"until": until.isoformat(), "partitions": partitions},
        **envelope,
    }


def raw_streams(rng: Random, partitions: int, days: int, each_day: int) -> list[list[bytes]]:
    """For each partition its events in order: orders at random, and a marker at the start of every day."""
    streams: list[list[bytes]] = [[] for _ in range(partitions)]
    for day in range(days):
        start = START + timedelta(days=day)
        for partition, stream in enumerate(streams):
            stream.append(json.dumps(clock(start, partition, partitions)).encode())
        instants = sorted(start + timedelta(seconds=rng.randrange(86_400)) for _ in range(rng.randrange(each_day)))
        for number, instant in enumerate(instants):
            name = f"{day}-{number}"
            order = raw(name, at=instant, customer_id=f"c{rng.randrange(9)}")
            streams[rng.randrange(partitions)].append(json.dumps(order).encode())
    end = START + timedelta(days=days)
    for partition, stream in enumerate(streams):
        stream.append(json.dumps(clock(end, partition, partitions)).encode())
    return streams


class Feeder:
    """One worker of gateway that owns some partitions; the test says how much of each it takes next."""

    def __init__(self, pool: asyncpg.Pool[Any], seed: int, streams: dict[int, list[bytes]]) -> None:
        self._harness = Harness(create_service(SECRET, random_ids(seed)), pool, FixedClock(NOW))
        self._streams = streams
        self._at = dict.fromkeys(streams, 0)

    @property
    def left(self) -> bool:
        return any(self._at[partition] < len(stream) for partition, stream in self._streams.items())

    async def take(self, counts: dict[int, int]) -> Outcome | None:
        """The next so many events of each partition, in one batch."""
        records: dict[int, list[PlainRecord]] = {}
        stamp = int(NOW.timestamp() * 1000)
        for partition, count in counts.items():
            at = self._at[partition]
            values = self._streams[partition][at : at + count]
            self._at[partition] += len(values)
            if values:
                records[partition] = [PlainRecord(at + n, stamp, value) for n, value in enumerate(values)]
                self._harness._next[TopicPartition("raw.orders.v1", partition)] = self._at[partition]
        if not records:
            return None
        return await self._harness.handle(await self._harness._chunks("raw.orders.v1", records))

    async def run(self, rng: Random, most: int) -> None:
        """All of it, in batches of random sizes over random partitions."""
        while self.left:
            await self.take({partition: rng.randrange(most + 1) for partition in self._streams})
            await asyncio.sleep(0)


class Topic:
    """orders.v1 as relays fill it: the rows of the outbox by the relay's own queries, without Kafka."""

    def __init__(self, pool: asyncpg.Pool[Any], partitions: int) -> None:
        self._pool = pool
        self._partitions = partitions
        self.events: list[list[Any]] = [[] for _ in range(partitions)]

    async def relay(self, rng: Random, rank: int, relays: int, stop: asyncio.Event) -> None:
        """One of several relays, which leads its shards, takes few rows at a time and dies now and then."""
        shards = sorted(wanted_shards(range(relays), rank))
        while True:
            last = stop.is_set()
            if not await self.round(rng, shards) and last:
                return
            await asyncio.sleep(rng.random() * 0.002)

    async def round(self, rng: Random, shards: list[int], crash: float = 0.1) -> int:
        """One round: take, send, and (unless it dies) commit. Gives how many rows there were."""
        async with self._pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            limit = rng.randrange(1, 60)
            rows = await store.take(conn, quotas({}, shards, limit), limit=limit, bytes_max=1 << 20)
            for row in rows:
                if row.topic == "orders.v1":
                    self.events[partition_of(row.key, self._partitions)].append(ORDERS.decode(row.value))
            await asyncio.sleep(rng.random() * 0.002)
            if rng.random() < crash:
                await transaction.rollback()
                return len(rows)
            await transaction.commit()
            return len(rows)
