"""Answers to writes that named a key of their own (`Idempotency-Key`), kept for a day: a repeat is told the same.

A service whose API has such routes has the table by `shared.db.tables.add_answer_table`, and a revision with
`create_answer_table`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg

KEPT = timedelta(hours=24)

_CREATE = """
CREATE TABLE kept_answer (
    shop smallint NOT NULL,
    status smallint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request bytea NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT pk_kept_answer PRIMARY KEY (shop, actor, key)
)
"""
_INDEX = "CREATE INDEX ix_kept_answer_at ON kept_answer (shop, at)"
# The key itself, should it be old, and some of the others: the table empties as it fills. By the database's clock.
_PURGE = """
DELETE FROM kept_answer WHERE shop = $1 AND at < now() - $4::interval AND ((actor, key) = ($2, $3) OR (actor, key) IN (
    SELECT actor, key FROM kept_answer WHERE shop = $1 AND at < now() - $4::interval ORDER BY at LIMIT 20
))
"""
_KEPT_SOMEWHERE = "SELECT to_regclass('kept_answer') IS NOT NULL"
_PURGE_ALL = """
DELETE FROM kept_answer WHERE (shop, actor, key) IN (
    SELECT shop, actor, key FROM kept_answer WHERE at < now() - $1::interval LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""
# What another transaction deletes for its age is locked, and gone soon.
_FORGET = """
DELETE FROM kept_answer WHERE (shop, actor, key) IN (
    SELECT a.shop, a.actor, a.key FROM kept_answer a
    WHERE a.shop = $1 AND EXISTS (SELECT FROM unnest($2::text[]) t WHERE position(convert_to(t, 'UTF8') IN a.body) > 0)
    FOR UPDATE SKIP LOCKED
)
"""
# Whoever comes second waits here until the first one has committed, and then finds the answer.
_CLAIM = """
INSERT INTO kept_answer (shop, actor, key, request, status, headers, body) VALUES ($1, $2, $3, $4, 0, '', '')
ON CONFLICT (shop, actor, key) DO NOTHING RETURNING 1
"""
_FIND = "SELECT request, status, headers, body FROM kept_answer WHERE shop = $1 AND actor = $2 AND key = $3"
_KEEP = "UPDATE kept_answer SET status = $4, headers = $5, body = $6 WHERE shop = $1 AND actor = $2 AND key = $3"


class Kept(NamedTuple):
    """What was answered."""

    request: bytes
    """Digest of what was asked."""
    status: int
    headers: str
    """As JSON."""
    body: bytes


def create_answer_table(op: Any) -> None:
    """In a revision; `op` is alembic's."""
    op.execute(_CREATE)
    op.execute(_INDEX)


async def claim(conn: asyncpg.Connection[Any], shop: int, actor: str, key: str, request: bytes) -> Kept | None:
    """None when the key is ours now; else what was answered under it."""
    await conn.execute(_PURGE, shop, actor, key, KEPT)
    if await conn.fetchval(_CLAIM, shop, actor, key, request):
        return None
    row = await conn.fetchrow(_FIND, shop, actor, key)
    assert row is not None, "whoever had it first has committed"
    return Kept(*row)


async def keep(conn: asyncpg.Connection[Any], shop: int, actor: str, key: str, kept: Kept) -> None:
    """What is answered under a key that is ours."""
    await conn.execute(_KEEP, shop, actor, key, kept.status, kept.headers, kept.body)


async def forget(conn: asyncpg.Connection[Any], shop: int, texts: Sequence[str]) -> int:
    """Delete answers in which one of these stands, such as a customer's id. Gives their number."""
    status = await conn.execute(_FORGET, shop, list(texts))
    return int(status.rsplit(" ", 1)[-1])


async def purge_answers(conn: asyncpg.Connection[Any], *, limit: int = 1_000) -> int:
    """Delete up to `limit` answers that are older than a day. Gives their number; 0 where a service keeps none."""
    if not await conn.fetchval(_KEPT_SOMEWHERE):
        return 0
    status = await conn.execute(_PURGE_ALL, KEPT, limit)
    return int(status.rsplit(" ", 1)[-1])
