"""Entries of the operator: the same four steps as a consumer or an API has, in a transaction of their own."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Unpack

import asyncpg
import msgspec

from services.gateway.shops import domain, store
from services.gateway.shops.domain import ShopError
from services.gateway.shops.regions import region_of
from shared.contracts.shops import Lifecycle, Shop
from shared.db import AuditEntry, acquire, record, write_transaction
from shared.db.audit import OPERATOR
from shared.kernel import Clock

NO_SHOP = "there is no shop with this slug; `mandegar shops list` shows them"


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
    visit_months: int


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
            await record(tx.conn, AuditEntry(shop.number, OPERATOR, "", "mandegar shops add", slug))
        return shop


async def set_shop(pool: asyncpg.Pool[Any], clock: Clock, slug: str, /, **settings: Unpack[ShopSettings]) -> Shop:
    """Change settings of a shop that is there; as `add_shop`. Raises ShopError, also when there is no such shop."""
    async with write_transaction(pool, clock) as tx:
        before = (await store.lock_shops(tx.conn)).get(slug)
        if before is None:
            raise ShopError(NO_SHOP)
        shop = changed(before, settings)
        if shop != before:
            await store.save_shop(tx, shop)
            await record(tx.conn, AuditEntry(shop.number, OPERATOR, "", "mandegar shops set", slug))
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
