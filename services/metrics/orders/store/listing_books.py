"""The customers behind a number on basis `booked`: those whose books differ from what is restated.

All others are the same customers on either basis and are listed as such (`listing`). Who is odd is found by an index of
their own; what they count for follows from the steps of their orders, of each of which the books say from which day to
which it stood in them, and on which day it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.metrics.orders.domain.books import END
from services.metrics.orders.domain.choice import Choice
from shared.db import Reads

_STEPS = f"""
SELECT p.start, p.since, p.until, p.currency, p.net FROM spell p WHERE p.shop = $1 AND p.customer = c.customer
UNION ALL
SELECT o.booked_day, o.booked_day, {END}, o.currency, o.net FROM order_fact o
WHERE o.shop = $1 AND o.customer = c.customer AND o.customer <> 0 AND o.counted AND NOT o.odd
"""  # noqa: S608 - a constant
_NOW, _BEFORE = "since <= $5 AND $5 < until", "since <= $6 AND $6 < until"
# $5: the day, $6: the day before the period, $7: the window in days. Of cohorts: first starts in ($9, $10], an order
# started in ($11, $12] and stood at the end of that.
_ODD = f"""
FROM customer_state c
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE {_NOW} AND start > $5 - $7) AS inside,
           count(*) FILTER (WHERE {_BEFORE} AND start > $6 - $7) AS inside_before,
           count(*) FILTER (WHERE {_NOW} AND start <= $6) AS older,
           count(*) FILTER (WHERE {_NOW}) AS ever,
           min(start) FILTER (WHERE {_NOW}) AS first_day,
           max(start) FILTER (WHERE {_NOW}) AS last_day,
           min(start) AS first_start,
           count(*) FILTER (WHERE start > $11 AND start <= $12 AND since <= $12 AND $12 < until) AS active,
           coalesce(sum(net) FILTER (WHERE {_NOW} AND start > $5 - $7 AND currency = $13), 0)::bigint AS revenue
    FROM ({_STEPS}) step
) b
WHERE c.shop = $1 AND c.generation = $2 AND c.odd <> 0 AND c.customer > $3 AND c.customer <= $4
  AND CASE $8
      WHEN 'held' THEN inside > 0
      WHEN 'end' THEN inside > 0
      WHEN 'start' THEN inside_before > 0
      WHEN 'joined' THEN inside > 0 AND inside_before = 0
      WHEN 'new' THEN inside > 0 AND inside_before = 0 AND older = 0
      WHEN 'won_back' THEN inside > 0 AND inside_before = 0 AND older > 0
      WHEN 'lost' THEN inside_before > 0 AND inside = 0
      WHEN 'repeat' THEN inside >= $14
      WHEN 'loyal' THEN inside >= $14
      WHEN 'lifetime' THEN ever > 0
      WHEN 'lifetime_repeat' THEN ever >= $14
      WHEN 'cohort' THEN first_start > $9 AND first_start <= $10 AND active > 0
      WHEN 'first_purchase' THEN b.first_day <= $10
      WHEN 'returned' THEN b.first_day <= $10 AND EXISTS (
          SELECT FROM ({_STEPS}) step
          WHERE {_NOW} AND start > b.first_day AND start <= b.first_day + $15
      )
  END
"""  # noqa: S608 - constants
_PAGE = f"""
SELECT c.customer, coalesce(b.first_day, b.first_start) AS first_day, b.last_day, b.inside AS orders, b.revenue {_ODD}
ORDER BY c.customer LIMIT $16
"""
_COUNT = f"SELECT count(*) {_ODD}"


class Question(NamedTuple):
    """What is asked of the books, beside the choice: the number's name, the day, window and period in days."""

    of: str
    at: int
    window: int
    period: int
    currency: str


async def odd_listed(
    reads: Reads, shop: int, generation: int, choice: Choice, asked: Question, *, between: tuple[int, int], limit: int
) -> Sequence[tuple[int, int, int | None, int, int]]:
    """Odd customers with numbers in `(after, until]`: customer, first day, last day, orders and revenue."""
    return [
        tuple(row) for row in await reads.fetch(_PAGE, *_arguments(shop, generation, choice, asked, between), limit)
    ]


async def count_odd(reads: Reads, shop: int, generation: int, choice: Choice, asked: Question) -> int:
    """How many there are in all."""
    row = await reads.fetchrow(_COUNT, *_arguments(shop, generation, choice, asked, (0, 2**63 - 1)))
    return 0 if row is None else int(row["count"])


def _arguments(
    shop: int, generation: int, choice: Choice, asked: Question, between: tuple[int, int]
) -> tuple[int | str, ...]:
    return (
        *(shop, generation, *between, asked.at, asked.at - asked.period, asked.window, asked.of),
        *(*choice.first, *choice.ordered, asked.currency, choice.least, choice.again_within),
    )
