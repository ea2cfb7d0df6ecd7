"""Timers at rest: set, read when due, removed or postponed. All inside the caller's transaction.

Timers are lazy: a due date that moves later is not written (moving an indexed date costs more than a whole order);
the timer fires at the old date, its handler looks at the state and sets it anew. Therefore whoever sets a timer must
first hold the lock that the timer's handler takes (the outbox key, or the row of state): a setter that finds an
earlier timer trusts that it fires after the setter's own commit is visible to the handler.

Rows of timers are the last that a transaction locks, also one that fires them: what is due is read without a lock,
since the fence lets one owner at a time fire a partition's timers, and is removed after the handler. Were it locked
first, a writer that holds what the handler waits for, and sets the timer to an earlier date, would wait for the one
that fires it, and neither could go on. One that was moved meanwhile stays, and fires again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from shared.db.intents import Timer
from shared.db.together import Together
from shared.kernel import ShopId

# Looks before it inserts: ON CONFLICT alone would lock, and so write, the rows that stay as they are.
_SET = """
INSERT INTO timer AS t (shop, kind, identity, due, partition)
SELECT w.shop, w.kind, w.identity, w.due, w.partition
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::timestamptz[], $5::int[])
    AS w(shop, kind, identity, due, partition)
WHERE NOT EXISTS (
    SELECT FROM timer AS e
    WHERE e.shop = w.shop AND e.kind = w.kind AND e.identity = w.identity AND e.due <= w.due)
ON CONFLICT (shop, kind, identity) DO UPDATE SET due = excluded.due, partition = excluded.partition
WHERE t.due > excluded.due
"""
# An index scan for each partition, so that the cost does not depend on how many are due. One order everywhere, so
# that what a customer's timers do does not depend on the size of batches.
_DUE = """
SELECT c.shop, c.kind, c.identity, c.due, c.partition
FROM unnest($1::int[], $2::timestamptz[]) AS p(partition, until)
CROSS JOIN LATERAL (
    SELECT * FROM timer
    WHERE timer.partition = p.partition AND timer.due <= p.until AND timer.kind = ANY($3::text[])
    ORDER BY timer.due, timer.kind, timer.shop, timer.identity LIMIT $4
) AS c
ORDER BY c.due, c.kind, c.shop, c.identity
"""
_OVERDUE = """
SELECT p.partition, count(*), extract(epoch FROM p.until - min(o.due))
FROM unnest($1::int[], $2::timestamptz[]) AS p(partition, until)
CROSS JOIN LATERAL (
    SELECT timer.due FROM timer
    WHERE timer.partition = p.partition AND timer.due <= p.until ORDER BY timer.due LIMIT $3
) AS o
GROUP BY p.partition, p.until ORDER BY p.partition
"""
# In order of time, for which there is an index: any one that is due would be looked for in the whole table.
_ANY_DUE = """
SELECT EXISTS (
    SELECT FROM unnest($1::int[], $2::timestamptz[]) AS p(partition, until)
    CROSS JOIN LATERAL (
        SELECT FROM timer
        WHERE timer.partition = p.partition AND timer.due <= p.until AND timer.kind = ANY($3::text[])
        ORDER BY timer.due LIMIT 1
    ) AS c)
"""
# Only as it was read: who moved it meanwhile wants it to fire at that date.
_FIRED = """unnest($1::smallint[], $2::text[], $3::text[], $4::timestamptz[]) AS f(shop, kind, identity, due)
WHERE t.shop = f.shop AND t.kind = f.kind AND t.identity = f.identity AND t.due = f.due
"""
_REMOVE = f"DELETE FROM timer AS t USING {_FIRED}"  # noqa: S608 - text of our own
_POSTPONE = f"UPDATE timer AS t SET due = $5 FROM {_FIRED}"  # noqa: S608 - text of our own


async def set_timers(conn: asyncpg.Connection[Any], timers: Iterable[Timer]) -> None:
    """Ensure that each fires at its due or before. A timer that exists and is not later stays untouched."""
    writes = Together()
    add_timers(writes, timers)
    await writes.run(conn)


def add_timers(writes: Together, timers: Iterable[Timer]) -> None:
    """The same, together with other writes."""
    earliest: dict[tuple[ShopId, str, str], Timer] = {}
    for timer in timers:
        identity = (timer.shop, timer.kind, timer.identity)
        known = earliest.get(identity)
        if known is None or timer.due < known.due:
            earliest[identity] = timer
    if earliest:
        wanted = [earliest[identity] for identity in sorted(earliest)]
        writes.add(_SET, *_identities(wanted), [t.due for t in wanted], [t.partition for t in wanted])


class Reach(NamedTuple):
    """How far time has come for the timers of a partition. A partition below 0 follows a clock of its own."""

    partition: int
    until: datetime


async def due_timers(
    conn: asyncpg.Connection[Any], reaches: Sequence[Reach], kinds: Sequence[str], limit: int
) -> list[Timer]:
    """About `limit` timers of these partitions and kinds that are due, the longest overdue first.

    The caller has fenced the partitions. At least one of each that has any, so that none waits for another's backlog.
    """
    if not reaches or not kinds:
        return []
    each = max(1, limit // len(reaches))
    rows = await conn.fetch(_DUE, *_columns(reaches), list(kinds), each)
    return [Timer(ShopId(row[0]), row[1], row[2], row[3], row[4]) for row in rows]


async def any_due(conn: asyncpg.Connection[Any], reaches: Sequence[Reach], kinds: Sequence[str]) -> bool:
    """Whether `due_timers` would find one: cheap, and outside of any transaction."""
    return bool(await conn.fetchval(_ANY_DUE, *_columns(reaches), list(kinds)))


class Overdue(NamedTuple):
    """Timers of a partition that have fallen due and have not fired, and by how much the first of them is late."""

    partition: int
    timers: int
    """Counted up to a limit: read it as "at least"."""
    seconds: float
    """By the clock that the partition follows."""


async def overdue(conn: asyncpg.Connection[Any], reaches: Sequence[Reach], *, count_max: int = 10_000) -> list[Overdue]:
    """What is due in these partitions, of every kind, by partition; those with none are left out. Nothing is locked."""
    rows = await conn.fetch(_OVERDUE, *_columns(reaches), count_max)
    return [Overdue(row[0], row[1], max(0.0, float(row[2]))) for row in rows]


def _columns(reaches: Sequence[Reach]) -> tuple[list[int], list[datetime]]:
    return [reach.partition for reach in reaches], [reach.until for reach in reaches]


async def settle(
    conn: asyncpg.Connection[Any], fired: Sequence[Timer], failed: Sequence[Timer], again_at: datetime
) -> None:
    """Remove what fired, before the transaction writes what was set anew; postpone what its handler could not do.

    As `due_timers` gave them: one that was moved since then stays as it is.
    """
    if fired:
        await conn.execute(_REMOVE, *_identities(fired), [timer.due for timer in fired])
    if failed:
        await conn.execute(_POSTPONE, *_identities(failed), [timer.due for timer in failed], again_at)


def _identities(timers: Sequence[Timer]) -> tuple[list[int], list[str], list[str]]:
    return [int(t.shop) for t in timers], [t.kind for t in timers], [t.identity for t in timers]
