"""Shops as the ledger sees them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import asyncpg

from services.loyalty.points.domain.terms import DebtPolicy, Terms
from shared.contracts.shops import Shop
from shared.kernel import Zone

_SLUGS = "SELECT number, slug FROM shop WHERE number = ANY($1::int[])"


async def slugs_of(conn: asyncpg.Connection[Any], numbers: Collection[int]) -> dict[int, str]:
    """Slugs of shops, by number."""
    return dict(await conn.fetch(_SLUGS, sorted(set(numbers))))


def terms_of(
    shop: Shop,
    policy: DebtPolicy = DebtPolicy.DEBT,
    notices: tuple[int, ...] = (30, 7, 1),
    restored_days: int = 0,
) -> Terms:
    """Zone and clock are the shop's settings, the rest is its programme's."""
    longest_first = tuple(sorted(set(notices), reverse=True))
    return Terms(shop.slug, Zone(shop.zone), policy, longest_first, restored_days, shop.clock == "stream")
