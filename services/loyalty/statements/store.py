"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.db import Reads

LOTS_MAX = 500

_ACCOUNTS = """
SELECT customer, pending, active, held, owed, version, encode(head, 'hex') AS head
FROM account WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY customer
"""
_ACTIVATING = """
SELECT starts_day AS day, sum(pending)::bigint AS points FROM lot
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND pending > 0 GROUP BY 1 ORDER BY 1 LIMIT $3
"""
_EXPIRING = """
SELECT expires_day AS day, sum(remaining + held)::bigint AS points FROM lot
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND remaining + held > 0 AND expires_day < 2147483647
GROUP BY 1 ORDER BY 1 LIMIT $3
"""
_LOTS = """
SELECT customer, lot, source_kind, source, line, rule, version, at, earned, pending, remaining, held, spent, repaid,
       expired, reversed, adjusted, owed, forgiven, starts_day, expires_day
FROM lot WHERE shop = $1 AND customer = ANY($2::bigint[]) AND pending + remaining + held > 0
ORDER BY expires_day, at, customer, lot LIMIT $3
"""
_ENTRIES = """
SELECT e.customer, e.n, e.transaction, e.at, e.booked_at, e.day, e.kind, e.debit, e.credit, e.points, e.expires_day,
       e.cause, e.source AS name, e.reason, e.actor, encode(e.hash, 'hex') AS hash,
       l.source_kind, l.source, l.line, l.rule, l.version
FROM entry e LEFT JOIN lot l USING (shop, customer, lot)
WHERE e.shop = $1 AND e.customer = ANY($2::bigint[])
  AND ($3::timestamptz IS NULL OR (e.booked_at, e.customer, e.n) < ($3, $4, $5))
ORDER BY e.booked_at DESC, e.customer DESC, e.n DESC LIMIT $6
"""
_SUMS = """
SELECT bucket, sum(points)::bigint AS points FROM contra
WHERE shop = $1 AND day > $2 AND day <= $3 GROUP BY bucket
"""
_MEMBERS = """
SELECT count(*) FILTER (WHERE state = 1) AS active, count(*) FILTER (WHERE state = 2) AS left,
       count(*) FILTER (WHERE state = 3) AS blocked,
       count(*) FILTER (WHERE joined_at >= $2 AND joined_at < $3) AS joined
FROM member WHERE shop = $1
"""
_KNOWN = "SELECT count(*) AS known FROM known_customer WHERE shop = $1"
_CLOCK = "SELECT max(until) AS until FROM shop_clock WHERE shop = $1"

People = Sequence[int]
"""The identities of one person."""


async def accounts(reads: Reads, shop: int, people: People) -> list[dict[str, Any]]:
    """What each holds."""
    return [dict(row) for row in await reads.fetch(_ACCOUNTS, shop, people)]


async def activating(reads: Reads, shop: int, people: People, limit: int) -> list[tuple[int, int]]:
    """(day, points) that become active."""
    return [(row["day"], row["points"]) for row in await reads.fetch(_ACTIVATING, shop, people, limit)]


async def expiring(reads: Reads, shop: int, people: People, limit: int) -> list[tuple[int, int]]:
    """(day, points): from that day on these cannot be spent."""
    return [(row["day"], row["points"]) for row in await reads.fetch(_EXPIRING, shop, people, limit)]


async def lots(reads: Reads, shop: int, people: People) -> list[dict[str, Any]]:
    """Lots of which something is left, in the order in which they are spent."""
    return [dict(row) for row in await reads.fetch(_LOTS, shop, people, LOTS_MAX)]


async def entries(
    reads: Reads, shop: int, people: People, before: tuple[datetime, int, int] | None, limit: int
) -> list[dict[str, Any]]:
    """Lines of the ledger, the newest first."""
    at, customer, n = (None, 0, 0) if before is None else before
    return [dict(row) for row in await reads.fetch(_ENTRIES, shop, people, at, customer, n, limit)]


async def sums(reads: Reads, shop: int, after: int, until: int) -> dict[int, int]:
    """Of the shop's own buckets, over days of the shop."""
    return {row["bucket"]: row["points"] for row in await reads.fetch(_SUMS, shop, after, until)}


async def members(reads: Reads, shop: int, since: datetime, until: datetime) -> dict[str, int]:
    """How many there are by state, and how many joined in the time."""
    row = await reads.fetchrow(_MEMBERS, shop, since, until)
    known = await reads.fetchrow(_KNOWN, shop)
    assert row is not None and known is not None, "aggregates have a row"
    return {**dict(row), "known": known["known"]}


async def clock_of(reads: Reads, shop: int) -> datetime | None:
    """How far the events of a shop have come that goes by them."""
    row = await reads.fetchrow(_CLOCK, shop)
    return None if row is None else row["until"]
