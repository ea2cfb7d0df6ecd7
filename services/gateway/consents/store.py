"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
_ADD_ALL = """
INSERT INTO consent (shop, customer, record, channel, purpose, state, occurred_at, source, evidence, recorded_at)
SELECT n.*, $10 FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
                            $7::timestamptz[], $8::text[], $9::text[]) AS n
ON CONFLICT DO NOTHING RETURNING shop, customer, record
"""
_OF_ALL = """
SELECT c.shop, c.customer, c.channel, c.purpose, c.state, c.occurred_at, c.source, c.record, c.evidence
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN consent c USING (shop, customer)
ORDER BY c.shop, c.customer, c.occurred_at, c.record
"""
_FORGET = "DELETE FROM consent WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING customer"


async def add(conn: asyncpg.Connection[Any], shop: ShopId, one: Statement, now: Any) -> bool:
    """Keep a statement; False when it is kept already. The customer's key must be locked."""
    status: str = await conn.execute(_ADD, shop, one.customer, one.record, *one[1:6], one.evidence, now)
    return status.endswith("1")


async def statements_of(reads: Reads, shop: ShopId, customers: Sequence[CustomerId]) -> list[Statement]:
    """All that these customers said, the oldest first."""
    return [Statement(*row) for row in await reads.fetch(_OF, shop, list(customers))]


async def add_all(
    conn: asyncpg.Connection[Any], statements: Sequence[tuple[ShopId, Statement]], now: datetime
) -> set[tuple[ShopId, CustomerId, str]]:
    """Keep statements of customers whose keys are locked; (shop, customer, record) of those not kept before."""
    rows = [(shop, one.customer, one.record, *one[1:6], one.evidence) for shop, one in statements]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {(ShopId(row[0]), CustomerId(row[1]), row[2]) for row in await conn.fetch(_ADD_ALL, *columns, now)}


async def statements_of_all(
    conn: asyncpg.Connection[Any], keys: Sequence[tuple[ShopId, CustomerId]]
) -> dict[tuple[ShopId, CustomerId], list[Statement]]:
    """All that these customers said, the oldest first."""
    found: dict[tuple[ShopId, CustomerId], list[Statement]] = {key: [] for key in keys}
    for shop, *rest in await conn.fetch(_OF_ALL, [shop for shop, _ in keys], [customer for _, customer in keys]):
        one = Statement(*rest)
        found[ShopId(shop), one.customer].append(one)
    return found


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> list[CustomerId]:
    """Delete the statements of customers whose keys are locked; whose they were, one for each statement."""
    return [CustomerId(row[0]) for row in await conn.fetch(_FORGET, shop, list(customers))]
