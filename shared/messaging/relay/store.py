"""Queries of the outbox relay. All but `backlog` run inside the relay's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from shared.db.shards import BARRIER_SHARD, OUTBOX_SHARDS


class OutboxRow(NamedTuple):
    """One event on its way."""

    id: int
    shard: int
    topic: str
    key: bytes
    value: bytes


class Backlog(NamedTuple):
    """What lies in the outbox: rows (counted up to a limit) and the age in seconds of the oldest; 0 when empty."""

    rows: int
    oldest_seconds: float
    oldest_transaction_seconds: float
    """Age of the oldest open transaction that this role may see: while it is open, no deleted row can be cleared
    away, and every look at the outbox passes over all of them."""


# Rows are deleted before they are sent, in the transaction that the acknowledgements let commit: that locks them as
# FOR UPDATE would, and writes each of them once instead of twice. By physical address, never by `id <= last`: a lower
# id of another key may have been committed in between; and nobody ever updates a row of the outbox.
#
# No SKIP LOCKED: rows of a key would overtake each other. An index scan for each shard, so that the cost of a round
# does not depend on the backlog. History comes after all others, so that neither limit cuts those. The running sum
# bounds what is held in memory, and at least one row comes.
# Topics that the cluster does not know wait without standing in the way of others.
#
# A barrier goes when no row with a smaller id is left in any shard, be it led by whom it may. Its snapshot shows all
# rows that it is about: they were committed when the barrier's own transaction looked, and an id is drawn before its
# row is committed. A row is gone when a relay's DELETE has committed, and that follows the brokers' acknowledgement.
# A repeat after a crash is sent behind the barrier and dropped by its id, as the first one was before it. The least
# id is looked for once in a statement, and only if a barrier lies there.
_TAKE = f"""
WITH taken AS (
    DELETE FROM outbox WHERE ctid = ANY(ARRAY(
        SELECT place FROM (
            SELECT o.*,
                   row_number() OVER age AS nth,
                   sum(o.bytes) OVER (age ROWS UNBOUNDED PRECEDING) - o.bytes AS bytes_before
            FROM unnest($1::int[], $2::int[]) AS q(shard, quota)
            CROSS JOIN LATERAL (
                SELECT outbox.ctid AS place, outbox.id, outbox.shard, octet_length(value) AS bytes FROM outbox
                WHERE outbox.shard = q.shard AND topic <> ALL($5::text[])
                    AND (q.shard <> {BARRIER_SHARD} OR outbox.id < (
                        SELECT coalesce(min(e.id), 9223372036854775807)
                        FROM generate_series(0, {OUTBOX_SHARDS - 1}) AS s(shard)
                        CROSS JOIN LATERAL (
                            SELECT earlier.id FROM outbox AS earlier
                            WHERE earlier.shard = s.shard AND earlier.topic <> ALL($5::text[])
                            ORDER BY earlier.id LIMIT 1
                        ) AS e
                    ))
                ORDER BY outbox.id LIMIT q.quota
            ) AS o
            WINDOW age AS (ORDER BY o.shard > {BARRIER_SHARD}, o.id)
        ) AS w
        WHERE nth <= $3 AND bytes_before < $4
    ))
    RETURNING id, shard, topic, key, value
)
SELECT id, shard, topic, key, value FROM taken ORDER BY shard > {BARRIER_SHARD}, id
"""  # noqa: S608 - constants
_ANY = """
SELECT EXISTS (
    SELECT FROM unnest($1::int[]) AS q(shard)
    CROSS JOIN LATERAL (SELECT FROM outbox WHERE outbox.shard = q.shard AND topic <> ALL($2::text[]) LIMIT 1) AS o
)
"""
_BACKLOG = """
SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE shard = ANY($1::smallint[]) LIMIT $2) AS counted),
       (SELECT extract(epoch FROM clock_timestamp() - min(o.created_at))
        FROM unnest($1::int[]) AS q(shard)
        CROSS JOIN LATERAL (
            SELECT created_at FROM outbox WHERE outbox.shard = q.shard ORDER BY outbox.id LIMIT 1
        ) AS o),
       (SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid())
"""


async def take(
    conn: asyncpg.Connection[Any], quotas: Mapping[int, int], *, limit: int, bytes_max: int, without: Sequence[str] = ()
) -> list[OutboxRow]:
    """Take out the oldest rows: at most `quotas[shard]` of each shard, `limit` rows and about `bytes_max` bytes.

    Rows of one key come in the order in which their writers committed, none left out: writers hold the key's lock.
    """
    rows = await conn.fetch(_TAKE, list(quotas), list(quotas.values()), limit, bytes_max, list(without))
    return [OutboxRow(*row) for row in rows]


async def any_waiting(conn: asyncpg.Connection[Any], shards: Sequence[int], without: Sequence[str] = ()) -> bool:
    """Whether there is anything to send. One cheap statement, for the many times when there is not."""
    return bool(await conn.fetchval(_ANY, list(shards), list(without)))


async def backlog(conn: asyncpg.Connection[Any], shards: Sequence[int], *, count_max: int = 100_000) -> Backlog:
    """Depth and age of the given shards. `count_max` bounds what a count costs: read it as "at least"."""
    rows, oldest, transaction = await conn.fetchrow(_BACKLOG, list(shards), count_max) or (0, None, None)
    return Backlog(int(rows), max(0.0, float(oldest or 0)), max(0.0, float(transaction or 0)))
