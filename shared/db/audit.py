"""The audit log: who read personal data, and who wrote what. It holds ids and no personal data, and is only added to.

An entry of a write is made in the write's own transaction, so that there is none without the other. What binds it to
one shop is row-level security, as for every table.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import asyncpg

from shared.db.reading import Reads

Outcome = Literal["done", "refused", "failed"]
OPERATOR = "operator"
"""The actor of what commands do."""

_RECORD = """
INSERT INTO audit_entry (shop, actor, role, action, subject, request_id, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_LIST = """
SELECT id, at, actor, role, action, subject, request_id, outcome FROM audit_entry
WHERE shop = $1 AND id < $2 AND ($3::text IS NULL OR actor = $3) AND ($4::text IS NULL OR subject = $4)
  AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
  AND ($7::text IS NULL OR outcome = $7)
ORDER BY id DESC LIMIT $8
"""
_NEWEST = 2**63 - 1
# Of one shop, or of all where the login sees them all. An action is looked for as it is: no sign in it has a meaning.
_OVER = """
SELECT e.id, e.at, coalesce(s.slug, e.shop::text) AS shop, e.actor, e.role, e.action, e.subject, e.request_id, e.outcome
FROM audit_entry e LEFT JOIN shop s ON s.number = e.shop
WHERE ($1::int IS NULL OR e.shop = $1) AND ($2::text IS NULL OR e.actor = $2)
  AND ($3::text IS NULL OR $3 = ANY(string_to_array(e.subject, ' ')))
  AND ($4::timestamptz IS NULL OR e.at >= $4) AND ($5::timestamptz IS NULL OR e.at < $5)
  AND ($6::text IS NULL OR e.outcome = $6) AND ($7::text IS NULL OR strpos(e.action, $7) > 0)
"""
# By the database's clock, as the trigger judges it.
_PURGE = """
DELETE FROM audit_entry WHERE (shop, id) IN (
    SELECT shop, id FROM audit_entry WHERE at < now() - $1::interval ORDER BY at LIMIT $2
)
"""
_ANY_OLD = "SELECT EXISTS (SELECT FROM audit_entry WHERE at < now() - $1::interval)"


class AuditEntry(NamedTuple):
    """One line of the log."""

    shop: int
    actor: str
    """`key:<key id>`, `staff:<subject of the token>` or `operator`."""
    role: str
    """Of staff; empty for keys and commands."""
    action: str
    """The method and path of the route, `GET /v1/customers/{customer}`, or the command."""
    subject: str = ""
    """Ids from the path or of what was made, separated by blanks."""
    request_id: str = ""
    outcome: Outcome = "done"


class AuditFilter(NamedTuple):
    """Which entries are asked for; None does not matter."""

    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: str | None = None
    action: str | None = None
    """A part of it; the operator's commands alone ask so."""


async def record(conn: asyncpg.Connection[Any], entry: AuditEntry) -> None:
    """Add an entry within the transaction of the connection."""
    await conn.fetch(_RECORD, *entry)


async def entries_of(
    reads: Reads, shop: int, wanted: AuditFilter, *, before: int | None, limit: int
) -> list[asyncpg.Record]:
    """Entries of a shop, the newest first; `before` is the id of the last one of the page before."""
    return await reads.fetch(_LIST, shop, _NEWEST if before is None else before, *wanted[:5], limit)


async def entries_over(
    conn: asyncpg.Connection[Any], shop: int | None, wanted: AuditFilter, *, limit: int
) -> list[asyncpg.Record]:
    """For the operator: the newest entries of a shop or of all, the newest first, with the shop's slug.

    `subject` is one of the ids that an entry names.
    """
    return await conn.fetch(f"{_OVER} ORDER BY e.id DESC LIMIT $8", shop, *wanted, limit)


async def entries_behind(
    conn: asyncpg.Connection[Any], shop: int | None, wanted: AuditFilter, *, after: int, limit: int
) -> list[asyncpg.Record]:
    """The same behind an entry, the oldest first."""
    return await conn.fetch(f"{_OVER} AND e.id > $8 ORDER BY e.id LIMIT $9", shop, *wanted, after, limit)


async def any_old_entries(conn: asyncpg.Connection[Any], kept_for: timedelta) -> bool:
    """Whether `purge_entries` would find one."""
    return bool(await conn.fetchval(_ANY_OLD, kept_for))


async def purge_entries(conn: asyncpg.Connection[Any], kept_for: timedelta, *, limit: int = 1_000) -> int:
    """Delete up to `limit` entries that are older, the oldest first. Gives their number."""
    status = await conn.execute(_PURGE, kept_for, limit)
    return int(status.rsplit(" ", 1)[-1])
