"""What a build has made of orders: rows of `built_order` and `built_spell`, and the customers behind them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import asyncpg

from services.metrics.counters import currency_code
from services.metrics.orders import GUEST, Counted, Person, Redated

_FORGET = [
    "DELETE FROM built_spell WHERE shop = $1 AND generation = $2 AND order_id = ANY($3::text[])",
    "DELETE FROM built_order WHERE shop = $1 AND generation = $2 AND order_id = ANY($3::text[])",
]
_ORDER_COLUMNS = (
    *("customer", "net", "day", "booked_day", "shop", "generation"),
    *("counted", "odd", "moved", "currency", "order_id"),
)
_SPELL_COLUMNS = ("customer", "net", "since", "until", "start", "shop", "generation", "currency", "order_id")
_CUSTOMERS = """
SELECT customer FROM (
    (SELECT DISTINCT customer FROM built_order
     WHERE shop = $1 AND generation = $2 AND customer > $3 ORDER BY customer LIMIT $4)
    UNION
    (SELECT DISTINCT customer FROM built_spell
     WHERE shop = $1 AND generation = $2 AND customer > $3 ORDER BY customer LIMIT $4)
) c ORDER BY customer LIMIT $4
"""
_OWNERS = """
SELECT customer FROM built_order WHERE shop = $1 AND generation = $2 AND order_id = ANY($3::text[])
UNION
SELECT customer FROM built_spell WHERE shop = $1 AND generation = $2 AND order_id = ANY($3::text[])
"""
_ORDERS = """
SELECT customer, order_id, day, booked_day, odd, currency, net FROM built_order
WHERE shop = $1 AND generation = $2 AND counted AND
"""
_SPELLS = """
SELECT customer, order_id, start, since, until, currency, net FROM built_spell WHERE shop = $1 AND generation = $2 AND
"""
_OF_CUSTOMERS = " customer = ANY($3::bigint[])"
_OF_GUESTS = f" customer = {GUEST} AND order_id = ANY($3::text[])"


async def write(conn: asyncpg.Connection[Any], shop: int, generation: int, orders: Sequence[Redated]) -> None:
    """Write what is now known of orders, whatever was known before."""
    ids = [order.order_id for order in orders]
    for statement in _FORGET:
        await conn.execute(statement, shop, generation, ids)
    rows = [
        (o.customer, o.net, o.day, o.booked_day, shop, generation, o.counted, o.odd, o.moved, o.currency, o.order_id)
        for o in orders
    ]
    await conn.copy_records_to_table("built_order", records=rows, columns=_ORDER_COLUMNS)
    spells = [
        (step.customer, step.net, step.since, step.until, step.start, shop, generation, step.currency, order.order_id)
        for order in orders
        for step in order.steps
    ]
    if spells:
        await conn.copy_records_to_table("built_spell", records=spells, columns=_SPELL_COLUMNS)


async def owners(conn: asyncpg.Connection[Any], shop: int, generation: int, orders: Sequence[str]) -> set[int]:
    """Customers that the written orders belong, or by the books once belonged, to."""
    return {row[0] for row in await conn.fetch(_OWNERS, shop, generation, list(orders))}


async def customers_behind(
    conn: asyncpg.Connection[Any], shop: int, generation: int, after: int, limit: int
) -> list[int]:
    """The next customers by number."""
    return [row[0] for row in await conn.fetch(_CUSTOMERS, shop, generation, after, limit)]


async def persons(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Collection[int]
) -> dict[int, Person]:
    """All of these customers (no guest), with what they have; without anything, too."""
    found = {customer: Person(customer) for customer in customers}
    asked = (shop, generation, sorted(customers))
    _fill(await conn.fetch(_ORDERS + _OF_CUSTOMERS, *asked), lambda row: found[row["customer"]])
    _live(await conn.fetch(_SPELLS + _OF_CUSTOMERS, *asked), lambda row: found[row["customer"]])
    return found


async def guests(conn: asyncpg.Connection[Any], shop: int, generation: int, orders: Sequence[str]) -> list[Person]:
    """A person for each of these orders that is, or by the books once was, a guest's."""
    found = {order: Person(GUEST) for order in orders}
    asked = (shop, generation, list(orders))
    _fill(await conn.fetch(_ORDERS + _OF_GUESTS, *asked), lambda row: found[row["order_id"]])
    _live(await conn.fetch(_SPELLS + _OF_GUESTS, *asked), lambda row: found[row["order_id"]])
    return [person for person in found.values() if person.orders or person.booked]


def _fill(rows: Iterable[asyncpg.Record], person_of: Any) -> None:
    codes: dict[str, int] = {}
    for row in rows:
        code = codes.setdefault(row["currency"], currency_code(row["currency"]))
        person_of(row).add(Counted(row["day"], code, row["net"]), None if row["odd"] else row["booked_day"])


def _live(rows: Iterable[asyncpg.Record], person_of: Any) -> None:
    for row in rows:
        worth = (row["start"], row["since"], row["until"], currency_code(row["currency"]), row["net"])
        person_of(row).booked[worth] += 1
