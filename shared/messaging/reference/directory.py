"""The shops that a worker knows, read again when one of them has changed."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from shared.contracts.shops import Shop
from shared.messaging.handling import NotYet

_VERSION = "SELECT coalesce(sum(version), 0)::bigint FROM shop"
_SHOPS = "SELECT settings::text FROM shop"
DEFAULT_SHOP = "default"
"""Slug of the shop that is meant where an event names none."""


class ShopDirectory:
    """The shops as last read, kept as long as no version of any shop has changed."""

    def __init__(self) -> None:
        self._version = -1
        self._by_slug: dict[str, Shop] = {}

    def forget(self) -> None:
        """Drop everything: a transaction that read or wrote shops was rolled back, or a partition changed hands."""
        self._version = -1

    async def refresh(self, conn: asyncpg.Connection[Any], version: int | None = None) -> None:
        """Read again if the sum of versions, as the fence told it or as asked here, is another one."""
        if version is None:
            version = int(await conn.fetchval(_VERSION))
        if version == self._version:
            return
        rows = await conn.fetch(_SHOPS)
        shops = [msgspec.json.decode(row[0], type=Shop) for row in rows]
        self._by_slug = {shop.slug: shop for shop in shops}
        unnamed = shops[0] if len(shops) == 1 else self._by_slug.get(DEFAULT_SHOP)
        if unnamed is not None:
            self._by_slug[""] = unnamed  # who has one shop need not name it
        self._version = version

    def find(self, slug: str) -> Shop | None:
        """The shop, or None. The empty slug names the only shop; where there are several, the one called `default`."""
        return self._by_slug.get(slug)

    def get(self, slug: str) -> Shop:
        """The shop. NotYet when it is not known."""
        shop = self._by_slug.get(slug)
        if shop is None:
            raise NotYet("the event's shop is not configured in this service yet")
        return shop
