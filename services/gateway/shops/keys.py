"""API keys: made, rotated and revoked, by commands here and by admins over HTTP in `keys_api`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from services.gateway.shops import domain, store
from services.gateway.shops.commands import NO_SHOP
from services.gateway.shops.domain import ShopError
from shared.contracts.keys import ApiKey
from shared.contracts.shops import Shop
from shared.db import AuditEntry, OpenTransaction, acquire, record, write_transaction
from shared.db.audit import OPERATOR
from shared.kernel import Clock

KEPT_AFTER_ROTATION = timedelta(hours=24)
_NO_KEY = "there is no key with this id; `mandegar keys list` shows them"
RandomBytes = Callable[[int], bytes]


async def create_key(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    slug: str,
    *,
    scopes: Iterable[str],
    name: str = "",
    expires_at: datetime | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> tuple[ApiKey, str]:
    """Make a key of a shop and publish its hash on `keys.v1`. Gives the key, and its text, which nobody can tell again.

    Raises ShopError when there is no such shop or no usable scope.
    """
    async with write_transaction(pool, clock) as tx:
        shop = await _existing(tx.conn, slug)
        key, text = domain.new_key(shop, scopes=scopes, name=name, expires_at=expires_at, random_bytes=random_bytes)
        await store.save_key(tx, key, shop.slug)
        await record(tx.conn, AuditEntry(shop.number, OPERATOR, "", "mandegar keys create", key.key_id))
        return key, text


async def list_keys(pool: asyncpg.Pool[Any], slug: str | None = None) -> list[ApiKey]:
    """Keys of a shop, or of all, revoked ones included. Raises ShopError when there is no such shop."""
    async with acquire(pool) as conn:
        number = None if slug is None else (await _existing(conn, slug)).number
        return await store.load_keys(conn, number)


async def rotate_key(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    key_id: str,
    *,
    keep: timedelta = KEPT_AFTER_ROTATION,
    expires_at: datetime | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> tuple[ApiKey, str, ApiKey]:
    """Make a key that takes the place of another, which goes on for `keep`. Gives the new one, its text, the old one.

    Raises ShopError for a key that is unknown, expired or revoked.
    """
    async with write_transaction(pool, clock) as tx:
        old = await _locked(tx.conn, key_id)
        shop = await _shop_of(tx.conn, old)
        key, text, ending = await replace(tx, old, shop, keep=keep, expires_at=expires_at, random_bytes=random_bytes)
        await record(tx.conn, AuditEntry(shop.number, OPERATOR, "", "mandegar keys rotate", f"{key_id} {key.key_id}"))
        return key, text, ending


async def revoke_key(pool: asyncpg.Pool[Any], clock: Clock, key_id: str) -> ApiKey:
    """Revoke a key and publish it; one that is revoked already stays as it is. Raises ShopError for an unknown one."""
    async with write_transaction(pool, clock) as tx:
        key = await _locked(tx.conn, key_id)
        revoked = await end(tx, key, (await _shop_of(tx.conn, key)).slug)
        await record(tx.conn, AuditEntry(key.shop_number, OPERATOR, "", "mandegar keys revoke", key_id))
        return revoked


async def replace(
    tx: OpenTransaction,
    old: ApiKey,
    shop: Shop,
    *,
    keep: timedelta,
    expires_at: datetime | None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> tuple[ApiKey, str, ApiKey]:
    """As `rotate_key`, within a transaction that has locked the key. Counts from now by the database's clock."""
    now = await database_time(tx.conn)
    ending, key, text = domain.rotated(old, shop, keep=keep, now=now, expires_at=expires_at, random_bytes=random_bytes)
    # Of two keys to be locked for publishing the new one is nobody else's yet, so their order does not matter.
    await store.save_key(tx, ending, shop.slug)
    await store.save_key(tx, key, shop.slug)
    return key, text, ending


async def end(tx: OpenTransaction, key: ApiKey, slug: str) -> ApiKey:
    """Revoke a key that is locked; one that is revoked already stays as it is."""
    if key.revoked_at is not None:
        return key
    revoked = msgspec.structs.replace(key, revoked_at=tx.now)
    await store.save_key(tx, revoked, slug)
    return revoked


async def database_time(conn: asyncpg.Connection[Any]) -> datetime:
    """Now, by the clock that keys are judged by."""
    now: datetime = await conn.fetchval("SELECT clock_timestamp()")
    return now


async def _locked(conn: asyncpg.Connection[Any], key_id: str) -> ApiKey:
    # The key's row is the first one locked; only outbox keys follow, and nobody takes these the other way.
    key = await store.lock_key(conn, key_id)
    if key is None:
        raise ShopError(_NO_KEY)
    return key


async def _shop_of(conn: asyncpg.Connection[Any], key: ApiKey) -> Shop:
    shops = {shop.number: shop for shop in (await store.load_shops(conn)).values()}
    return shops[key.shop_number]


async def _existing(conn: asyncpg.Connection[Any], slug: str) -> Shop:
    shop = (await store.load_shops(conn)).get(slug)
    if shop is None:
        raise ShopError(NO_SHOP)
    return shop
