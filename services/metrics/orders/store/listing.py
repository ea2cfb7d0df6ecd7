"""The customers behind a number: chosen by their order days, a page at a time, in the order of their ids.

Customers are walked along the primary key of `customer_state`, whose row rules most of them out (first and last order
day); for the others a few places of the index (shop, customer, day) decide. Memory is that of a page, whatever the
shop's size, and a page begins after any id, so nothing is skipped or repeated while customers are added.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.metrics.orders.domain.choice import Choice
from shared.db import Reads

BATCH = 2_000

_CHOSEN = """
FROM customer_state s
WHERE s.shop = $1 AND s.generation = $2 AND s.customer > $3
  AND s.first_day > $4 AND s.first_day <= $5 AND s.days[array_upper(s.days, 1)] > $6
  AND ($8::int = 0 OR $8 <= (
      SELECT count(*) FROM (
          SELECT FROM order_fact o
          WHERE o.shop = $1 AND o.customer = s.customer AND o.customer <> 0 AND o.counted
            AND o.day > $6 AND o.day <= $7
          LIMIT $8
      ) some_orders
  ))
  AND ($9::int >= $10::int OR NOT EXISTS (
      SELECT FROM order_fact o
      WHERE o.shop = $1 AND o.customer = s.customer AND o.customer <> 0 AND o.counted AND o.day > $9 AND o.day <= $10
  ))
  AND ($11::int = 0 OR EXISTS (
      SELECT FROM order_fact o
      WHERE o.shop = $1 AND o.customer = s.customer AND o.customer <> 0 AND o.counted
        AND o.day > s.first_day AND o.day <= s.first_day + $11
  ))
"""
# The page first, then what is told of its customers: the planner must not look the latter up for everybody.
_PAGE = f"""
WITH page AS MATERIALIZED (SELECT s.customer, s.first_day {_CHOSEN} ORDER BY s.customer LIMIT $12)
SELECT p.customer, p.first_day, l.day AS last_day, w.orders, w.revenue
FROM page p
LEFT JOIN LATERAL (
    SELECT o.day FROM order_fact o
    WHERE o.shop = $1 AND o.customer = p.customer AND o.customer <> 0 AND o.counted AND o.day <= $13
    ORDER BY o.day DESC LIMIT 1
) l ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS orders, coalesce(sum(o.net) FILTER (WHERE o.currency = $15), 0)::bigint AS revenue
    FROM order_fact o
    WHERE o.shop = $1 AND o.customer = p.customer AND o.customer <> 0 AND o.counted AND o.day > $14 AND o.day <= $13
) w
ORDER BY p.customer
"""  # noqa: S608 - constants
_COUNT = f"SELECT count(*) {_CHOSEN}"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of each: as of a day, over the window that ends with it, in a currency."""

    at: int
    window: int
    currency: str


class Listed(NamedTuple):
    """A customer of a list. Days are ordinals; orders and revenue (minor units, net) are those of the window."""

    customer: int
    first_day: int
    last_day: int | None
    orders: int
    revenue: int


async def listed(
    reads: Reads, shop: int, generation: int, choice: Choice, told: Told, *, after: int = 0, limit: int
) -> list[Listed]:
    """The first `limit` of the chosen customers whose number is greater than `after`, by number."""
    rows = await reads.fetch(
        _PAGE,
        *_arguments(shop, generation, choice, after),
        limit,
        told.at,
        told.at - told.window,
        told.currency,
    )
    return [Listed(*row) for row in rows]


async def all_listed(
    reads: Reads, shop: int, generation: int, choice: Choice, told: Told, *, after: int = 0
) -> AsyncGenerator[Sequence[Listed], None]:
    """All of them after a number, some thousands at a time."""
    while rows := await listed(reads, shop, generation, choice, told, after=after, limit=BATCH):  # ids rise
        yield rows
        if len(rows) < BATCH:
            return
        after = rows[-1].customer


async def count_listed(reads: Reads, shop: int, generation: int, choice: Choice) -> int:
    """How many there are, counted one by one."""
    row = await reads.fetchrow(_COUNT, *_arguments(shop, generation, choice, 0))
    return 0 if row is None else int(row["count"])


def _arguments(shop: int, generation: int, choice: Choice, after: int) -> tuple[int, ...]:
    return (
        shop,
        generation,
        after,
        *choice.first,
        *choice.ordered,
        choice.least,
        *choice.not_ordered,
        choice.again_within,
    )
