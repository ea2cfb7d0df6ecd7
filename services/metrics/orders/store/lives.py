"""Customers' lives without any order of theirs: for timers and visits. And all order days of some customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg
import numpy as np

from services.metrics.counters import Ints
from services.metrics.orders.domain.lives import GAPS, NUMBERS, Lives

_LOCK = f"""
SELECT c.customer, c.first_day, c.days[cardinality(c.days)] AS last_day, c.gaps,
       {", ".join(f"c.{name}" for name in NUMBERS)}
FROM unnest($3::bigint[]) AS k(customer)
JOIN customer_state c ON c.shop = $1 AND c.generation = $2 AND c.customer = k.customer
ORDER BY c.customer
FOR UPDATE OF c
"""  # noqa: S608 - column names of our own
_MAKE = """
INSERT INTO customer_state (customer, shop, generation, first_day, orders, version, days)
SELECT k.customer, $1, $2, 0, 0, 1, array_fill(0, ARRAY[$4::int]) FROM unnest($3::bigint[]) AS k(customer)
WHERE NOT EXISTS (
    SELECT FROM customer_state c WHERE c.shop = $1 AND c.generation = $2 AND c.customer = k.customer
)
ORDER BY k.customer
ON CONFLICT (shop, generation, customer) DO NOTHING
"""
_SAVE = f"""
UPDATE customer_state c
SET version = c.version + 1, gaps = n.gaps, {", ".join(f"{name} = n.{name}" for name in NUMBERS)}
FROM unnest($3::bigint[], $4::bytea[], {
    ", ".join(f"${at + 5}::{'boolean' if name == 'put_off' else 'int'}[]" for at, name in enumerate(NUMBERS))
})
     AS n(customer, gaps, {", ".join(NUMBERS)})
WHERE c.shop = $1 AND c.generation = $2 AND c.customer = n.customer
"""  # noqa: S608 - column names of our own
_DAYS = """
SELECT k.customer, d.day, d.times
FROM unnest($2::bigint[]) AS k(customer)
CROSS JOIN LATERAL (
    SELECT o.day, count(*) AS times FROM order_fact o
    WHERE o.shop = $1 AND o.customer = k.customer AND o.counted AND o.customer <> 0
    GROUP BY o.day ORDER BY o.day
) d
"""


class Standings(NamedTuple):
    """Customers who are known, sorted, their rows locked."""

    customer: list[int]
    first_day: Ints
    last_day: Ints
    lives: Lives


async def make_rows(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int], depth: int
) -> None:
    """Rows for those who have none, without any order. `depth`: how many last order days a row holds."""
    await conn.execute(_MAKE, shop, generation, sorted(customers), depth)


async def lock_lives(conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int]) -> Standings:
    """Lock the rows of customers, sorted; those who have none are left out."""
    rows = await conn.fetch(_LOCK, shop, generation, sorted(customers))

    def column(name: str) -> Ints:
        return np.array([row[name] for row in rows], np.int64)

    gaps = np.frombuffer(b"".join(row["gaps"] for row in rows), ">u2").reshape(-1, GAPS).astype(np.int64)
    lives = Lives(**{name: column(name) for name in NUMBERS}, gaps=gaps)
    return Standings([row["customer"] for row in rows], column("first_day"), column("last_day"), lives)


async def save_lives(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int], lives: Lives
) -> None:
    """Write lives of customers whose rows are locked."""
    if customers:
        gaps = lives.gaps.astype(">u2")
        columns = [
            getattr(lives, name).astype(bool).tolist() if name == "put_off" else getattr(lives, name).tolist()
            for name in NUMBERS
        ]
        await conn.execute(_SAVE, shop, generation, list(customers), [row.tobytes() for row in gaps], *columns)


async def order_days(conn: asyncpg.Connection[Any], shop: int, customers: Sequence[int]) -> dict[int, list[int]]:
    """All days of counted orders of each customer, rising, repeats kept."""
    found: dict[int, list[int]] = {customer: [] for customer in customers}
    if customers:
        for customer, day, times in await conn.fetch(_DAYS, shop, list(customers)):
            found[customer] += [day] * times
    return found
