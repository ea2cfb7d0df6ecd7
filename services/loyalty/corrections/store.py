"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.loyalty.corrections.domain import Correction, State
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, moment_of

_SELECT = """
SELECT c.id, c.customer, c.points, c.takes_two, c.state, c.reason, c.asked_at, c.asked_by, c.decided_at, c.decided_by,
       coalesce(t.text, '') AS text, coalesce(t.answer, '') AS answer, c.lot
FROM correction c LEFT JOIN correction_text t USING (shop, id)
WHERE c.shop = $1
"""
_ONE = _SELECT + " AND c.id = $2"
_LISTED = (
    _SELECT
    + """ AND c.state = coalesce($2::smallint, c.state) AND ($3::timestamptz IS NULL OR (c.asked_at, c.id) > ($3, $4))
ORDER BY c.asked_at, c.id LIMIT $5
"""
)
_OF_CUSTOMER = _SELECT + " AND c.customer = $2 ORDER BY c.asked_at, c.id LIMIT $3"
_ADD = """
INSERT INTO correction (shop, id, customer, points, takes_two, state, reason, asked_at, asked_by, decided_at,
                        decided_by, lot)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_DECIDE = """
UPDATE correction SET state = $3, decided_at = $4, decided_by = $5 WHERE shop = $1 AND id = $2 AND state = 1
"""
_SAY = """
INSERT INTO correction_text AS t (shop, id, customer, text, answer) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, id) DO UPDATE SET answer = excluded.answer
"""
_EMPTY = """
UPDATE correction_text SET text = '', answer = '' WHERE shop = $1 AND customer = ANY($2::bigint[])
  AND (text <> '' OR answer <> '')
RETURNING id
"""
_LATEST = 2**57


async def add(conn: asyncpg.Connection[Any], shop: int, one: Correction) -> None:
    """A new one, with what was written of it."""
    asked = (one.id, one.customer, one.points, one.takes_two, int(one.state), one.reason, one.asked_at, one.asked_by)
    await conn.execute(_ADD, shop, *asked, one.decided_at, one.decided_by, one.lot)
    await conn.execute(_SAY, shop, one.id, one.customer, one.text, one.answer)


async def decide(conn: asyncpg.Connection[Any], shop: int, one: Correction) -> None:
    """Write a decision. The correction is locked."""
    await conn.execute(_DECIDE, shop, one.id, int(one.state), one.decided_at, one.decided_by)
    if one.answer:
        await conn.execute(_SAY, shop, one.id, one.customer, "", one.answer)


async def load(reads: Reads, shop: int, correction: str, *, lock: bool = False) -> Correction | None:
    """One of them. `lock`: nobody else decides until the transaction ends."""
    row = await reads.fetchrow(_ONE + (" FOR UPDATE OF c" if lock else ""), shop, correction)
    return None if row is None else _correction(row)


async def listed(
    reads: Reads, shop: int, state: State | None, after: tuple[int, str] | None, limit: int
) -> list[Correction]:
    """Those of a state, or all, in the order in which they were asked for; `after`: microseconds and id of the last."""
    at, name = (None, "") if after is None else (moment_of(min(max(after[0], 0), _LATEST)), after[1])
    return [_correction(row) for row in await reads.fetch(_LISTED, shop, state, at, name, limit)]


async def of_customer(reads: Reads, shop: ShopId, customer: CustomerId, limit: int) -> list[Correction]:
    """Those of one identity."""
    return [_correction(row) for row in await reads.fetch(_OF_CUSTOMER, shop, customer, limit)]


async def empty_texts(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty what people wrote of these customers; of how many corrections."""
    return len(await conn.fetch(_EMPTY, shop, list(customers)))


def _correction(row: asyncpg.Record) -> Correction:
    one = Correction(*(row[name] for name in Correction._fields))
    return one._replace(state=State(one.state))
