"""Reading customers whose books differ from what is restated: by how much numbers of customers differ at any day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.metrics.orders.domain.books import END, Step
from services.metrics.orders.store.settling import refuse_unsettled
from shared.db import Reads

# Steps of odd customers on either basis: those of odd orders stand in `spell`, of others in the order's own row.
_STEPS = f"""
WITH odd AS MATERIALIZED (
    SELECT customer FROM customer_state WHERE shop = $1 AND generation = $2 AND odd <> 0
), step AS MATERIALIZED (
    SELECT 1 AS sign, s.customer, s.start, s.since, s.until
    FROM odd JOIN spell s ON s.shop = $1 AND s.customer = odd.customer
    UNION ALL
    SELECT 1, o.customer, o.booked_day, o.booked_day, {END}
    FROM odd JOIN order_fact o ON o.shop = $1 AND o.customer = odd.customer AND o.customer <> 0
    WHERE o.counted AND NOT o.odd
    UNION ALL
    SELECT -1, o.customer, o.day, o.day, {END}
    FROM odd JOIN order_fact o ON o.shop = $1 AND o.customer = odd.customer AND o.customer <> 0
    WHERE o.counted
)
"""  # noqa: S608 - a constant
_DIFFERENCES = f"""
{_STEPS}
SELECT c.*
FROM unnest($3::int[]) WITH ORDINALITY AS d(at, n)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(sign) FILTER (WHERE now > 0), 0)::bigint AS held,
           coalesce(sum(sign) FILTER (WHERE before > 0), 0)::bigint AS start,
           coalesce(sum(sign) FILTER (WHERE now > 0 AND before = 0), 0)::bigint AS joined,
           coalesce(sum(sign) FILTER (WHERE now > 0 AND before = 0 AND older = 0), 0)::bigint AS new,
           coalesce(sum(sign) FILTER (WHERE before > 0 AND now = 0), 0)::bigint AS lost,
           coalesce(sum(sign) FILTER (WHERE now >= 2), 0)::bigint AS repeat,
           coalesce(sum(sign) FILTER (WHERE now >= $6), 0)::bigint AS loyal,
           coalesce(sum(sign) FILTER (WHERE eldest > 0), 0)::bigint AS covering
    FROM (
        SELECT sign,
               count(*) FILTER (WHERE since <= at AND at < until AND start > at - $4) AS now,
               count(*) FILTER (
                   WHERE since <= at - $5 AND at - $5 < until AND start > at - $5 - $4
               ) AS before,
               count(*) FILTER (WHERE since <= at AND at < until AND start <= at - $5) AS older,
               count(*) FILTER (WHERE since <= at AND at < until AND start <= at - $4 - $5 + 1) AS eldest
        FROM step
        GROUP BY customer, sign
    ) b
) c
ORDER BY d.n
"""  # noqa: S608 - a constant
_STEPS_OF = f"""
SELECT s.customer, s.start, s.since, s.until, s.currency, s.net FROM spell s WHERE s.shop = $1 AND s.customer = $2
UNION ALL
SELECT o.customer, o.booked_day, o.booked_day, {END}, o.currency, o.net FROM order_fact o
WHERE o.shop = $1 AND o.customer = $2 AND o.customer <> 0 AND o.counted AND NOT o.odd
"""  # noqa: S608 - a constant


class Differences(NamedTuple):
    """Booked less restated, at one day: numbers of customers, as `services.metrics.retention` names them."""

    held: int
    start: int
    joined: int
    new: int
    lost: int
    repeat: int
    loyal: int
    covering: int
    """Customers whose first order lies so far back that the history covers window and period."""


async def differences_at(
    reads: Reads, shop: int, generation: int, at: Sequence[int], *, window: int, period: int, least: int
) -> list[Differences]:
    """Differences at each of `at` (ordinals), for any window and period in days, by the orders of odd customers."""
    await refuse_unsettled(reads, shop)
    rows = await reads.fetch(_DIFFERENCES, shop, generation, list(at), window, period, least)
    return [Differences(*row) for row in rows]


async def steps_of_customer(reads: Reads, shop: int, customer: int) -> list[Step]:
    """All that the books ever said of one customer's orders."""
    await refuse_unsettled(reads, shop)
    return [Step(*row) for row in await reads.fetch(_STEPS_OF, shop, customer)]
