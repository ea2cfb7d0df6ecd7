"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.gateway.consents.domain import Statement
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_ADD = """
INSERT INTO consent (shop, customer, record, channel, purpose, state, occurred_at, source, evidence, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING
"""
_OF = """
SELECT customer, channel, purpose, state, occurred_at, source, record, evidence
FROM consent WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY customer, occurred_at, record
"""
_FORGET = "DELETE FROM consent WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING customer"


async def add(conn: asyncpg.Connection[Any], shop: ShopId, one: Statement, now: Any) -> bool:
    """Keep a statement; False when it is kept already. The customer's key must be locked."""
    status: str = await conn.execute(_ADD, shop, one.customer, one.record, *one[1:6], one.evidence, now)
    return status.endswith("1")


async def statements_of(reads: Reads, shop: ShopId, customers: Sequence[CustomerId]) -> list[Statement]:
    """All that these customers said, the oldest first."""
    return [Statement(*row) for row in await reads.fetch(_OF, shop, list(customers))]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> list[CustomerId]:
    """Delete the statements of customers whose keys are locked; whose they were, one for each statement."""
    return [CustomerId(row[0]) for row in await conn.fetch(_FORGET, shop, list(customers))]
