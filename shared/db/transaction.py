"""The transaction that handlers and HTTP writes work in: key locks, sequences, outbox and timers.

Every writer keeps one order: lock the keys it will publish under, write state, then timers, and the outbox rows last.
Two writers of one key are then serial, and what they publish reaches the topic in the order of their commits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from struct import Struct
from typing import Any
from zlib import crc32

import asyncpg

from shared.contracts.envelope import Envelope, encode
from shared.contracts.topics import LANES
from shared.db.copying import copy_in
from shared.db.engine import acquire
from shared.db.intents import Mark, OutboxKey, Timer
from shared.db.shards import BARRIER_SHARD, LANE_SHARDS, OUTBOX_SHARDS
from shared.db.timers import add_timers
from shared.db.together import Together, columns_of, is_few
from shared.kernel import Clock, ShopId

_LOCK_KEYS = """
INSERT INTO outbox_key AS k (shop, key, sequence)
SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bigint[])
ON CONFLICT (shop, key) DO UPDATE SET sequence = k.sequence + excluded.sequence
RETURNING shop, key, sequence
"""
_OUTBOX_COLUMNS = ("shard", "topic", "key", "value")
_ADD_TO_OUTBOX = """
INSERT INTO outbox (shard, topic, key, value)
SELECT shard, topic, key, value
FROM unnest($1::smallint[], $2::text[], $3::bytea[], $4::bytea[]) WITH ORDINALITY AS o (shard, topic, key, value, n)
ORDER BY n
"""
_OUTBOX_ROW = Struct(">hihi").pack
_SIZE = Struct(">i").pack

_Row = tuple[int, str, bytes, bytes]
"""Of the outbox: shard, topic, key, value."""

TOMBSTONE = b""
"""In the outbox: no event has no bytes. On the topic it is a message without a value."""

_SCOPE = "SELECT set_config('app.shop', $1, true)"  # for this transaction only


class OpenTransaction:
    """Implements `shared.messaging.handling.Transaction` over an asyncpg connection inside a transaction."""

    def __init__(self, conn: asyncpg.Connection[Any], now: datetime, *, publishes: bool = True) -> None:
        """Without `publishes` nothing reaches the outbox: all is as if it did, and nobody hears of it."""
        self._conn = conn
        self._now = now
        self._publishes = publishes
        self._reserved: dict[OutboxKey, list[int]] = {}
        """The next number of each locked key, and the last that is reserved."""
        self._published: list[_Row] = []
        self._timers: list[Timer] = []

    @property
    def conn(self) -> asyncpg.Connection[Any]:
        return self._conn

    @property
    def now(self) -> datetime:
        return self._now

    async def lock_keys(self, reserve: Mapping[OutboxKey, int]) -> None:
        """Lock keys in one global order (shop, key), and reserve sequence numbers, in one statement."""
        if not reserve:
            return
        keys = sorted(reserve)
        counts = [reserve[key] for key in keys]
        rows = await self._conn.fetch(_LOCK_KEYS, [int(key.shop) for key in keys], [key.key for key in keys], counts)
        for asked, (shop, name, last) in zip(keys, rows, strict=True):
            # Rows come back as they were put in; should that ever change, each still finds its own.
            key = asked if asked.key == name and asked.shop == shop else OutboxKey(ShopId(shop), name)
            numbers = self._reserved.get(key)
            if numbers is None:
                self._reserved[key] = [last - reserve[key] + 1, last]
            else:
                numbers[1] = last  # they follow those that were reserved before: nobody else had the key meanwhile

    def sequence(self, key: OutboxKey) -> int:
        numbers = self._reserved.get(key)
        if numbers is None or numbers[0] > numbers[1]:
            raise LookupError("no sequence number is left of this key; reserve enough in lock_keys")
        numbers[0] += 1
        return numbers[0] - 1

    def publish(self, topic: str, key: OutboxKey, event: Envelope) -> None:
        self.publish_encoded(topic, key, encode(event))

    def publish_encoded(self, topic: str, key: OutboxKey, value: bytes) -> None:
        if key not in self._reserved:
            raise LookupError("the key is not locked; call lock_keys first")
        self._published.append((outbox_shard(key.key, topic), topic, key.key, value))

    def publish_tombstone(self, topic: str, key: OutboxKey) -> None:
        self.publish_encoded(topic, key, TOMBSTONE)

    def publish_unordered(self, topic: str, key: bytes, event: Envelope) -> None:
        """Publish without a lock on the key: for events that carry no sequence and whose order means nothing."""
        self._published.append((outbox_shard(key, topic), topic, key, encode(event)))

    def publish_barrier(self, topic: str, key: bytes, event: Envelope) -> None:
        """Publish once all rows with smaller ids have gone. What was committed, and seen by this transaction before
        its end, has smaller ids: an id is drawn before its row commits, and ours are drawn last."""
        self._published.append((BARRIER_SHARD, topic, key, encode(event)))

    def set_timer(self, timer: Timer) -> None:
        self._timers.append(timer)

    def mark(self) -> Mark:
        """Remember the buffers, beside a savepoint of the database."""
        return Mark(len(self._published), len(self._timers), {k: [*v] for k, v in self._reserved.items()})

    def back_to(self, mark: Mark) -> None:
        """Forget what was buffered after the mark, because the savepoint was rolled back."""
        del self._published[mark.published :]
        del self._timers[mark.timers :]
        self._reserved = {k: [*v] for k, v in mark.reserved.items()}

    async def finish(self) -> int:
        """Write timers, then outbox rows in call order. The last thing before COMMIT. Gives the count of events."""
        rows, writes = self._published if self._publishes else [], Together()
        add_timers(writes, self._timers)
        if rows and is_few(len(rows)):
            writes.add(_ADD_TO_OUTBOX, *columns_of(rows))
        await writes.run(self._conn)
        if not is_few(len(rows)):
            await copy_in(self._conn, "outbox", _OUTBOX_COLUMNS, b"".join([_packed(*row) for row in rows]))
        count = len(rows)
        self._published, self._timers = [], []
        return count


def _packed(shard: int, topic: str, key: bytes, value: bytes) -> bytes:
    name = topic.encode()
    return b"".join((_OUTBOX_ROW(4, 2, shard, len(name)), name, _SIZE(len(key)), key, _SIZE(len(value)), value))


def outbox_shard(key: bytes, topic: str = "") -> int:
    """The shard that carries a key's events to a topic: another for history, so order holds within each topic.

    crc32, because Python's own hash differs from process to process.
    """
    shard = crc32(key) % OUTBOX_SHARDS
    return LANE_SHARDS[shard] if topic in LANES else shard


@asynccontextmanager
async def write_transaction(
    pool: asyncpg.Pool[Any], clock: Clock, shop: ShopId | None = None
) -> AsyncIterator[OpenTransaction]:
    """A transaction for a write that no event causes: an HTTP request, a command. Commits when the block ends well.

    A request names its `shop`: row-level security lets it read and write that shop's rows alone. Only a command, which
    logs in as workers do, may leave it out.
    """
    async with acquire(pool) as conn, conn.transaction():
        if shop is not None:
            await conn.fetchrow(_SCOPE, str(int(shop)))
        tx = OpenTransaction(conn, clock.now())
        yield tx
        await tx.finish()
