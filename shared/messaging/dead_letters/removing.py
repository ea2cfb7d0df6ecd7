"""Dead letters go: when they are old, and when they tell of a person who is erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.messaging.dead_letters.cipher import Cipher

KEPT_FOR = timedelta(days=30)
# A shop may have a shorter term than the platform; letters of shops that nobody knows have the platform's.
_OLD = """
FROM dead_letter d LEFT JOIN shop s ON s.number = d.shop
WHERE d.recorded_at
    < $1::timestamptz - least($2::interval, make_interval(days => (s.settings->>'dead_letter_days')::int))
"""
_PURGE = f"""
DELETE FROM dead_letter WHERE id IN (
    SELECT d.id {_OLD} ORDER BY d.recorded_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
)
"""  # noqa: S608 - constants
_SEARCHED = """
SELECT id, body FROM dead_letter
WHERE shop = ANY($1::smallint[]) AND id > $2 AND ($4::text IS NULL OR topic = $4) ORDER BY id LIMIT $3 FOR UPDATE
"""


async def purge_letters(
    conn: asyncpg.Connection[Any], now: datetime, *, kept_for: timedelta = KEPT_FOR, limit: int = 1_000
) -> int:
    """Delete up to `limit` of those that are older, the oldest first. Gives their number. Several may do so at once."""
    status = await conn.execute(_PURGE, now, kept_for, limit)
    return int(status.rsplit(" ", 1)[-1])


async def any_old_letters(conn: asyncpg.Connection[Any], now: datetime, *, kept_for: timedelta = KEPT_FOR) -> bool:
    """Whether `purge_letters` would find one."""
    return bool(await conn.fetchval(f"SELECT EXISTS (SELECT {_OLD})", now, kept_for))


class Erased(NamedTuple):
    """How far a search through dead letters has come."""

    last: UUID
    """Go on behind this one."""
    removed: int
    unreadable: int
    """Sealed with another secret: nobody can read them, and nobody can tell whom they are of."""
    more: bool


async def erase_letters(
    conn: asyncpg.Connection[Any],
    cipher: Cipher,
    shop: int,
    is_of: Callable[[bytes], bool],
    *,
    after: UUID,
    limit: int = 500,
    topic: str | None = None,
) -> Erased:
    """Delete those whose body `is_of` a person, of the shop and of shops that could not be told: `limit` at a time.

    `topic`: of that one alone, where no other that the service reads holds personal data.

    Inside the open transaction. Position and reason stay on the topic; the body can be replayed no more.
    """
    rows = await conn.fetch(_SEARCHED, [0, shop], after, limit, topic)
    found, unreadable = [], 0
    for row in rows:
        try:
            if is_of(cipher.open(row["body"], str(row["id"]))):
                found.append(row["id"])
        except ValueError:
            unreadable += 1
    if found:
        await conn.execute("DELETE FROM dead_letter WHERE id = ANY($1::uuid[])", found)
    return Erased(rows[-1]["id"] if rows else after, len(found), unreadable, len(rows) == limit)
