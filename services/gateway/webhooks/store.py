"""Queries on connections. Secrets come and go encrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.gateway.webhooks.domain import Address
from shared.contracts.shops import Shop
from shared.db import Reads

_COLUMNS = "shop, address, vendor, name, secret, previous_secret, created_at, rotated_at"
_FIND = """
SELECT c.vendor, c.secret, c.previous_secret, s.settings::text AS settings
FROM connection c JOIN shop s ON s.number = c.shop
WHERE c.shop = $1 AND c.address = $2
"""
_LIST = f"SELECT {_COLUMNS} FROM connection WHERE $1::int IS NULL OR shop = $1 ORDER BY shop, name"  # noqa: S608 - constants
_LOCK = f"SELECT {_COLUMNS} FROM connection WHERE shop = $1 AND address = $2 FOR UPDATE"  # noqa: S608 - constants
_VENDOR = "SELECT vendor FROM connection WHERE shop = $1 AND address = $2"
_ADD = """
INSERT INTO connection (shop, address, vendor, name, secret, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (shop, name) DO NOTHING RETURNING 1
"""
_ROTATE = """
UPDATE connection SET secret = $3, previous_secret = $4, rotated_at = $5 WHERE shop = $1 AND address = $2
"""
_REMOVE = "DELETE FROM connection WHERE shop = $1 AND address = $2 RETURNING 1"


class Sealed(NamedTuple):
    """A connection as a request needs it."""

    shop: Shop
    vendor: str
    secrets: tuple[bytes, ...]
    """Encrypted; the present one first."""


async def find(reads: Reads, address: Address) -> Sealed | None:
    """The connection of an address."""
    row = await reads.fetchrow(_FIND, address.shop, address.name)
    if row is None:
        return None
    secrets = tuple(sealed for sealed in (row["secret"], row["previous_secret"]) if sealed is not None)
    return Sealed(msgspec.json.decode(row["settings"], type=Shop), row["vendor"], secrets)


async def vendor_of(conn: asyncpg.Connection[Any], address: Address) -> str | None:
    """The shop system of a connection."""
    found: str | None = await conn.fetchval(_VENDOR, address.shop, address.name)
    return found


async def load(conn: asyncpg.Connection[Any], shop: int | None) -> list[asyncpg.Record]:
    """Connections of a shop, or of all."""
    return list(await conn.fetch(_LIST, shop))


async def lock(conn: asyncpg.Connection[Any], address: Address) -> asyncpg.Record | None:
    """A connection, and no other change of it until the transaction ends."""
    return await conn.fetchrow(_LOCK, address.shop, address.name)


async def add(
    conn: asyncpg.Connection[Any], address: Address, vendor: str, name: str, *, secret: bytes, now: datetime
) -> bool:
    """Whether it was added: not where the shop has one of that name."""
    return await conn.fetchval(_ADD, address.shop, address.name, vendor, name, secret, now) is not None


async def rotate(
    conn: asyncpg.Connection[Any], address: Address, secret: bytes, previous: bytes | None, now: datetime
) -> None:
    """Give it other secrets."""
    await conn.execute(_ROTATE, address.shop, address.name, secret, previous, now)


async def remove(conn: asyncpg.Connection[Any], address: Address) -> bool:
    """Whether there was one."""
    return await conn.fetchval(_REMOVE, address.shop, address.name) is not None
