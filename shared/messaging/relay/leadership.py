"""Which relay leads which shards: session advisory locks, so that a dead relay's shards are free at once.

Every relay holds one shared lock as a sign of life, and one exclusive lock for each shard that it leads. The locks
live in the very session in which the rows are read and deleted: a relay that has lost its session has lost its shards
with it and cannot delete a row. A pooler that shares sessions between clients must therefore not stand in between.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import asyncpg

from shared.messaging.relay.shares import wanted_shards

_MEMBER = -1
"""Beside the shards 0..15: the lock that all relays of a schema share."""

# objsubid 2 is how PostgreSQL marks an advisory lock of two int4 keys.
_MEMBERS = """
SELECT pid, pg_backend_pid() FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = $1::bigint AND objid::bigint = $2::bigint
"""
_ACQUIRE = "SELECT shard FROM unnest($2::int[]) AS u(shard) WHERE pg_try_advisory_lock($1, shard)"
_RELEASE = "SELECT pg_advisory_unlock($1, shard) FROM unnest($2::int[]) AS u(shard)"


def lock_space(schema: str) -> int:
    """The first key of a schema's locks, as the signed int4 that PostgreSQL takes."""
    return crc32(f"mandegar.outbox.{schema}".encode()) - 2**31


class Leadership:
    """The shards that one session leads. Make a new one for a new session."""

    def __init__(self, conn: asyncpg.Connection[Any], schema: str) -> None:
        self._conn = conn
        self._space = lock_space(schema)
        self._owned: frozenset[int] = frozenset()
        self._announced = False

    @property
    def shards(self) -> list[int]:
        """Shards led now, ascending."""
        return sorted(self._owned)

    async def refresh(self) -> None:
        """Give up the shards that are another's by now, and take those that are ours and free.

        Call it between transactions. Two relays that see different members for a moment cannot both lead a shard;
        at worst nobody does until the next refresh.
        """
        if not self._announced:
            await self._conn.fetchval("SELECT pg_try_advisory_lock_shared($1, $2)", self._space, _MEMBER)
            self._announced = True
        members = await self._conn.fetch(_MEMBERS, self._space % 2**32, _MEMBER % 2**32)
        wanted = wanted_shards([row[0] for row in members], members[0][1] if members else 0)
        surplus = sorted(self._owned - wanted)
        if surplus:
            await self._conn.fetch(_RELEASE, self._space, surplus)
            self._owned -= set(surplus)
        missing = sorted(wanted - self._owned)
        if missing:
            rows = await self._conn.fetch(_ACQUIRE, self._space, missing)
            self._owned |= {row[0] for row in rows}
