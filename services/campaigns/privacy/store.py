"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from shared.kernel import CustomerId, ShopId


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    del conn, shop, customers
    return {}
