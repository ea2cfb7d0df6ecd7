"""Signed roots, and the heads that they are made of."""

from __future__ import annotations

from typing import Any

import asyncpg

from services.loyalty.points.domain.roots import Root
from shared.kernel import moment_of, us_of

_COLUMNS = "shop, n, cut, accounts, reached, digest, signature"
_NEWEST = f"SELECT {_COLUMNS} FROM ledger_root WHERE shop = $1 ORDER BY n DESC LIMIT 1 FOR UPDATE"  # noqa: S608 - constants
_ALL = f"SELECT {_COLUMNS} FROM ledger_root WHERE shop = $1 ORDER BY n"  # noqa: S608 - constants
_SAVE = f"""
INSERT INTO ledger_root ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (shop, n) DO UPDATE
SET accounts = excluded.accounts, reached = excluded.reached, digest = excluded.digest, signature = excluded.signature
WHERE ledger_root.signature IS NULL
"""  # noqa: S608 - constants
# Entries of an account are booked in nearly the order of their numbers: two writers that began at once may have
# changed places, so the last of those before the cut counts, whatever stands before it.
_HEADS = """
SELECT a.customer, e.n, e.hash
FROM (SELECT customer FROM account WHERE shop = $1 AND customer > $2 ORDER BY customer LIMIT $4) AS a
LEFT JOIN LATERAL (
    SELECT n, hash FROM entry e
    WHERE e.shop = $1 AND e.customer = a.customer AND e.booked_at < $3 ORDER BY e.n DESC LIMIT 1
) AS e ON true
ORDER BY a.customer
"""


async def newest(conn: asyncpg.Connection[Any], shop: int) -> Root | None:
    """The last root of a shop, made or being made, locked."""
    row = await conn.fetchrow(_NEWEST, shop)
    return None if row is None else _root(row)


async def of_shop(conn: asyncpg.Connection[Any], shop: int) -> list[Root]:
    """All roots of a shop, the oldest first."""
    return [_root(row) for row in await conn.fetch(_ALL, shop)]


async def save(conn: asyncpg.Connection[Any], root: Root) -> None:
    """Write a root. One that is signed stays as it is."""
    shop, n, cut, *rest = root
    await conn.execute(_SAVE, shop, n, moment_of(cut), *rest)


async def heads(conn: asyncpg.Connection[Any], root: Root, limit: int) -> list[tuple[int, int | None, bytes | None]]:
    """(customer, number, hash) of the next accounts; without a number: none of its entries is before the cut."""
    rows = await conn.fetch(_HEADS, root.shop, root.reached, moment_of(root.cut), limit)
    return [(customer, n, head) for customer, n, head in rows]


def _root(row: asyncpg.Record) -> Root:
    shop, n, cut, *rest = row
    return Root(shop, n, us_of(cut), *rest)
