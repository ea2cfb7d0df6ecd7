"""States of customers in a generation that is being built: their orders as counted anew.

Where its settings make no other stages, these are taken over from the live generation, with the changes and their
events; otherwise `lifecycle.beside` works them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from services.metrics.orders import Person, make_rows

_LIFE = ("stage", "stage_began", "last_visit", "threshold", "figure_day", "seen", "due", "changes", "gaps", "put_off")
_TAKEN = ", ".join(f"{name} = l.{name}" for name in _LIFE)
_SAVE = """
INSERT INTO customer_state AS c (customer, shop, generation, first_day, orders, version, days, odd)
SELECT $1, $2, $3, $4, $5, 1, $6::int[], $7
ON CONFLICT (shop, generation, customer) DO UPDATE
SET first_day = excluded.first_day, orders = excluded.orders, version = c.version + 1, days = excluded.days,
    odd = excluded.odd
"""
_TAKE_LIVES = f"""
UPDATE customer_state c SET {_TAKEN}
FROM customer_state l
WHERE c.shop = $1 AND c.generation = $2 AND l.shop = $1 AND l.generation = $3 AND l.customer = c.customer
  AND c.customer = ANY($4::bigint[])
"""  # noqa: S608 - constants
_FORGET_CHANGES = "DELETE FROM transition WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[])"
_CHANGE = "n, day, previous, stage, reason, last_active, threshold, evidence, late, time, event_id, retracted_by, owed"
_TAKE_CHANGES = f"""
INSERT INTO transition (customer, shop, generation, {_CHANGE})
SELECT customer, shop, $2::smallint, {_CHANGE} FROM transition
WHERE shop = $1 AND generation = $3 AND customer = ANY($4::bigint[])
"""  # noqa: S608 - constants


_BEHIND = """
SELECT DISTINCT customer FROM (
    (SELECT customer FROM customer_state
     WHERE shop = $1 AND generation = $2 AND customer > $4 ORDER BY customer LIMIT $5)
    UNION ALL
    (SELECT customer FROM customer_state
     WHERE shop = $1 AND generation = $3 AND customer > $4 ORDER BY customer LIMIT $5)
) c ORDER BY customer LIMIT $5
"""


async def behind(
    conn: asyncpg.Connection[Any], shop: int, generations: tuple[int, int], after: int, limit: int
) -> list[int]:
    """The next customers by number who have a row in one of two generations."""
    return [row[0] for row in await conn.fetch(_BEHIND, shop, *generations, after, limit)]


async def save(
    conn: asyncpg.Connection[Any], shop: int, generation: int, persons: Iterable[Person], depth: int
) -> None:
    """Write what each of these customers has ordered."""
    rows = []
    for person in persons:
        days = sorted(order.day for order in person.orders)
        last = ([0] * depth + days)[-depth:]
        first = days[0] if days else 0
        rows.append((person.customer, shop, generation, first, len(days), last, int(person.is_odd)))
    await conn.executemany(_SAVE, sorted(rows))


async def take_lives(
    conn: asyncpg.Connection[Any], shop: int, generations: tuple[int, int], customers: Sequence[int], depth: int
) -> None:
    """Take over, into the first, the stages of customers as the second generation has them, and their changes."""
    generation, live = generations
    if customers:
        await make_rows(conn, shop, generation, customers, depth)
        await conn.execute(_TAKE_LIVES, shop, generation, live, customers)
        await conn.execute(_FORGET_CHANGES, shop, generation, customers)
        await conn.execute(_TAKE_CHANGES, shop, generation, live, customers)
