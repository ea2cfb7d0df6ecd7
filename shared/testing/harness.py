"""Feeds events to a service through the runtime's own batch loop, on a real PostgreSQL and without Kafka.

async with running(service, database_url, clock=FixedClock(...)) as harness:
    await harness.configure(Shop(number=1, slug="demo", name="Demo"))
    await harness.feed("orders.v1", events, batch=7, placed="random", doubled=0.1, rng=Random(1))
    published = await harness.published()
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Literal, NamedTuple
from zlib import crc32

import asyncpg
import msgspec

from shared.contracts.envelope import Envelope
from shared.contracts.shops import Shop
from shared.db.engine import acquire, create_pool
from shared.kernel import Clock, SystemClock
from shared.messaging.batch import BatchHandler, Outcome, Step
from shared.messaging.chores import DueTimers
from shared.messaging.dead_letters import Cipher, DeadLetters, Letter, list_letters
from shared.messaging.fence import TopicPartition, claim
from shared.messaging.handling import Service
from shared.messaging.records import Chunk, PlainRecord
from shared.messaging.reference import write_shops

TEST_SECRET = "0123456789abcdefghijklmnopqrstuv-tests"  # noqa: S105 - protects nothing but test data
Placed = Literal["key", "random", "one"]
"""Which partition an event goes to: by shop and customer (or subject), at random, or all to partition 0."""


class OutboxEvent(NamedTuple):
    """A row of the outbox, in order; `event` is its JSON as Python values."""

    topic: str
    key: bytes
    event: dict[str, Any]


class Harness:
    """One worker of a service, without Kafka."""

    def __init__(self, service: Service, pool: asyncpg.Pool[Any], clock: Clock, secret: str = TEST_SECRET) -> None:
        self.service = service
        self.pool = pool
        self.cipher = Cipher(secret)
        self.handler = BatchHandler(service, clock, DeadLetters(service.name, self.cipher))
        self._clock = clock
        self._next: dict[TopicPartition, int] = {}
        self._epochs: dict[TopicPartition, int] = {}

    async def configure(self, *shops: Shop) -> None:
        """Put shops into the service's own copy, as `shops.v1` would."""
        async with acquire(self.pool) as conn:
            await write_shops(conn, shops, [0] * len(shops))

    async def feed(
        self,
        topic: str,
        events: Iterable[Envelope | bytes | Any],
        *,
        batch: int = 1000,
        partitions: int = 12,
        placed: Placed = "key",
        doubled: float = 0.0,
        shuffled: int = 0,
        rng: Random | None = None,
        timestamp_ms: int | None = None,
        patient: bool = True,
    ) -> list[Outcome]:
        """Handle events in batches of `batch`, each in a transaction of its own; gives what each batch did.

        `doubled` is the share of events that come twice (the second up to 100 places later), `shuffled` within how
        many places the order is disturbed; both need `rng`.
        """
        rng = rng or Random(0)  # noqa: S311 - a test's own, seeded
        arriving = disturbed([as_bytes(event) for event in events], rng, doubled=doubled, shuffled=shuffled)
        stamp = int(self._clock.now().timestamp() * 1000) if timestamp_ms is None else timestamp_ms
        outcomes = []
        for at in range(0, len(arriving), batch):
            records: dict[int, list[PlainRecord]] = {}
            for value in arriving[at : at + batch]:
                partition = _place(value, placed, partitions, rng)
                place = TopicPartition(topic, partition)
                offset = self._next.get(place, 0)
                self._next[place] = offset + 1
                records.setdefault(partition, []).append(PlainRecord(offset, stamp, value))
            outcomes.append(await self.handle(await self._chunks(topic, records), patient=patient))
        return outcomes

    async def feed_placed(
        self, topic: str, placed: Sequence[tuple[int, Envelope | bytes]], *, batch: int = 1000
    ) -> list[Outcome]:
        """Handle events in the partitions named beside them, in this order, in batches of `batch`."""
        stamp = int(self._clock.now().timestamp() * 1000)
        outcomes = []
        for at in range(0, len(placed), batch):
            records: dict[int, list[PlainRecord]] = {}
            for partition, event in placed[at : at + batch]:
                place = TopicPartition(topic, partition)
                offset = self._next.get(place, 0)
                self._next[place] = offset + 1
                records.setdefault(partition, []).append(PlainRecord(offset, stamp, as_bytes(event)))
            outcomes.append(await self.handle(await self._chunks(topic, records)))
        return outcomes

    async def fire(self, topic: str, partitions: Sequence[int], *also: Step, rounds_max: int = 1000) -> int:
        """Fire the service's timers of these partitions until none is due; how many fired. `also`: steps after them."""
        timers = DueTimers(self.service.timers, self.service.clock)
        fired = 0
        for _ in range(rounds_max):
            chunks = await self._chunks(topic, {partition: [] for partition in partitions})
            await self.handle(chunks, steps=[timers.step(partitions), *also])
            fired += sum(timers.fired.values())
            if not timers.fired and not timers.more:
                break
        return fired

    async def handle(
        self, chunks: Sequence[Chunk], *, patient: bool = True, steps: Sequence[Step] = (), replay: bool = False
    ) -> Outcome:
        """One batch of ready chunks, sorted by topic and partition."""
        async with acquire(self.pool) as conn:
            return await self.handler.handle(conn, chunks, patient=patient, steps=steps, replay=replay)

    async def step(self, topic: str, partition: int, *steps: Step, replay: bool = False) -> Outcome:
        """A batch without events, for timers and replays of a partition."""
        return await self.handle(await self._chunks(topic, {partition: []}), steps=steps, replay=replay)

    async def published(self, topic: str | None = None) -> list[OutboxEvent]:
        """What lies in the outbox, in order."""
        rows = await self.pool.fetch("SELECT topic, key, value FROM outbox ORDER BY id")
        events = [OutboxEvent(row[0], row[1], msgspec.json.decode(row[2])) for row in rows]
        return [event for event in events if topic is None or event.topic == topic]

    async def dead_letters(self) -> list[Letter]:
        """The newest dead letters."""
        async with acquire(self.pool) as conn:
            return await list_letters(conn)

    async def _chunks(self, topic: str, records: dict[int, list[PlainRecord]]) -> list[Chunk]:
        places = [TopicPartition(topic, partition) for partition in records]
        missing = {place: 0 for place in places if place not in self._epochs}
        if missing:
            async with acquire(self.pool) as conn:
                owned = await claim(conn, self.service.name, "harness", missing, {})
            self._epochs |= {place: position.epoch for place, position in owned.items()}
        chunks = []
        for partition in sorted(records):
            place = TopicPartition(topic, partition)
            stop = self._next.get(place, 0)
            start = stop - len(records[partition])
            decoder = self.handler.decoders[topic]
            chunks.append(
                decoder.chunk(partition, records[partition], start=start, stop=stop, epoch=self._epochs[place])
            )
        return chunks


