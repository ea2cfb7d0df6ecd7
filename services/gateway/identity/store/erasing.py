"""Forget who somebody is: identifiers and contacts go, the row stays with its pointer, on which counts rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.gateway.identity.domain import Kind
from services.gateway.identity.domain.joining import PersonKey
from shared.kernel import CustomerId, ShopId

_ROUNDS_MAX = 8
_GROUPS = """
SELECT k.shop, k.customer, o.customer
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)
JOIN customer c USING (shop, customer)
JOIN LATERAL (
    SELECT m.customer FROM customer m
    WHERE m.shop = c.shop AND m.canonical = c.canonical AND m.canonical <> m.customer
    UNION ALL SELECT c.canonical
) o ON true
ORDER BY k.shop, k.customer, o.customer
"""
# Rows are locked in the order in which the sort hands them on, which is that of all writers; the erased ones too.
_LOCK = """
SELECT FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN customer c USING (shop, customer)
ORDER BY c.shop, c.customer FOR UPDATE OF c
"""
_FORGET_ALIASES = """
DELETE FROM customer_alias WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING kind, value_hash
"""
# Counted before they are emptied, so that a repetition finds nothing.
_COUNT = """
SELECT count(name) AS names, count(email) AS emails, count(phone) AS phones,
       count(shop_customer_id) AS shop_customer_ids, count(locale) AS locales, count(birthday) AS birthdays
FROM customer WHERE shop = $1 AND customer = ANY($2::bigint[])
"""
_FORGET_PEOPLE = """
UPDATE customer
SET shop_customer_id = NULL, name = NULL, email = NULL, phone = NULL, locale = NULL, name_at_us = -1, email_at_us = -1,
    phone_at_us = -1, locale_at_us = -1, phones = 0, emails = 0, visitors = 0, birthday = NULL, birthday_at_us = -1,
    erasure = $3
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND erasure IS NULL
"""
# Merges stay; what staff wrote beside them, and whom one might be, go.
_FORGET_REASONS = """
UPDATE customer_join SET reason = ''
WHERE shop = $1 AND (customer = ANY($2::bigint[]) OR other = ANY($2::bigint[])) AND reason <> ''
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


async def lock_groups(conn: asyncpg.Connection[Any], keys: Collection[PersonKey]) -> dict[PersonKey, list[CustomerId]]:
    """All identities of each person, locked until the transaction ends, sorted; without those who are no customers.

    No merge joins another one to them meanwhile, since it would have to lock them too.
    """
    for _ in range(_ROUNDS_MAX):
        await conn.execute("SAVEPOINT erasing")
        groups = await _groups(conn, keys)
        every = sorted({(shop, one) for (shop, _), group in groups.items() for one in group})
        await conn.execute(_LOCK, [shop for shop, _ in every], [one for _, one in every])
        if await _groups(conn, keys) == groups:
            await conn.execute("RELEASE SAVEPOINT erasing")
            return groups
        await conn.execute("ROLLBACK TO SAVEPOINT erasing")
    raise TimeoutError("these people were merged with others many times in a row")


async def _groups(conn: asyncpg.Connection[Any], keys: Collection[PersonKey]) -> dict[PersonKey, list[CustomerId]]:
    ordered = sorted(keys)
    found: dict[PersonKey, list[CustomerId]] = {}
    for shop, customer, one in await conn.fetch(_GROUPS, [key[0] for key in ordered], [key[1] for key in ordered]):
        found.setdefault((ShopId(shop), CustomerId(customer)), []).append(CustomerId(one))
    return found


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
