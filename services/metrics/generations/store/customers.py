"""States of customers in a generation that is being built: their orders as counted anew, their stages as they stand.

Stages, with the changes that were published, are taken over from the live generation. Where other settings make others
of them, the customer is put off: the next look works the stage out anew, and publishes what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from services.metrics.orders import Person

_LIFE = ("stage", "stage_began", "last_visit", "threshold", "figure_day", "seen", "due", "changes", "gaps")
_MINE = ", ".join(_LIFE)
_THEIRS = ", ".join(f"l.{name}" for name in _LIFE)
_TAKEN = ", ".join(f"{name} = l.{name}" for name in _LIFE)
_SAVE = """
INSERT INTO customer_state AS c (customer, shop, generation, first_day, orders, version, days, odd)
SELECT $1, $2, $3, $4, $5, 1, $6::int[], $7
ON CONFLICT (shop, generation, customer) DO UPDATE
SET first_day = excluded.first_day, orders = excluded.orders, version = c.version + 1, days = excluded.days,
    odd = excluded.odd
"""
_TAKE_LIVES = f"""
UPDATE customer_state c SET {_TAKEN}, put_off = l.put_off OR $4
FROM customer_state l
WHERE c.shop = $1 AND c.generation = $2 AND l.shop = $1 AND l.generation = $3 AND l.customer = c.customer
  AND c.customer = ANY($5::bigint[])
"""  # noqa: S608 - constants
# Whom nobody's orders have brought here: who visited only.
_ADD_VISITORS = f"""
INSERT INTO customer_state (customer, shop, generation, first_day, orders, version, days, odd, put_off, {_MINE})
SELECT l.customer, l.shop, $2::smallint, 0, 0, 1, array_fill(0, ARRAY[$5::int]), 0, l.put_off OR $4, {_THEIRS}
FROM customer_state l
WHERE l.shop = $1 AND l.generation = $3 AND NOT EXISTS (
    SELECT FROM customer_state c WHERE c.shop = $1 AND c.generation = $2 AND c.customer = l.customer)
RETURNING customer
"""  # noqa: S608 - constants
_DIFFERING = f"""
SELECT c.customer
FROM customer_state c JOIN customer_state l ON l.shop = c.shop AND l.customer = c.customer
WHERE c.shop = $1 AND c.generation = $2 AND l.generation = $3
  AND ({", ".join(f"c.{name}" for name in _LIFE)}) IS DISTINCT FROM ({_THEIRS})
"""  # noqa: S608 - constants
_FORGET_CHANGES = "DELETE FROM transition WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[])"
_CHANGE = "n, day, previous, stage, reason, last_active, threshold, evidence, late, time, event_id, retracted_by"
_TAKE_CHANGES = f"""
INSERT INTO transition (customer, shop, generation, {_CHANGE})
SELECT customer, shop, $2::smallint, {_CHANGE} FROM transition
WHERE shop = $1 AND generation = $3 AND customer = ANY($4::bigint[])
"""  # noqa: S608 - constants


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
    conn: asyncpg.Connection[Any], shop: int, generation: int, live: int, customers: Sequence[int], *, put_off: bool
) -> None:
    """Take over the stages of customers, as the live generation has them, and their changes."""
    if customers:
        await conn.execute(_TAKE_LIVES, shop, generation, live, put_off, customers)
        await conn.execute(_FORGET_CHANGES, shop, generation, customers)
        await conn.execute(_TAKE_CHANGES, shop, generation, live, customers)


async def take_rest(
    conn: asyncpg.Connection[Any], shop: int, generation: int, live: int, depth: int, *, put_off: bool
) -> None:
    """Take over what the clock has changed of stages since, and who has no order. The caller holds the shop alone."""
    rows = await conn.fetch(_ADD_VISITORS, shop, generation, live, put_off, depth)
    rows += await conn.fetch(_DIFFERING, shop, generation, live)
    await take_lives(conn, shop, generation, live, [row[0] for row in rows], put_off=put_off)
