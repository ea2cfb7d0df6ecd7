"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.campaigns.devices.domain import BROWSERS_MAX, Browser
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_OF = """
SELECT b.shop, b.customer, b.id, b.endpoint, b.key, b.auth
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN browser b USING (shop, customer)
ORDER BY b.shop, b.customer, b.added_at DESC, b.id
"""
# Whoever registers it last has the browser: it shows what it gets to the one who sits before it.
_ADD = """
INSERT INTO browser AS b (shop, id, customer, added_at, endpoint, key, auth) VALUES ($1, $2, $3, now(), $4, $5, $6)
ON CONFLICT (shop, id) DO UPDATE
SET customer = excluded.customer, added_at = now(), key = excluded.key, auth = excluded.auth
"""
_MAKE_ROOM = """
DELETE FROM browser WHERE (shop, id) IN (
    SELECT shop, id FROM browser WHERE shop = $1 AND customer = $2 ORDER BY added_at DESC, id OFFSET $3)
"""
_REMOVE = "DELETE FROM browser WHERE shop = $1 AND id = $2 AND customer = $3 RETURNING 1"
_GONE = """
DELETE FROM browser b USING unnest($1::smallint[], $2::bytea[]) AS k (shop, id) WHERE b.shop = k.shop AND b.id = k.id
"""
_COUNTED = "SELECT count(*) FROM browser WHERE shop = $1 AND customer = ANY($2::bigint[])"
_SHOWN = "SELECT endpoint, added_at FROM browser WHERE shop = $1 AND customer = $2 ORDER BY added_at, id"
_FORGET = "DELETE FROM browser WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING 1"
Key = tuple[int, int]
"""Shop and identity."""


async def browsers_of(reads: Reads, keys: Collection[Key]) -> dict[Key, list[Browser]]:
    """By shop and identity, the newest first."""
    asked = sorted(keys)
    rows = await reads.fetch(_OF, [one for one, _ in asked], [one for _, one in asked]) if asked else []
    found: dict[Key, list[Browser]] = {}
    for shop, customer, *browser in rows:
        found.setdefault((shop, customer), []).append(Browser(*browser))
    return found


async def add(conn: asyncpg.Connection[Any], shop: int, customer: int, browser: Browser) -> None:
    """Keep a browser; the oldest above the limit go."""
    await conn.execute(_ADD, shop, browser.id, customer, browser.endpoint, browser.key, browser.auth)
    await conn.execute(_MAKE_ROOM, shop, customer, BROWSERS_MAX)


async def remove(conn: asyncpg.Connection[Any], shop: int, customer: int, browser: bytes) -> bool:
    """Whether there was one."""
    return await conn.fetchval(_REMOVE, shop, browser, customer) is not None


async def gone(conn: asyncpg.Connection[Any], browsers: Collection[tuple[int, bytes]]) -> None:
    """Push services say that these are no more. By shop and id."""
    asked = sorted(browsers)
    if asked:
        await conn.execute(_GONE, [one for one, _ in asked], [one for _, one in asked])


async def counted(reads: Reads, shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """How many there are."""
    row = await reads.fetchrow(_COUNTED, shop, list(customers))
    assert row is not None, "it counts"
    number: int = row[0]
    return number


async def shown_of(reads: Reads, shop: int, customer: int) -> list[tuple[str, datetime]]:
    """Addresses, and when they were registered."""
    return [(row["endpoint"], row["added_at"]) for row in await reads.fetch(_SHOWN, shop, customer)]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Delete them; how many there were."""
    return len(await conn.fetch(_FORGET, shop, list(customers)))
