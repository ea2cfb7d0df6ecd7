"""Queries on pulls. Their times are the database's, since several workers share them; tokens come and go encrypted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from services.gateway.webhooks import Address
from shared.db import OpenTransaction

_HINT = """
INSERT INTO pull_hint AS h (shop, address, hinted_at) VALUES ($1, $2, now())
ON CONFLICT (shop, address) DO UPDATE SET hinted_at = now() WHERE h.hinted_at < now() - interval '1 second'
"""
_SET = """
INSERT INTO pull (shop, address, sealed, due_at) VALUES ($1, $2, $3, now())
ON CONFLICT (shop, address) DO UPDATE SET sealed = $3, due_at = now(), failures = 0, trouble = ''
"""
_LIST = """
SELECT p.shop, p.address, p.sealed, p.reached, p.due_at, p.pulled_at, p.failures, p.trouble, c.vendor, c.name
FROM pull p JOIN connection c USING (shop, address) WHERE $1::int IS NULL OR p.shop = $1 ORDER BY p.shop, p.address
"""
# A hint is served a moment after it came, since the webhooks of one order arrive together, and soon after the pull
# before it only where that is some time ago: an API has limits, and each pull goes back a little.
_CLAIM = """
WITH due AS (
    SELECT p.shop, p.address FROM pull p LEFT JOIN pull_hint h USING (shop, address)
    WHERE (p.claimed_until IS NULL OR p.claimed_until < now())
      AND (p.due_at <= now() OR (p.failures = 0 AND h.hinted_at <= now() - interval '1 second'
                                 AND (p.pulled_at IS NULL OR (h.hinted_at > p.pulled_at
                                      AND p.pulled_at <= now() - interval '10 seconds'))))
      AND ($2::int IS NULL OR (p.shop = $2 AND p.address = $3))
    ORDER BY p.due_at LIMIT 1 FOR UPDATE OF p SKIP LOCKED
)
UPDATE pull p SET claimed_until = now() + $1, pulled_at = now()
FROM due, connection c
WHERE p.shop = due.shop AND p.address = due.address AND c.shop = due.shop AND c.address = due.address
RETURNING p.shop, p.address, p.sealed, p.reached, p.claimed_until, c.vendor, c.created_at
"""
_CLAIM_NOW = _CLAIM.replace("(p.due_at <= now() OR ", "(true OR ")
_ADVANCE = """
UPDATE pull SET reached = CASE WHEN $4::timestamptz IS NULL THEN reached
                               ELSE greatest(reached, least($4::timestamptz, pulled_at)) END,
                claimed_until = now() + $5
WHERE shop = $1 AND address = $2 AND claimed_until = $3 RETURNING claimed_until
"""
_DONE = """
UPDATE pull SET claimed_until = NULL, due_at = now() + $4, failures = $5, trouble = $6,
                succeeded_at = CASE WHEN $5 = 0 THEN now() ELSE succeeded_at END
WHERE shop = $1 AND address = $2 AND claimed_until = $3
"""
# One that never ended well is as old as its connection.
_STANDING = """
SELECT c.vendor, count(*) AS connections, count(*) FILTER (WHERE p.failures > 0) AS failing,
       max(extract(epoch FROM now() - coalesce(p.succeeded_at, c.created_at)))::float8 AS seconds,
       max(extract(epoch FROM greatest(now() - p.due_at, interval '0'))) FILTER (
           WHERE p.claimed_until IS NULL OR p.claimed_until < now())::float8 AS late
FROM pull p JOIN connection c USING (shop, address) GROUP BY c.vendor
"""
_FAILURES = "SELECT failures FROM pull WHERE shop = $1 AND address = $2"


async def hint(tx: OpenTransaction, address: Address) -> None:
    """A webhook tells that something changed: the next pull need not wait for its time."""
    await tx.conn.execute(_HINT, address.shop, address.name)


async def set_api(conn: asyncpg.Connection[Any], address: Address, sealed: bytes) -> None:
    """Keep where and how to ask; the next pull is due at once."""
    await conn.execute(_SET, address.shop, address.name, sealed)


async def load(conn: asyncpg.Connection[Any], shop: int | None) -> list[asyncpg.Record]:
    """All pulls of a shop, or of all."""
    return list(await conn.fetch(_LIST, shop))


async def claim(
    conn: asyncpg.Connection[Any], held: timedelta, address: Address | None = None
) -> asyncpg.Record | None:
    """A pull that is due and that nobody else does, for so long; or the one of `address`, whether due or not."""
    if address is None:
        return await conn.fetchrow(_CLAIM, held, None, None)
    return await conn.fetchrow(_CLAIM_NOW, held, address.shop, address.name)


async def advance(
    conn: asyncpg.Connection[Any], address: Address, claimed: datetime, reached: datetime | None, held: timedelta
) -> datetime | None:
    """All changes up to `reached` have been sent; what came after the run began may have been missed.

    Gives the claim anew; None where somebody else has it by now.
    """
    found: datetime | None = await conn.fetchval(_ADVANCE, address.shop, address.name, claimed, reached, held)
    return found


async def done(
    conn: asyncpg.Connection[Any], address: Address, claimed: datetime, *, after: timedelta, failures: int, trouble: str
) -> None:
    """Let go of it until its next time."""
    await conn.execute(_DONE, address.shop, address.name, claimed, after, failures, trouble)


class Standing(NamedTuple):
    """How pulls of one shop system stand, over all shops."""

    vendor: str
    connections: int
    failing: int
    """Connections whose last pull failed."""
    seconds: float
    """Since the pull of one of them last ended well: the longest."""
    late: float | None
    """By how many seconds one is overdue that nobody is at: the latest."""


async def standing(conn: asyncpg.Connection[Any]) -> list[Standing]:
    """How all pulls stand, by shop system."""
    return [Standing(*row) for row in await conn.fetch(_STANDING)]


async def is_there(conn: asyncpg.Connection[Any], address: Address) -> bool:
    """Whether the connection is pulled at all."""
    return await conn.fetchval(_FAILURES, address.shop, address.name) is not None


async def failures(conn: asyncpg.Connection[Any], address: Address) -> int:
    """How often in a row it failed."""
    return await conn.fetchval(_FAILURES, address.shop, address.name) or 0
