"""Entries of the operator: the same four steps as a consumer or an API has, in a transaction of their own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

import asyncpg
import msgspec

from services.gateway.shops import domain, store
from services.gateway.shops.domain import ShopError
from services.gateway.shops.regions import region_of
from shared.contracts.keys import ApiKey
from shared.contracts.shops import Lifecycle, Shop
from shared.db import acquire, write_transaction
from shared.kernel import Clock

_NO_SHOP = "there is no shop with this slug; `mandegar shops list` shows them"


class LifecycleSettings(TypedDict, total=False):
    """Some of `shared.contracts.shops.Lifecycle`; what is not given stays as it is."""

    lost_days: int
    onboarding_days: int
    lapsing: Literal["personal", "fixed"]
    lapsing_days: int
    lapsing_floor: int
    lapsing_quantile: int
    activity: Literal["orders", "visits", "either"]


class ShopSettings(TypedDict, total=False):
    """Settings of a shop, as `shared.contracts.shops.Shop` describes them."""

    name: str
    zone: str
    currency: str
    calendar: str
    languages: tuple[str, ...]
    week_start: int
    phone_region: str
    windows: tuple[int, ...]
    loyal_over: int
    periods: tuple[int, ...]
    closing_days: int
    clock: Literal["wall", "stream"]
    lifecycle: Lifecycle | LifecycleSettings
    benchmark: str
    blocked_identifiers: tuple[str, ...]
    dead_letter_days: int
    inactive_months: int


async def add_shop(pool: asyncpg.Pool[Any], clock: Clock, slug: str, /, **settings: Unpack[ShopSettings]) -> Shop:
    """Add a shop, or change settings of the one with that slug; what is not given keeps its value or its default.

    The default region of a new shop's phones is the country of its zone.
    A change is published on `shops.v1`; the same settings again change and publish nothing. Gives the shop as it now
    is, with its number. Raises ShopError.
    """
    async with write_transaction(pool, clock) as tx:
        shops = await store.lock_shops(tx.conn)
        before = shops.get(slug)
        if before is None:
            number = domain.next_number([shop.number for shop in shops.values()])
            before = Shop(number=number, slug=slug, name=slug)
            if region := region_of(settings.get("zone", before.zone)):
                before = msgspec.structs.replace(before, phone_region=region)
        shop = changed(before, settings)
        if shop != shops.get(slug):
            await store.save_shop(tx, shop)
        return shop


async def set_shop(pool: asyncpg.Pool[Any], clock: Clock, slug: str, /, **settings: Unpack[ShopSettings]) -> Shop:
    """Change settings of a shop that is there; as `add_shop`. Raises ShopError, also when there is no such shop."""
    async with write_transaction(pool, clock) as tx:
        before = (await store.lock_shops(tx.conn)).get(slug)
        if before is None:
            raise ShopError(_NO_SHOP)
        shop = changed(before, settings)
        if shop != before:
            await store.save_shop(tx, shop)
        return shop


def changed(before: Shop, settings: ShopSettings) -> Shop:
    """The shop with some settings changed; those of lifecycle may be given one by one. Raises ShopError."""
    given: dict[str, Any] = dict(settings)
    lifecycle = given.pop("lifecycle", None)
    if lifecycle is not None:
        whole = isinstance(lifecycle, Lifecycle)
        given["lifecycle"] = lifecycle if whole else msgspec.structs.replace(before.lifecycle, **lifecycle)
    shop = msgspec.structs.replace(before, **given)
    domain.check_shop(shop)
    return shop


async def list_shops(pool: asyncpg.Pool[Any]) -> list[Shop]:
    """All shops, by number."""
    async with acquire(pool) as conn:
        return sorted((await store.load_shops(conn)).values(), key=lambda shop: shop.number)


async def create_key(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    slug: str,
    *,
    scopes: Iterable[str],
    name: str = "",
    expires_at: datetime | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[ApiKey, str]:
    """Make a key of a shop and publish its hash on `keys.v1`. Gives the key, and its text, which nobody can tell again.

    Raises ShopError when there is no such shop or no usable scope.
    """
    async with write_transaction(pool, clock) as tx:
        shop = await _existing(tx.conn, slug)
        key, text = domain.new_key(shop, scopes=scopes, name=name, expires_at=expires_at, random_bytes=random_bytes)
        await store.save_key(tx, key, shop.slug)
        return key, text


async def list_keys(pool: asyncpg.Pool[Any], slug: str | None = None) -> list[ApiKey]:
    """Keys of a shop, or of all, revoked ones included. Raises ShopError when there is no such shop."""
    async with acquire(pool) as conn:
        number = None if slug is None else (await _existing(conn, slug)).number
        return await store.load_keys(conn, number)


async def revoke_key(pool: asyncpg.Pool[Any], clock: Clock, key_id: str) -> ApiKey:
    """Revoke a key and publish it; one that is revoked already stays as it is. Raises ShopError for an unknown one."""
    async with write_transaction(pool, clock) as tx:
        # The key's row is the first one locked; only the outbox key follows, and nobody takes these the other way.
        key = await store.lock_key(tx.conn, key_id)
        if key is None:
            raise ShopError("there is no key with this id; `mandegar keys list` shows them")
        if key.revoked_at is not None:
            return key
        revoked = msgspec.structs.replace(key, revoked_at=tx.now)
        slugs = {shop.number: shop.slug for shop in (await store.load_shops(tx.conn)).values()}
        await store.save_key(tx, revoked, slugs[key.shop_number])
        return revoked


async def _existing(conn: asyncpg.Connection[Any], slug: str) -> Shop:
    shop = (await store.load_shops(conn)).get(slug)
    if shop is None:
        raise ShopError(_NO_SHOP)
    return shop
