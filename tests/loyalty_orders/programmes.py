"""Programmes for tests, as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.loyalty.programmes import Version
from services.loyalty.programmes.store import add_version
from shared.contracts.shops import Shop


async def publish(pool: asyncpg.Pool[Any], programmes: Mapping[Shop, Sequence[Version]]) -> None:
    """Have them be the programmes of these shops."""
    async with pool.acquire() as conn:
        for shop, versions in programmes.items():
            for one in versions:
                await add_version(conn, shop.number, one)
