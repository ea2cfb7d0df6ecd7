"""The customers behind a number: chosen by their order days, a page at a time, in the order of their ids.

Customers are walked along the primary key of `customer_state`, whose row rules most of them out (first and last order
day); for the others a few places of the index (shop, customer, day) decide. Memory is that of a page, whatever the
shop's size, and a page begins after any id, so nothing is skipped or repeated while customers are added.

No statement walks past more than STRIDE customers, so that none runs into its time limit on a list that holds few of
many. A page that has taken its time ends where it has come, with fewer customers than it might have.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.metrics.orders.domain.choice import Choice
from services.metrics.orders.store.listing_books import Question, count_odd, odd_listed
from services.metrics.orders.store.settling import refuse_unsettled
from shared.db import Reads

BATCH = 2_000
STRIDE = 50_000
"""So many customers are walked past by one statement, at most."""
_SECONDS = 2.0
"""After so long a page ends with what it has found."""
_LAST = 2**63 - 1

_CHOSEN = """
FROM customer_state s
WHERE s.shop = $1 AND s.generation = $2 AND s.customer > $3 AND s.customer <= $12
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
  AND (s.odd = 0 OR NOT $13::bool)
"""
# The page first, then what is told of its customers: the planner must not look the latter up for everybody.
_PAGE = f"""
WITH page AS MATERIALIZED (SELECT s.customer, s.first_day {_CHOSEN} ORDER BY s.customer LIMIT $14)
SELECT p.customer, p.first_day, l.day AS last_day, w.orders, w.revenue
FROM page p
LEFT JOIN LATERAL (
    SELECT o.day FROM order_fact o
    WHERE o.shop = $1 AND o.customer = p.customer AND o.customer <> 0 AND o.counted AND o.day <= $15
    ORDER BY o.day DESC LIMIT 1
) l ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS orders, coalesce(sum(o.net) FILTER (WHERE o.currency = $17), 0)::bigint AS revenue
    FROM order_fact o
    WHERE o.shop = $1 AND o.customer = p.customer AND o.customer <> 0 AND o.counted AND o.day > $16 AND o.day <= $15
) w
ORDER BY p.customer
"""  # noqa: S608 - constants
STRIDE_END = """
SELECT customer FROM customer_state WHERE shop = $1 AND generation = $2 AND customer > $3
ORDER BY customer OFFSET $4 LIMIT 1
"""
"""Where a walk of a number of customers less one ends; no row when there are fewer."""
_COUNT = f"SELECT count(*) {_CHOSEN}"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of each: as of a day, over the window that ends with it, in a currency."""

    at: int
    window: int
    currency: str
    books: Question | None = None
    """What is asked on basis `booked`; None: restated."""


class Listed(NamedTuple):
    """A customer of a list. Days are ordinals; orders and revenue (minor units, net) are those of the window."""

    customer: int
    first_day: int
    last_day: int | None
    orders: int
    revenue: int


class Found(NamedTuple):
    """Some of the chosen customers, by number."""

    rows: list[Listed]
    reached: int | None
    """All up to this number have been looked at; None when there are no more."""


async def _between(
    reads: Reads, shop: int, generation: int, choice: Choice, told: Told, *, between: tuple[int, int], limit: int
) -> list[Listed]:
    """The first ones with numbers in `(after, until]`."""
    arguments = _arguments(shop, generation, choice, *between, odd_apart=told.books is not None)
    found = await reads.fetch(_PAGE, *arguments, limit, told.at, told.at - told.window, told.currency)
    rows = [Listed(*row) for row in found]
    if told.books is None:
        return rows
    odd = await odd_listed(reads, shop, generation, choice, told.books, between=between, limit=limit)
    return sorted([*rows, *(Listed(*row) for row in odd)])[:limit]


async def listed(
    reads: Reads, shop: int, generation: int, choice: Choice, told: Told, *, after: int = 0, limit: int
) -> Found:
    """The first `limit` of the chosen customers whose number is greater than `after`; fewer, if that takes long."""
    await refuse_unsettled(reads, shop)
    rows: list[Listed] = []
    began, reached = time.monotonic(), after
    while True:  # ends with the customers, the page or the time
        bound = await reads.fetchrow(STRIDE_END, shop, generation, reached, STRIDE - 1)
        until = _LAST if bound is None else bound["customer"]
        rows += await _between(reads, shop, generation, choice, told, between=(reached, until), limit=limit - len(rows))
        if len(rows) >= limit:
            return Found(rows, rows[-1].customer)
        if bound is None:
            return Found(rows, None)
        reached = until
        if time.monotonic() - began > _SECONDS:
            return Found(rows, reached)


async def all_listed(
    reads: Reads, shop: int, generation: int, choice: Choice, told: Told, *, after: int = 0
) -> AsyncGenerator[Sequence[Listed], None]:
    """All of them after a number, some thousands at a time."""
    reached: int | None = after
    while reached is not None:  # numbers rise
        rows, reached = await listed(reads, shop, generation, choice, told, after=reached, limit=BATCH)
        yield rows


async def count_listed(reads: Reads, shop: int, generation: int, choice: Choice, books: Question | None = None) -> int:
    """How many there are, counted one by one."""
    await refuse_unsettled(reads, shop)
    row = await reads.fetchrow(_COUNT, *_arguments(shop, generation, choice, 0, _LAST, odd_apart=books is not None))
    odd = 0 if books is None else await count_odd(reads, shop, generation, choice, books)
    return odd if row is None else odd + int(row["count"])


def _arguments(
    shop: int, generation: int, choice: Choice, after: int, until: int, *, odd_apart: bool
) -> tuple[int | bool, ...]:
    return (
        shop,
        generation,
        after,
        *choice.first,
        *choice.ordered,
        choice.least,
        *choice.not_ordered,
        choice.again_within,
        until,
        odd_apart,
    )
