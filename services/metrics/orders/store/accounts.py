"""Customers whose books differ from what is restated: what they have on either basis, and who they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg

from services.metrics.counters import Ints, currency_code
from services.metrics.orders.domain.accounts import Owned
from services.metrics.orders.domain.books import END

# Every counted order stands in `order_fact`; of one that is odd, `spell` has the steps.
_OWNED = """
SELECT r.n, x.*
FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS r (shop, customer, n)
CROSS JOIN LATERAL (
    SELECT false AS spell, o.odd, o.day, o.booked_day, 0 AS until, o.currency, o.net FROM order_fact o
    WHERE o.shop = r.shop AND o.customer = r.customer AND o.counted AND o.customer <> 0
    UNION ALL
    SELECT true, true, s.start, s.since, s.until, s.currency, s.net FROM spell s
    WHERE s.shop = r.shop AND s.customer = r.customer
) x
"""
_MARK = """
UPDATE customer_state c SET odd = n.odd
FROM unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[]) AS n (shop, generation, customer, odd)
WHERE c.shop = n.shop AND c.generation = n.generation AND c.customer = n.customer AND c.odd <> n.odd
"""


async def owned(conn: asyncpg.Connection[Any], shop: Sequence[int], customer: Sequence[int]) -> list[Owned]:
    """What each of these customers has; they are locked."""
    found = [Owned(*key, Counter(), Counter()) for key in zip(shop, customer, strict=True)]
    codes: dict[str, int] = {}
    for n, is_spell, odd, day, booked, until, currency, net in await conn.fetch(_OWNED, shop, customer):
        code = codes.setdefault(currency, currency_code(currency))
        one = found[n - 1]
        if is_spell:
            one.booked[day, booked, until, code, net] += 1
            continue
        one.restated[day, day, END, code, net] += 1
        if not odd:
            one.booked[booked, booked, END, code, net] += 1
    return found


async def mark_odd(conn: asyncpg.Connection[Any], generation: Ints, found: Sequence[Owned], odd: Sequence[int]) -> None:
    """Say of customers, who are locked and have a row, whether their books differ."""
    shops, customers = [one.shop for one in found], [one.customer for one in found]
    await conn.execute(_MARK, shops, generation.tolist(), customers, list(odd))
