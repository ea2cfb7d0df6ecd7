"""Queries on the registry. The tables are the runtime's `shop` and `api_key`, which this service alone writes first."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import asyncpg
import msgspec

from services.gateway.shops.domain import INACTIVE_TIMER
from services.gateway.shops.events import api_key_changed, api_key_key, shop_configured, shop_key
from shared.contracts import topics
from shared.contracts.keys import ApiKey
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import ShopId
from shared.messaging.handling import Timer, Transaction

_SHOPS = "SELECT settings::text FROM shop"
# Writers of the registry wait for each other, so that a number is given once; readers wait for nobody.
_LOCK_SHOPS = "LOCK TABLE shop IN SHARE ROW EXCLUSIVE MODE"
_SAVE_SHOP = """
INSERT INTO shop AS s (number, slug, settings, version, sequence) VALUES ($1, $2, $3::text::jsonb, 1, $4)
ON CONFLICT (number) DO UPDATE
SET settings = excluded.settings, version = s.version + 1, sequence = excluded.sequence
"""
# Of one shop, as its own API may: the lock of the table first, as above, so that nobody waits for the other way round.
_LOCK_ONE = "LOCK TABLE shop IN ROW EXCLUSIVE MODE"
_ONE = "SELECT settings::text, version FROM shop WHERE number = $1"
_UPDATE_SHOP = """
UPDATE shop SET settings = $2::text::jsonb, version = version + 1, sequence = $3 WHERE number = $1 RETURNING version
"""
_KEY_COLUMNS = "key_id, shop, sha256, scopes, name, expires_at, revoked_at"
_KEYS = f"SELECT {_KEY_COLUMNS} FROM api_key WHERE $1::int IS NULL OR shop = $1 ORDER BY shop, key_id"  # noqa: S608 - constants
_LOCK_KEY = f"SELECT {_KEY_COLUMNS} FROM api_key WHERE key_id = $1 FOR UPDATE"  # noqa: S608 - constants
_SAVE_KEY = """
INSERT INTO api_key (key_id, shop, sha256, scopes, name, expires_at, revoked_at, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (key_id) DO UPDATE
SET expires_at = excluded.expires_at, revoked_at = excluded.revoked_at, sequence = excluded.sequence
"""
_KEYS_AFTER = f"""
SELECT {_KEY_COLUMNS}, (SELECT u.used_at FROM api_key_use u WHERE (u.shop, u.key_id) = (k.shop, k.key_id)) AS used_at
FROM api_key k WHERE shop = $1 AND key_id > $2 ORDER BY key_id LIMIT $3
"""  # noqa: S608 - constants


async def load_shops(conn: asyncpg.Connection[Any]) -> dict[str, Shop]:
    """All shops by slug, as they stand now."""
    shops = [_shop_of(row[0]) for row in await conn.fetch(_SHOPS)]
    return {shop.slug: shop for shop in shops}


async def lock_shops(conn: asyncpg.Connection[Any]) -> dict[str, Shop]:
    """All shops by slug, and no other change of them until the transaction ends."""
    await conn.execute(_LOCK_SHOPS)
    return await load_shops(conn)


async def save_shop(tx: Transaction, shop: Shop) -> None:
    """Write a new or changed shop and publish it. The shops must be locked."""
    key = shop_key(shop)
    await tx.lock_keys({key: 1})
    sequence = tx.sequence(key)
    settings = msgspec.json.encode(shop).decode()
    await tx.conn.execute(_SAVE_SHOP, shop.number, shop.slug, settings, sequence)
    _watch_inactive(tx, shop)
    tx.publish(topics.SHOPS, key, shop_configured(shop, now=tx.now, sequence=sequence))


async def load_shop(reads: Reads, number: int) -> tuple[Shop, int] | None:
    """A shop and the version of its settings."""
    row = await reads.fetchrow(_ONE, number)
    return None if row is None else (_shop_of(row["settings"]), row["version"])


async def lock_shop(conn: asyncpg.Connection[Any], number: int) -> tuple[Shop, int] | None:
    """The same, and no other change of it until the transaction ends."""
    await conn.execute(_LOCK_ONE)
    row = await conn.fetchrow(_ONE + " FOR UPDATE", number)
    return None if row is None else (_shop_of(row["settings"]), row["version"])


async def update_shop(tx: Transaction, shop: Shop) -> int:
    """Write a changed shop and publish it; gives the new version. The shop must be locked."""
    key = shop_key(shop)
    await tx.lock_keys({key: 1})
    sequence = tx.sequence(key)
    version = await tx.conn.fetchval(_UPDATE_SHOP, shop.number, msgspec.json.encode(shop).decode(), sequence)
    _watch_inactive(tx, shop)
    tx.publish(topics.SHOPS, key, shop_configured(shop, now=tx.now, sequence=sequence))
    return int(version)


def _watch_inactive(tx: Transaction, shop: Shop) -> None:
    """Where contacts have a term: have somebody look after a day, so that a mistake can be taken back."""
    if shop.inactive_months:
        due = tx.now + timedelta(days=1)
        tx.set_timer(Timer(ShopId(shop.number), INACTIVE_TIMER, shop.slug, due, partition=0))


async def load_keys(conn: asyncpg.Connection[Any], shop_number: int | None) -> list[ApiKey]:
    """Keys of a shop, or of all."""
    return [_key_of(row) for row in await conn.fetch(_KEYS, shop_number)]


async def page_of_keys(
    reads: Reads, shop_number: int, *, after: str, limit: int
) -> list[tuple[ApiKey, datetime | None]]:
    """Keys of a shop in the order of their ids, each with when gateway was last asked by it."""
    rows = await reads.fetch(_KEYS_AFTER, shop_number, after, limit)
    return [(_key_of(row), row["used_at"]) for row in rows]


async def lock_key(conn: asyncpg.Connection[Any], key_id: str) -> ApiKey | None:
    """A key, and no other change of it until the transaction ends."""
    row = await conn.fetchrow(_LOCK_KEY, key_id)
    return None if row is None else _key_of(row)


async def save_key(tx: Transaction, key: ApiKey, slug: str) -> None:
    """Write a new or changed key and publish it. One that exists must be locked."""
    outbox_key = api_key_key(key, slug)
    await tx.lock_keys({outbox_key: 1})
    sequence = tx.sequence(outbox_key)
    await tx.conn.execute(
        _SAVE_KEY,
        key.key_id,
        key.shop_number,
        key.sha256,
        list(key.scopes),
        key.name,
        key.expires_at,
        key.revoked_at,
        sequence,
    )
    tx.publish(topics.KEYS, outbox_key, api_key_changed(key, slug, now=tx.now, sequence=sequence))


def _key_of(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        shop_number=row["shop"],
        sha256=row["sha256"],
        scopes=tuple(row["scopes"]),
        name=row["name"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


@lru_cache(maxsize=4096)
def _shop_of(settings: str) -> Shop:
    return msgspec.json.decode(settings, type=Shop)
