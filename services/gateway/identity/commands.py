"""Entries of the operator: find a person, read what is known, merge and part. Each leaves an entry in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.gateway.identity.domain import Kind, Mark, Marker, MarkingRules
from services.gateway.identity.domain.joining import Groups
from services.gateway.identity.store import staff
from services.gateway.identity.store.staff import Whole, Why
from shared.contracts.shops import Shop
from shared.db import acquire, write_transaction
from shared.db.audit import OPERATOR, AuditEntry, record
from shared.kernel import Clock, CustomerId, ShopId, customer_id_text

_OWNERS = """
SELECT a.kind, c.customer, c.canonical, c.created_at
FROM unnest($2::smallint[], $3::bytea[]) AS asked (kind, value_hash)
JOIN customer_alias a ON a.shop = $1 AND a.kind = asked.kind AND a.value_hash = asked.value_hash
JOIN customer c ON c.shop = a.shop AND c.customer = a.customer
ORDER BY a.kind, c.customer
"""
_PERSON = """
SELECT customer, canonical, shop_customer_id, name, email, phone, locale, birthday, phones, emails, created_at
FROM customer WHERE shop = $1 AND customer = $2
"""


class IdentityTrouble(ValueError):
    """It cannot be done. The message is for the operator, and repeats no personal data."""


class Owner(NamedTuple):
    """Whom an identifier leads to."""

    kind: Kind
    customer: CustomerId
    canonical: CustomerId
    created_at: datetime


class Identity(NamedTuple):
    """What gateway knows of one customer; the texts are personal data."""

    customer: CustomerId
    canonical: CustomerId
    shop_customer_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    birthday: str | None
    phones: int
    """Phone numbers that lead here."""
    emails: int
    created_at: datetime


async def find_owners(pool: asyncpg.Pool[Any], marker: Marker, shop: Shop, value: str) -> list[Owner]:
    """Customers of the shop whom the value leads to: read as the shop's own id, as a phone and as an e-mail."""
    rules = MarkingRules(ShopId(shop.number), shop.phone_region, shop.blocked_identifiers)
    marks = _marks(marker, rules, value)
    if not marks:
        return []
    async with acquire(pool) as conn, conn.transaction():
        rows = await conn.fetch(_OWNERS, shop.number, [mark.kind for mark in marks], [m.fingerprint for m in marks])
        found = [Owner(Kind(row[0]), row[1], row[2], row[3]) for row in rows]
        await _note(conn, shop, "find", *dict.fromkeys(owner.customer for owner in found))
    return found


async def person_of(pool: asyncpg.Pool[Any], shop: Shop, customer: CustomerId) -> tuple[Identity, Whole] | None:
    """What is known of a customer, with all identities of the person; None where there is no such one."""
    async with acquire(pool) as conn, conn.transaction():
        row = await conn.fetchrow(_PERSON, shop.number, customer)
        whole = await staff.load_person(conn, ShopId(shop.number), customer)
        await _note(conn, shop, "show", customer)
    return None if row is None or whole is None else (Identity(*row), whole)


async def merge_customers(
    pool: asyncpg.Pool[Any], clock: Clock, shop: Shop, customer: CustomerId, *, into: CustomerId, reason: str
) -> bool:
    """Merge one into another, as `POST /v1/customers/{customer}/merge` does; whether anything moved.

    Raises IdentityTrouble.
    """
    if into == customer:
        raise IdentityTrouble("it is the customer itself; name the one who is to go on")
    keys = [(ShopId(shop.number), one) for one in (customer, into)]
    async with write_transaction(pool, clock) as tx:
        people = await staff.lock_groups(tx, keys)
        if len(people.keys() & set(keys)) < len(keys):
            raise IdentityTrouble("one of them is no customer of this shop; `mandegar customers find` finds them")
        person, other = people[keys[0]], people[keys[1]]
        if person.canonical == other.canonical:
            return False
        if person.merged_into is not None:
            known = customer_id_text(person.merged_into)
            raise IdentityTrouble(f"it is merged into {known} already; `mandegar customers unmerge` undoes that first")
        await staff.save_merge(tx, Groups(people.values()), person, other, Why(shop.slug, OPERATOR, reason))
        await _note(tx.conn, shop, "merge", customer, into)
    return True


async def unmerge_customer(
    pool: asyncpg.Pool[Any], clock: Clock, shop: Shop, customer: CustomerId, *, reason: str
) -> bool:
    """Part a customer from the one it was merged into; whether anything moved. Raises IdentityTrouble."""
    key = ShopId(shop.number), customer
    async with write_transaction(pool, clock) as tx:
        people = await staff.lock_groups(tx, [key])
        person = people.get(key)
        if person is None:
            raise IdentityTrouble("there is no such customer of this shop; `mandegar customers find` finds them")
        if person.merged_into is None:
            return False
        await staff.save_unmerge(tx, Groups(people.values()), person, Why(shop.slug, OPERATOR, reason))
        await _note(tx.conn, shop, "unmerge", customer)
    return True


async def _note(conn: asyncpg.Connection[Any], shop: Shop, command: str, *customers: CustomerId) -> None:
    subject = " ".join(customer_id_text(customer) for customer in customers)
    await record(conn, AuditEntry(shop.number, OPERATOR, "", f"mandegar customers {command}", subject))


def _marks(marker: Marker, rules: MarkingRules, value: str) -> Sequence[Mark]:
    read = (marker.customer_id(rules, value), marker.phone(rules, value), marker.email(rules, value))
    return [mark for mark in read if mark is not None]
