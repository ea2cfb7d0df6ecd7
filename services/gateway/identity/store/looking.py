"""Who somebody is, for people who may know it: found by an identifier, and shown with all identities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.gateway.identity.domain import Kind, Mark
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_FIND = """
SELECT a.customer FROM customer_alias a WHERE a.shop = $1 AND a.kind = $2 AND a.value_hash = $3
"""
_PERSON = """
SELECT c.customer, c.canonical, c.shop_customer_id, c.name, c.email, c.phone, c.locale, c.birthday, c.created_at,
       c.erasure, ARRAY(SELECT a.kind FROM customer_alias a WHERE a.shop = c.shop AND a.customer = c.customer) AS kinds
FROM customer k JOIN customer c ON c.shop = k.shop
WHERE k.shop = $1 AND k.customer = $2
    AND (c.customer = k.canonical OR (c.canonical = k.canonical AND c.canonical <> c.customer))
ORDER BY c.customer
"""

# Of those that others were merged into only where somebody wrote something: each half has an index.
_TOLD = """
SELECT customer, other, action, reason, done_by, done_at FROM customer_join
WHERE shop = $1 AND (customer = ANY($2::bigint[]) OR (other = ANY($2::bigint[]) AND reason <> '')) ORDER BY id LIMIT $3
"""
_TOLD_MAX = 10_000
_ERASED = """
SELECT shop, customer FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)
JOIN customer USING (shop, customer) WHERE erasure IS NOT NULL
"""


class Merged(NamedTuple):
    """A merge or its undoing, with what staff wrote beside it."""

    customer: CustomerId
    other: CustomerId
    action: str
    reason: str
    by: str
    at: datetime


class Shown(NamedTuple):
    """One identity of a person, as it is kept."""

    customer: CustomerId
    canonical: CustomerId
    shop_customer_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    birthday: str | None
    known_since: datetime
    erasure: UUID | None
    identifiers: dict[str, int]
    """How many lead here, by kind; they are kept as keyed hashes."""


async def find(reads: Reads, shop: ShopId, mark: Mark) -> CustomerId | None:
    """Whom an identifier leads to."""
    row = await reads.fetchrow(_FIND, shop, int(mark.kind), mark.fingerprint)
    return None if row is None else CustomerId(row[0])


async def whole_person(reads: Reads, shop: ShopId, customer: CustomerId) -> Sequence[Shown]:
    """All identities of the person that a customer is, by number; empty when there is no such customer."""
    rows = await reads.fetch(_PERSON, shop, customer)
    return [Shown(*tuple(row)[:10], identifiers=_by_kind(row["kinds"])) for row in rows]  # type: ignore[misc]  # ten of eleven


async def merges_of(reads: Reads, shop: ShopId, customers: Sequence[CustomerId]) -> Sequence[Merged]:
    """What was merged and undone of these, the oldest first."""
    return [Merged(*row) for row in await reads.fetch(_TOLD, shop, list(customers), _TOLD_MAX)]


async def erased_among(
    conn: asyncpg.Connection[Any], keys: Sequence[tuple[ShopId, CustomerId]]
) -> set[tuple[ShopId, CustomerId]]:
    """Those of these customers who are erased. It stays so while their keys are locked."""
    rows = await conn.fetch(_ERASED, [shop for shop, _ in keys], [customer for _, customer in keys])
    return {(ShopId(shop), CustomerId(customer)) for shop, customer in rows}


def _by_kind(kinds: Sequence[int]) -> dict[str, int]:
    return {kind.name.lower(): kinds.count(kind) for kind in Kind if kind in kinds}
