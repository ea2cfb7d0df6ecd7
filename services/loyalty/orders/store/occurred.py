"""What happened, for questions: orders and interactions of whole customers, as they are known now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.loyalty.earning import Context, Purchase
from services.loyalty.orders.domain.granting import Kept
from services.loyalty.orders.domain.occasion import Key, Kind, purchase_of
from services.loyalty.orders.store.occasions import kept_of, refunds_of
from shared.db import Reads

# In the order of the index on (shop, customer, first_at), so that a limit ends the walk. Ids of customers are drawn at
# random: the first of them are a fair sample.
_SINCE = """
SELECT shop, kind, id, customer, first_at, last_at, content_at, delivered_at, revenue, points, status, currency,
       content_id, detail, granted
FROM occasion
WHERE shop = $1 AND customer > 0 AND first_at >= $2 AND (NOT $4::boolean OR through > 0)
ORDER BY customer, first_at, kind, id LIMIT $3
"""


_ONE = """
SELECT shop, kind, id, customer, first_at, last_at, content_at, delivered_at, revenue, points, status, currency,
       content_id, detail, granted
FROM occasion WHERE shop = $1 AND kind = $2 AND id = $3
"""


class Occurred(NamedTuple):
    """An order or an interaction of a customer."""

    customer: int
    purchase: Purchase
    context: Context | None
    """What it was judged by; None: it never was."""
    points: int
    """That stand for it."""


async def occurred_since(
    reads: Reads, shop: int, since: datetime, limit: int, *, judged: bool = False
) -> list[Occurred]:
    """At most so many since an instant, by customer and time. `judged`: those only that a membership earned by."""
    rows = await reads.fetch(_SINCE, shop, since, limit, judged)
    orders = [Key(shop, Kind.ORDER, row["id"]) for row in rows if row["kind"] == Kind.ORDER]
    refunds = await refunds_of(reads, orders)
    found: list[Occurred] = []
    for row in rows:
        key = Key(shop, Kind(row["kind"]), row["id"])
        kept = kept_of(row, refunds.get(key, {}))
        purchase = purchase_of(key, kept.known)
        if purchase is not None:
            context = None if kept.grant is None else kept.grant.context
            found.append(Occurred(row["customer"], purchase, context, row["points"]))
    return found


async def load_one(reads: Reads, key: Key) -> Kept | None:
    """What is known of an occasion, and what it was given."""
    row = await reads.fetchrow(_ONE, key.shop, int(key.kind), key.id)
    if row is None:
        return None
    refunds = await refunds_of(reads, [key] if key.kind is Kind.ORDER else [])
    return kept_of(row, refunds.get(key, {}))
