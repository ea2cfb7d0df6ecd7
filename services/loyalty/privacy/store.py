"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.loyalty import cards
from services.loyalty.corrections import empty_texts
from services.loyalty.members import empty_reasons as members_without_reasons
from shared.db import Reads
from shared.db.answers import forget
from shared.kernel import CustomerId, ShopId, customer_id_text

ROWS_MAX = 100_000

_COUNTED = """
SELECT (SELECT count(*) FROM member WHERE shop = $1 AND customer = ANY($2::bigint[])) AS memberships,
       (SELECT count(*) FROM occasion WHERE shop = $1 AND customer = ANY($2::bigint[]) AND kind = 1) AS orders,
       (SELECT count(*) FROM occasion WHERE shop = $1 AND customer = ANY($2::bigint[]) AND kind = 2) AS interactions,
       (SELECT count(*) FROM entry WHERE shop = $1 AND customer = ANY($2::bigint[])) AS postings,
       (SELECT count(*) FROM redemption WHERE shop = $1 AND customer = ANY($2::bigint[])) AS redemptions,
       (SELECT count(*) FROM entitlement_delivery WHERE shop = $1 AND customer = ANY($2::bigint[])) AS deliveries,
       (SELECT count(*) FROM correction WHERE shop = $1 AND customer = ANY($2::bigint[])) AS corrections,
       (SELECT count(*) FROM belonging WHERE shop = $1 AND customer = ANY($2::bigint[])) AS segments
"""
_OCCASIONS = """
SELECT id, name, first_at, status, revenue, currency, points FROM occasion
WHERE shop = $1 AND customer = $2 ORDER BY first_at NULLS LAST, id LIMIT $3
"""
_POSTINGS = """
SELECT e.n, e.at, e.kind, e.debit, e.credit, e.points, l.source, l.line, l.rule, l.version, e.reason
FROM entry e LEFT JOIN lot l USING (shop, customer, lot)
WHERE e.shop = $1 AND e.customer = $2 ORDER BY e.n LIMIT $3
"""
_TIER = """
SELECT level, CASE WHEN since > 0 THEN date '0001-01-01' + (since - 1) END AS since
FROM tier_standing WHERE shop = $1 AND customer = $2
"""
_ACCOUNT = "SELECT pending, active, held, owed FROM account WHERE shop = $1 AND customer = $2"


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    row = await conn.fetchrow(_COUNTED, shop, list(customers))
    return {} if row is None else {name: int(count) for name, count in row.items() if count}


async def empty_reasons(
    conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]
) -> Mapping[str, int]:
    """Take away what staff wrote of these members and of corrections, also from answers that are kept for repeats, and
    what identifies them at a till; how much went, by kind.

    Members are locked first: an answer that is being written tells of them without a reason, or has committed.
    """
    emptied = await members_without_reasons(conn, shop, customers) + await empty_texts(conn, shop, customers)
    answers = await forget(conn, shop, [customer_id_text(customer) for customer in customers])
    gone = {"reasons": emptied, "kept_answers": answers, **await cards.forget(conn, shop, customers)}
    return {name: count for name, count in gone.items() if count}


async def occasions_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[dict[str, Any]]:
    """Orders and interactions, with the points that stand for them."""
    return [dict(row) for row in await reads.fetch(_OCCASIONS, shop, customer, ROWS_MAX)]


async def postings_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[dict[str, Any]]:
    """All postings, with buckets and kinds as numbers."""
    return [dict(row) for row in await reads.fetch(_POSTINGS, shop, customer, ROWS_MAX)]


async def tier_of(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any] | None:
    """Where the person stands who is counted as this identity, as it was told last; None where nothing was."""
    row = await reads.fetchrow(_TIER, shop, customer)
    return None if row is None else dict(row)


async def account_of(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, int] | None:
    """What the account holds; None where there is none."""
    row = await reads.fetchrow(_ACCOUNT, shop, customer)
    return None if row is None else dict(row)
