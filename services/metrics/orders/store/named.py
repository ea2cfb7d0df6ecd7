"""Orders by the identity that their events name, to be counted for another customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from services.metrics.orders.domain.batch import OrderKey

# An order that is not counted and names somebody has its contents beside it.
_NAMING = """
SELECT o.order_id FROM order_fact o
WHERE o.shop = $1 AND o.customer = ANY($2::bigint[]) AND o.counted AND o.customer <> 0 AND o.identity IS NULL
UNION
SELECT o.order_id FROM order_fact o WHERE o.shop = $1 AND o.identity = ANY($2::bigint[])
UNION
SELECT c.order_id FROM order_content c WHERE c.shop = $1 AND c.identity = ANY($2::bigint[])
"""
_COUNT_CONTENTS = """
UPDATE order_content c SET customer = k.canonical
FROM unnest($2::bigint[], $3::bigint[]) AS k (identity, canonical)
WHERE c.shop = $1 AND c.identity = k.identity
"""


async def orders_naming(conn: asyncpg.Connection[Any], shop: int, identities: Mapping[int, int]) -> list[OrderKey]:
    """Orders that ever named one of these identities."""
    rows = await conn.fetch(_NAMING, shop, list(identities))
    return [OrderKey(shop, row["order_id"]) for row in rows]


async def count_contents(conn: asyncpg.Connection[Any], shop: int, canonical: Mapping[int, int]) -> None:
    """Contents that name these identities are those of other customers now. Their orders are locked."""
    await conn.execute(_COUNT_CONTENTS, shop, list(canonical), list(canonical.values()))
