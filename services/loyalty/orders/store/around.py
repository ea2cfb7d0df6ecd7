"""What occasions are judged by beside themselves: how many there were before, and what counts against caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg

from services.loyalty.orders.domain.asking import Latest, Spend
from services.loyalty.orders.domain.granting import Spent
from services.loyalty.orders.domain.occasion import Key, Kind
from shared.kernel import moment_of, us_of

# Counts what was completed before, without the occasions of this batch, whose rows are locked but not yet written.
_NUMBERS = """
SELECT o.shop, o.customer, o.name, count(*)
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN occasion o USING (shop, customer)
WHERE o.first_at IS NOT NULL
GROUP BY o.shop, o.customer, o.name
"""
_USED = """
SELECT u.shop, u.customer, u.rule, u.day, u.points
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN cap_use u USING (shop, customer)
"""
_SAVE_USED = """
INSERT INTO cap_use AS u (shop, customer, rule, day, points)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::int[], $5::bigint[])
ON CONFLICT (shop, customer, rule, day) DO UPDATE SET points = u.points + excluded.points
"""
# What may earn by a membership that is new, or no longer by one that was another's: not what earns by its own.
_OPEN = """
SELECT o.shop, o.kind, o.id, o.customer FROM occasion o
WHERE o.shop = $1 AND o.customer = ANY($2::bigint[]) AND o.first_at >= $3 AND o.through IS DISTINCT FROM o.customer
"""
_LATEST = """
SELECT k.shop, k.customer, max(o.first_at) FILTER (WHERE o.kind = 1), max(o.first_at)
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN occasion o USING (shop, customer)
WHERE o.through > 0 AND (o.kind = 1 OR o.points > 0)
GROUP BY k.shop, k.customer
"""
_SPENDS = """
SELECT s.shop, s.order_id, s.hold, s.customer, s.points
FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id) JOIN order_spend s USING (shop, order_id)
ORDER BY s.shop, s.order_id, s.hold
"""
_NAME_SPEND = """
INSERT INTO order_spend AS s (shop, order_id, hold, customer, points) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop, order_id, hold) DO NOTHING
"""

People = Collection[tuple[int, int]]
"""Shops and identities."""


async def numbers_of(conn: asyncpg.Connection[Any], people: People) -> Counter[tuple[int, int, str]]:
    """How many completed occasions they have, by name of the interaction; empty: orders."""
    rows = await conn.fetch(_NUMBERS, *_columns(people))
    return Counter({(shop, customer, name): count for shop, customer, name, count in rows})


async def used_by(conn: asyncpg.Connection[Any], people: People) -> Counter[tuple[int, int, str, int]]:
    """What counts against caps, by rule and day."""
    rows = await conn.fetch(_USED, *_columns(people))
    return Counter({(shop, customer, rule, day): points for shop, customer, rule, day, points in rows})


async def save_used(conn: asyncpg.Connection[Any], spent: Sequence[Spent]) -> None:
    """Add to what counts against caps. Sorted by key; each key once."""
    if spent:
        await conn.execute(_SAVE_USED, *(list(column) for column in zip(*spent, strict=True)))


async def open_occasions(conn: asyncpg.Connection[Any], shop: int, since: Mapping[int, int]) -> dict[Key, int]:
    """What may be judged anew of identities who are members now, with theirs; `since`: from which instant on."""
    if not since:
        return {}
    rows = await conn.fetch(_OPEN, shop, sorted(since), moment_of(min(since.values())))
    return {Key(row["shop"], Kind(row["kind"]), row["id"]): row["customer"] for row in rows}


async def latest_activity(conn: asyncpg.Connection[Any], people: People) -> dict[tuple[int, int], Latest]:
    """When members of these completed their latest order for the first time, and when one of theirs earned last."""
    return {
        (shop, customer): Latest(0 if order is None else us_of(order), us_of(of_any))
        for shop, customer, order, of_any in await conn.fetch(_LATEST, *_columns(people))
    }


async def spends_on(reads: Any, orders: Collection[Key]) -> list[Spend]:
    """Points that were spent on these orders."""
    asked = sorted(orders)
    rows = await reads.fetch(_SPENDS, [key.shop for key in asked], [key.id for key in asked])
    return [Spend(Key(shop, Kind.ORDER, order), hold, customer, points) for shop, order, hold, customer, points in rows]


async def name_spend(conn: asyncpg.Connection[Any], spend: Spend) -> None:
    """Remember that points were spent on an order."""
    await conn.execute(_NAME_SPEND, spend.order.shop, spend.order.id, spend.hold, spend.customer, spend.points)


def _columns(people: People) -> tuple[list[int], list[int]]:
    asked = sorted(people)
    return [shop for shop, _ in asked], [customer for _, customer in asked]
