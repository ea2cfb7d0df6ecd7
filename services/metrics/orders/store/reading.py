"""Reading order facts: exact counts of customers for any window and period, and one customer's history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.metrics.orders.domain.history import Bought
from services.metrics.orders.store.settling import refuse_unsettled
from shared.db import Reads

# Each day is counted on its own over the orders that can matter to it. A customer is new when no order at all lies
# before the period; that is looked up by index, and only for those who were not held at its start.
_CUSTOMERS_AT = """
SELECT c.*
FROM unnest($2::int[]) WITH ORDINALITY AS d(at, n)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE inside > 0) AS held,
           count(*) FILTER (WHERE before) AS start,
           count(*) FILTER (WHERE inside > 0 AND NOT before) AS joined,
           count(*) FILTER (WHERE inside > 0 AND NOT before AND NOT EXISTS (
               SELECT FROM order_fact e
               WHERE e.shop = $1 AND e.customer = b.customer AND e.customer <> 0 AND e.counted AND e.day <= d.at - $4
           )) AS new,
           count(*) FILTER (WHERE before AND inside = 0) AS lost,
           count(*) FILTER (WHERE inside >= 2) AS repeat,
           count(*) FILTER (WHERE inside >= $5) AS loyal
    FROM (
        SELECT customer,
               count(*) FILTER (WHERE day > d.at - $3) AS inside,
               bool_or(day <= d.at - $4) AS before
        FROM order_fact
        WHERE shop = $1 AND counted AND customer <> 0 AND day > d.at - $3 - $4 AND day <= d.at
        GROUP BY customer
    ) b
) c
ORDER BY d.n
"""

_IS_KNOWN = "SELECT FROM customer_state WHERE shop = $1 AND generation = $2 AND customer = $3"

_HISTORY = """
SELECT day, currency, count(*) AS orders, sum(net)::bigint AS revenue
FROM order_fact
WHERE shop = $1 AND customer = $2 AND customer <> 0 AND counted AND day <= $3
GROUP BY day, currency
ORDER BY day, currency
"""


class CustomersAt(NamedTuple):
    """Numbers of customers at one day; see `services.metrics.retention.domain.figures.Customers`."""

    held: int
    start: int
    joined: int
    new: int
    lost: int
    repeat: int
    loyal: int


async def customers_at(
    reads: Reads, shop: int, at: Sequence[int], *, window: int, period: int, least: int
) -> list[CustomersAt]:
    """Customers at each of `at` (ordinals), for any window and period in days.

    Loyal has `least` orders or more in the window. The cost follows the orders in window and period, so it may run
    into the time limit of the transaction, which the caller answers with a narrower question.
    """
    await refuse_unsettled(reads, shop)
    rows = await reads.fetch(_CUSTOMERS_AT, shop, list(at), window, period, least)
    return [CustomersAt(*row) for row in rows]


async def history_of(reads: Reads, shop: int, generation: int, customer: int, until: int) -> list[Bought] | None:
    """What a customer bought by day and currency up to a day, oldest first; None for an unknown customer.

    A customer whose orders were all cancelled or refunded is known, and bought nothing.
    """
    await refuse_unsettled(reads, shop)
    rows = await reads.fetch(_HISTORY, shop, customer, until)
    if not rows and await reads.fetchrow(_IS_KNOWN, shop, generation, customer) is None:
        return None
    return [Bought(*row) for row in rows]