@asynccontextmanager
async def running(service: Service, database_url: str, *, clock: Clock | None = None) -> AsyncIterator[Harness]:
    """A harness with a pool of its own on a migrated database."""
    pool = await create_pool(database_url, service.name, application="harness", max_size=6)
    try:
        yield Harness(service, pool, clock or SystemClock())
    finally:
        await pool.close()


def as_bytes(event: Envelope | bytes | Any) -> bytes:
    """The event as it lies on a topic."""
    return event if isinstance(event, bytes) else msgspec.json.encode(event)


def disturbed(values: Sequence[bytes], rng: Random, *, doubled: float = 0.0, shuffled: int = 0) -> list[bytes]:
    """The values with some of them repeated later, and the order disturbed within `shuffled` places."""
    placed = [
        (position + (rng.random() * shuffled if shuffled else 0.0), value) for position, value in enumerate(values)
    ]
    again = [(place + 1 + rng.random() * 100, value) for place, value in placed if rng.random() < doubled]
    return [value for _, value in sorted(placed + again, key=lambda item: item[0])]


def _place(value: bytes, placed: Placed, partitions: int, rng: Random) -> int:
    if placed == "one":
        return 0
    if placed == "random":
        return rng.randrange(partitions)
    try:
        event = msgspec.json.decode(value)
        data = event.get("data") or {}
        identity = f"{event.get('shop', '')}:{data.get('customer') or event.get('subject', '')}"
    except (msgspec.MsgspecError, AttributeError, RecursionError):
        return 0
    return crc32(identity.encode()) % partitions
