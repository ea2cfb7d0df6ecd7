"""The contestants that are made of other libraries: how each is run, and where its result is read."""

from __future__ import annotations

import asyncio
import json
import os
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.environments import interpreter, version
from bench.ground import PARTITIONS
from mandegar.stack import Stack

LAST_COMMIT_SECONDS = 90.0
"""So long a killed process's open transaction may hold up readers of committed messages."""


class Peer(NamedTuple):
    """One contestant."""

    package: str
    module: str
    result: str
    """`tables` or `topic`."""
    limit: int
    """Orders of a round, where all of them would take too long; 0: all."""
    heavy: bool
    """Whether exactness is shown on the small stream."""

    def title(self, name: str) -> str:
        """With its version."""
        return f"{self.package} {version(name, self.package)}"


PEERS = {
    "faststream": Peer("faststream", "bench.peers.faststream_peer", "tables", limit=10_000, heavy=True),
    "quix": Peer("quixstreams", "bench.peers.quix_peer", "topic", limit=0, heavy=False),
    "bytewax": Peer("bytewax", "bench.peers.bytewax_peer", "topic", limit=0, heavy=False),
}


class Figures(NamedTuple):
    """Changes of measures by name, flat: day, change, day, change …; and how many messages came more than once."""

    changes: dict[str, list[int]]
    repeated: int = 0


def command(stack: Stack, *, topic: str, run: str, extra: tuple[str, ...] = ()) -> list[str]:
    """The arguments of a peer."""
    return [
        *("--bootstrap", stack.bootstrap_servers, "--database", stack.database_url),
        *("--topic", topic, "--name", run, "--state", os.environ["MANDEGAR_BENCH_STATE"], *extra),
    ]


def python_of(name: str) -> str:
    """The interpreter of a peer."""
    return interpreter(name)


def read(name: str, stack: Stack, run: str, *, once: bool = False) -> Figures:
    """A run's result. `once`: messages of an order that was told before are left out, as a careful reader would."""
    if PEERS[name].result == "tables":
        return asyncio.run(_tables(stack.database_url, run))
    return asyncio.run(_topic(stack.bootstrap_servers, run, once=once))


async def _tables(url: str, schema: str) -> Figures:
    conn = await asyncpg.connect(url)
    try:
        rows = await conn.fetch(f'SELECT measure, day, value FROM "{schema}".counters')
    finally:
        await conn.close()
    found: dict[str, list[int]] = {}
    for name, day, value in rows:
        found.setdefault(name, []).extend((day, int(value)))
    return Figures(found)


async def _topic(bootstrap: str, topic: str, *, once: bool) -> Figures:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    sums: dict[tuple[str, int], int] = {}
    seen: set[str] = set()
    repeated = 0
    try:
        numbers = consumer.partitions_for_topic(topic) or set(range(PARTITIONS))
        places = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        async with asyncio.timeout(LAST_COMMIT_SECONDS):
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for records in (await consumer.getmany(timeout_ms=500, max_records=20_000)).values():
                    for record in records:
                        told = json.loads(record.value)
                        again = told["order"] in seen
                        repeated += again
                        seen.add(told["order"])
                        if again and once:
                            continue
                        for name, day, by in told["changes"]:
                            sums[name, day] = sums.get((name, day), 0) + by
    finally:
        await consumer.stop()
    found: dict[str, list[int]] = {}
    for (name, day), value in sums.items():
        found.setdefault(name, []).extend((day, value))
    return Figures(found, repeated)
