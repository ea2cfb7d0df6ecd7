"""What really happened, as the slice `orders` keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.loyalty.earning import Context
from services.loyalty.orders import Occurred, occurred_since
from services.loyalty.trials.domain import Happened
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import CustomerId


class Found(NamedTuple):
    """Sorted by customer and time."""

    happened: list[Happened]
    last: CustomerId | None
    """The last customer who was looked at; None: all were."""


async def happened_since(reads: Reads, shop: Shop, since: datetime, limit: int, *, members: bool) -> Found:
    """At most so many orders and interactions since an instant, of whole customers, in the order of their ids."""
    rows = await occurred_since(reads, shop.number, since, limit + 1, judged=members)
    if len(rows) <= limit:
        return Found(_happened(rows, shop), None)
    # The last customer may have more than was read.
    last = rows[-1].customer
    kept = [row for row in rows if row.customer != last]
    return Found(_happened(kept, shop), CustomerId(kept[-1].customer) if kept else CustomerId(last))


def _happened(rows: list[Occurred], shop: Shop) -> list[Happened]:
    found: list[Happened] = []
    numbers: dict[tuple[int, str], int] = {}
    for row in rows:
        key = row.customer, row.purchase.interaction
        numbers[key] = numbers.get(key, 0) + 1
        context = row.context or Context(version=0, zone=shop.zone, number=numbers[key])
        found.append(Happened(row.customer, row.purchase, context, row.points))
    return found
