"""What the tables say about the claims of a batch: one query for each table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.gateway.identity.domain import Claim, OrderOwner, Person
from services.gateway.identity.domain.joining import Pair, PersonKey, Reason
from services.gateway.identity.domain.recognition import OrderKey
from shared.kernel import CustomerId, ShopId

_OWNERS = """
SELECT a.value_hash, a.customer
FROM unnest($1::smallint[], $2::smallint[], $3::bytea[]) AS asked (shop, kind, value_hash)
JOIN customer_alias a USING (shop, kind, value_hash)
"""
# Rows are locked in the order in which the sort hands them on, which is the same in every transaction. Who was erased
# while we waited for the lock does not come.
_LOCK_PEOPLE = """
SELECT c.shop, c.customer, c.canonical, c.shop_customer_id, c.name, c.email, c.phone, c.locale,
       c.name_at_us, c.email_at_us, c.phone_at_us, c.locale_at_us, c.phones, c.emails, c.merged_into, c.visitors,
       c.birthday, c.birthday_at_us
FROM unnest($1::smallint[], $2::bigint[]) AS asked (shop, customer)
JOIN customer c USING (shop, customer)
WHERE c.erasure IS NULL
ORDER BY c.shop, c.customer
FOR UPDATE OF c
"""
# Where nobody of the shops is merged, the condition is false once for the whole statement, and nothing else is read.
_IDENTITIES = """
SELECT DISTINCT m.shop, m.customer
FROM unnest($1::smallint[], $2::bigint[]) AS asked (shop, customer)
JOIN customer c USING (shop, customer)
JOIN LATERAL (
    SELECT o.shop, o.customer FROM customer o
    WHERE o.shop = c.shop AND o.canonical = c.canonical AND o.canonical <> o.customer
    UNION ALL SELECT c.shop, c.canonical
) m ON true
WHERE EXISTS (SELECT FROM customer x WHERE x.shop = ANY($1::smallint[]) AND x.canonical <> x.customer)
"""
_APART = """
SELECT a.shop, a.customer, a.other
FROM customer_conflict a
WHERE a.reason = $3 AND a.shop = ANY($1::smallint[]) AND a.customer = ANY($2::bigint[])
  AND a.other = ANY($2::bigint[])
"""
_ORDER_OWNERS = """
SELECT o.shop, o.order_id, o.at_us, o.tie, o.customer
FROM unnest($1::smallint[], $2::text[]) AS asked (shop, order_id)
JOIN order_customer o USING (shop, order_id)
"""


async def load_owners(conn: asyncpg.Connection[Any], claims: Sequence[Claim]) -> dict[bytes, CustomerId]:
    """Customer by fingerprint, for the identifiers of the claims that lead to somebody. Without locks."""
    asked = {mark.fingerprint: (claim.shop, mark.kind) for claim in claims for mark in (*claim.marks, *claim.visitors)}
    if not asked:
        return {}
    shops = [shop for shop, _ in asked.values()]
    kinds = [kind for _, kind in asked.values()]
    return dict(await conn.fetch(_OWNERS, shops, kinds, list(asked)))


async def lock_people(conn: asyncpg.Connection[Any], keys: Sequence[PersonKey]) -> dict[PersonKey, Person]:
    """Lock the rows of customers until the transaction ends, in the given sorted order, and read them.

    The lock guarantees that nobody else gives these customers another identifier, counts their identifiers anew or
    changes their profile meanwhile, or erases them. Whoever was erased since their identifiers were read is missing.
    """
    if not keys:
        return {}
    rows = await conn.fetch(_LOCK_PEOPLE, [shop for shop, _ in keys], [customer for _, customer in keys])
    return {(row[0], row[1]): Person(*row) for row in rows}


async def identities_of(conn: asyncpg.Connection[Any], keys: Sequence[PersonKey]) -> list[PersonKey]:
    """These customers with all that are one person with them, sorted. Without locks."""
    if not keys:
        return []
    rows = await conn.fetch(_IDENTITIES, [shop for shop, _ in keys], [customer for _, customer in keys])
    return sorted({*keys, *((ShopId(shop), CustomerId(customer)) for shop, customer in rows)})


async def load_apart(conn: asyncpg.Connection[Any], keys: Sequence[PersonKey]) -> set[Pair]:
    """Those of these customers whom staff keep apart. They must be locked, so that it stays so."""
    if len(keys) < 2:
        return set()
    rows = await conn.fetch(_APART, sorted({shop for shop, _ in keys}), [who for _, who in keys], Reason.KEPT_APART)
    return {(ShopId(shop), CustomerId(one), CustomerId(other)) for shop, one, other in rows}


async def load_order_owners(conn: asyncpg.Connection[Any], claims: Sequence[Claim]) -> dict[OrderKey, OrderOwner]:
    """Owners of the orders whose claims name nobody. Without locks."""
    keys = {(claim.shop, claim.order_id) for claim in claims if claim.order_id and not claim.marks}
    if not keys:
        return {}
    rows = await conn.fetch(_ORDER_OWNERS, [shop for shop, _ in keys], [order_id for _, order_id in keys])
    return {(ShopId(row[0]), row[1]): OrderOwner(row[2], row[3], CustomerId(row[4])) for row in rows}
