"""Endpoints in the database: set, rotated, removed. Times are the database's, since several workers share them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from shared.outgoing import Refused, check_url

URL_LENGTH_MAX = 2_000
# The secret of one that is there stays: whoever moves their receiver need not change both at once.
_SET = """
INSERT INTO {table} AS e (shop, url, secret, set_at) VALUES ($1, $2, $3, now())
ON CONFLICT (shop) DO UPDATE SET url = excluded.url, set_at = now(), gone_at = NULL
RETURNING e.secret = $3
"""
_ROTATE = """
UPDATE {table}
SET previous_secret = secret, previous_until = now() + $3, secret = $2, rotated_at = now()
WHERE shop = $1 RETURNING shop
"""
_REMOVE = "DELETE FROM {table} WHERE shop = $1 RETURNING shop"
_GONE = "UPDATE {table} SET gone_at = now() WHERE shop = $1 AND url = $2 AND gone_at IS NULL"


class Receivers:
    """The endpoints of one table."""

    def __init__(self, table: str) -> None:
        """`table`: as `add_endpoint` described it."""
        self._set, self._rotate, self._remove, self._gone = (
            text.format(table=table) for text in (_SET, _ROTATE, _REMOVE, _GONE)
        )

    async def set_url(self, conn: asyncpg.Connection[Any], shop: int, url: str, sealed: bytes) -> bool:
        """Have a shop told there. Whether `sealed` is its secret now: one that was there stays."""
        is_new: bool = await conn.fetchval(self._set, shop, url, sealed)
        return is_new

    async def rotate(self, conn: asyncpg.Connection[Any], shop: int, sealed: bytes, keep: timedelta) -> bool:
        """Another secret; the one before holds as well for so long. False without an endpoint."""
        return await conn.fetchval(self._rotate, shop, sealed, keep) is not None

    async def remove(self, conn: asyncpg.Connection[Any], shop: int) -> bool:
        """Have a shop told nothing any more. False without an endpoint."""
        return await conn.fetchval(self._remove, shop) is not None

    async def gone(self, conn: asyncpg.Connection[Any], shop: int, url: str) -> None:
        """Whoever answers there wants no more, until the address is set again."""
        await conn.execute(self._gone, shop, url)


def checked_url(url: str, *, loopback: bool) -> str:
    """The address, if webhooks may be sent there as far as its text tells. Raises Refused."""
    check_url(url, loopback=loopback)
    if len(url) > URL_LENGTH_MAX or "#" in url:
        raise Refused(f"must have no # and at most {URL_LENGTH_MAX} characters")
    return url
