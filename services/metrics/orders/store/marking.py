"""Saying which orders changed, to whoever builds another generation of the shop meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import asyncpg

from services.metrics.orders.domain.batch import Batch


async def mark(conn: asyncpg.Connection[Any], batch: Batch, shops: Collection[int]) -> None:
    """Mark the orders of the batch that belong to these shops."""
    plain = zip(batch.plain.shop.tolist(), batch.plain.order_id, strict=True)
    rows = [row for row in (*plain, *batch.states) if row[0] in shops]
    if rows:
        await conn.copy_records_to_table("touched_order", records=rows, columns=("shop", "order_id"))
