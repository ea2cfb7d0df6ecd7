"""Writes of the slice. Every statement takes its rows in the order of their primary key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import asyncpg

from services.gateway.identity.domain import Alias, OrderOwner, Person, Recognition
from services.gateway.identity.domain.joining import Join, Pair, Reason
from services.gateway.identity.domain.recognition import OrderKey

_CREATE_PEOPLE = """
INSERT INTO customer (shop, customer, canonical, shop_customer_id, name, email, phone, locale,
                      name_at_us, email_at_us, phone_at_us, locale_at_us, phones, emails, merged_into, visitors,
                      birthday, birthday_at_us)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::smallint[],
                     $14::smallint[], $15::bigint[], $16::smallint[], $17::text[], $18::bigint[])
ON CONFLICT DO NOTHING
"""
_UPDATE_PEOPLE = """
UPDATE customer c
SET shop_customer_id = n.shop_customer_id, name = n.name, email = n.email, phone = n.phone, locale = n.locale,
    name_at_us = n.name_at_us, email_at_us = n.email_at_us, phone_at_us = n.phone_at_us,
    locale_at_us = n.locale_at_us, phones = n.phones, emails = n.emails, canonical = n.canonical,
    merged_into = n.merged_into, visitors = n.visitors, birthday = n.birthday, birthday_at_us = n.birthday_at_us
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::smallint[], $14::smallint[], $15::bigint[],
            $16::smallint[], $17::text[], $18::bigint[])
     AS n (shop, customer, canonical, shop_customer_id, name, email, phone, locale,
           name_at_us, email_at_us, phone_at_us, locale_at_us, phones, emails, merged_into, visitors,
           birthday, birthday_at_us)
WHERE c.shop = n.shop AND c.customer = n.customer
"""
_CLAIM_ALIASES = """
INSERT INTO customer_alias (shop, kind, value_hash, customer)
SELECT * FROM unnest($1::smallint[], $2::smallint[], $3::bytea[], $4::bigint[])
ON CONFLICT DO NOTHING
"""
_SHARE_ALIASES = """
UPDATE customer_alias a SET customer = n.customer
FROM unnest($1::smallint[], $2::smallint[], $3::bytea[], $4::bigint[]) AS n (shop, kind, value_hash, customer)
WHERE a.shop = n.shop AND a.kind = n.kind AND a.value_hash = n.value_hash
"""
_OWN_ORDERS = """
INSERT INTO order_customer AS o (shop, order_id, customer, at_us, tie)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
ON CONFLICT (shop, order_id) DO UPDATE
SET customer = excluded.customer, at_us = excluded.at_us, tie = excluded.tie
WHERE (o.at_us, o.tie) < (excluded.at_us, excluded.tie)
"""

_row = attrgetter(
    "shop",
    "customer",
    "canonical",
    "shop_customer_id",
    "name",
    "email",
    "phone",
    "locale",
    "name_at_us",
    "email_at_us",
    "phone_at_us",
    "locale_at_us",
    "phones",
    "emails",
    "merged_into",
    "visitors",
    "birthday",
    "birthday_at_us",
)
_KEY = attrgetter("shop", "customer")
BY_EVENT = "event"
"""Who merged, where no member of staff did."""
_NOTE_JOINS = """
INSERT INTO customer_join (shop, customer, other, action, reason, done_by)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
"""
_NOTE_CONFLICTS = """
INSERT INTO customer_conflict (shop, customer, other, reason)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[])
ON CONFLICT DO NOTHING
"""
_FORGET_CONFLICTS = """
DELETE FROM customer_conflict c USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS k (shop, customer, other)
WHERE c.shop = k.shop AND c.customer = k.customer AND c.other = k.other
"""


async def create_people(conn: asyncpg.Connection[Any], people: Collection[Person]) -> bool:
    """Insert new customers. False when one of the drawn ids was taken."""
    return await _insert_all(conn, _CREATE_PEOPLE, list(map(_row, sorted(people, key=_KEY))))


async def claim_aliases(conn: asyncpg.Connection[Any], aliases: Sequence[Alias]) -> bool:
    """Insert aliases, waiting for writers who are just inserting the same. False when one was theirs."""
    return await _insert_all(conn, _CLAIM_ALIASES, sorted(aliases))


async def share_aliases(conn: asyncpg.Connection[Any], aliases: Sequence[Alias]) -> None:
    """Let browsers lead to nobody. Whoever they led to is locked."""
    if aliases:
        await conn.execute(_SHARE_ALIASES, *_columns(sorted(aliases)))


async def save(conn: asyncpg.Connection[Any], recognition: Recognition) -> None:
    """Write what `identify` decided and has not claimed yet: profiles, and whose the orders are."""
    await update_people(conn, recognition.changed.values())
    await _own_orders(conn, recognition.orders)
    await note_joins(conn, [(join, "merged", "", BY_EVENT) for join in recognition.joined])
    await note_conflicts(conn, recognition.refused)


async def note_joins(conn: asyncpg.Connection[Any], done: Sequence[tuple[Join, str, str, str]]) -> None:
    """Keep what was merged or undone: (who, action, reason, by whom)."""
    if done:
        rows = [(join.shop, join.customer, join.into, *rest) for join, *rest in done]
        await conn.execute(_NOTE_JOINS, *_columns(rows))


async def note_conflicts(conn: asyncpg.Connection[Any], found: Iterable[tuple[Pair, Reason]]) -> None:
    """Keep who was not joined, and why; what is known already stays."""
    rows = sorted((*pair, str(reason)) for pair, reason in found)
    if rows:
        await conn.execute(_NOTE_CONFLICTS, *_columns(rows))


async def forget_conflicts(conn: asyncpg.Connection[Any], pairs: Iterable[Pair]) -> None:
    """Nothing speaks any longer against joining these."""
    rows = sorted(pairs)
    if rows:
        await conn.execute(_FORGET_CONFLICTS, *_columns(rows))


async def update_people(conn: asyncpg.Connection[Any], people: Collection[Person]) -> None:
    """Write people who are locked."""
    if people:
        await conn.execute(_UPDATE_PEOPLE, *_columns(list(map(_row, people))))


async def _own_orders(conn: asyncpg.Connection[Any], orders: Mapping[OrderKey, OrderOwner]) -> None:
    if not orders:
        return
    keys = sorted(orders)
    owners = [orders[key] for key in keys]
    await conn.execute(
        _OWN_ORDERS,
        [shop for shop, _ in keys],
        [order_id for _, order_id in keys],
        [owner.customer for owner in owners],
        [owner.at_us for owner in owners],
        [owner.tie for owner in owners],
    )


async def _insert_all(conn: asyncpg.Connection[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> bool:
    if not rows:
        return True
    status: str = await conn.execute(statement, *_columns(rows))
    return int(status.rsplit(" ", 1)[1]) == len(rows)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
