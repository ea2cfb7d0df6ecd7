"""Forget who somebody is: identifiers and contacts go, the row stays with its pointer, on which counts rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.gateway.identity.domain import Kind
from shared.kernel import CustomerId, ShopId

_ROUNDS_MAX = 8
_CANONICAL = "SELECT canonical FROM customer WHERE shop = $1 AND customer = $2"
_GROUP = """
SELECT customer FROM customer
WHERE shop = $1 AND (customer = $2 OR (canonical = $2 AND canonical <> customer)) ORDER BY customer
"""
_FORGET_ALIASES = """
DELETE FROM customer_alias WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING kind, value_hash
"""
# Counted before they are emptied, so that a repetition finds nothing.
_COUNT = """
SELECT count(name) AS names, count(email) AS emails, count(phone) AS phones,
       count(shop_customer_id) AS shop_customer_ids, count(locale) AS locales
FROM customer WHERE shop = $1 AND customer = ANY($2::bigint[])
"""
_FORGET_PEOPLE = """
UPDATE customer
SET shop_customer_id = NULL, name = NULL, email = NULL, phone = NULL, locale = NULL, name_at_us = -1, email_at_us = -1,
    phone_at_us = -1, locale_at_us = -1, phones = 0, emails = 0, erasure = $3
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND erasure IS NULL
"""
# Merges stay; what staff wrote beside them, and whom one might be, go.
_FORGET_REASONS = """
UPDATE customer_join SET reason = '' WHERE shop = $1 AND customer = ANY($2::bigint[]) AND reason <> ''
    AND done_by <> 'event'
"""
_FORGET_CONFLICTS = """
DELETE FROM customer_conflict WHERE shop = $1 AND (customer = ANY($2::bigint[]) OR other = ANY($2::bigint[]))
"""
_JOINED = """
SELECT customer, canonical, merged_into FROM customer
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND canonical <> customer
"""


class Joined(NamedTuple):
    """Where an identity's pointers lead."""

    canonical: CustomerId
    merged_into: CustomerId | None


class Forgotten(NamedTuple):
    """What was known of a person and is gone."""

    fingerprints: list[bytes]
    """Keyed hashes of the identifiers that led there: by them what is left elsewhere is found."""
    removed: dict[str, int]
    joined: dict[CustomerId, Joined]
    """Identities that a merge joined to another one: their pointers stay."""


async def lock_group(conn: asyncpg.Connection[Any], shop: ShopId, customer: CustomerId) -> list[CustomerId]:
    """All identities of a person, locked until the transaction ends, sorted; empty when there is no such customer.

    No merge joins another one to them meanwhile, since it would have to lock them too.
    """
    for _ in range(_ROUNDS_MAX):
        canonical = await conn.fetchval(_CANONICAL, shop, customer)
        if canonical is None:
            return []
        locked = [row[0] for row in await conn.fetch(_GROUP + " FOR UPDATE", shop, canonical)]
        now = [row[0] for row in await conn.fetch(_GROUP, shop, canonical)]
        if now == locked and await conn.fetchval(_CANONICAL, shop, customer) == canonical:
            return [CustomerId(one) for one in locked]
    raise TimeoutError("the person was merged with others many times in a row")


async def forget(
    conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId], erasure: UUID
) -> Forgotten:
    """Delete identifiers and contacts of identities that are locked. Afterwards nobody is recognised as them."""
    aliases = await conn.fetch(_FORGET_ALIASES, shop, customers)
    counted = await conn.fetchrow(_COUNT, shop, customers) or {}
    await conn.execute(_FORGET_PEOPLE, shop, customers, erasure)
    removed = {name: int(count) for name, count in dict(counted).items()}
    for kind in Kind:
        removed[f"{kind.name.lower()}_identifiers"] = sum(row["kind"] == kind for row in aliases)
    await conn.execute(_FORGET_REASONS, shop, customers)
    await conn.execute(_FORGET_CONFLICTS, shop, customers)
    joined = {row[0]: Joined(row[1], row[2]) for row in await conn.fetch(_JOINED, shop, customers)}
    return Forgotten([row["value_hash"] for row in aliases], {k: v for k, v in removed.items() if v}, joined)
