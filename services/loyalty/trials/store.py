"""What really happened, as the slice `orders` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.loyalty.earning import Context
from services.loyalty.orders import Occurred, occurred_since
from services.loyalty.segments import Change, before, changes_of
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
    last = rows[-1].customer if len(rows) > limit else None
    if last is not None:  # the last customer may have more than was read
        rows = [row for row in rows if row.customer != last]
        last = rows[-1].customer if rows else last
    belonging = await changes_of(reads, {(shop.number, row.customer) for row in rows})
    return Found(_happened(rows, shop, belonging), None if last is None else CustomerId(last))


def _happened(rows: list[Occurred], shop: Shop, belonging: Mapping[tuple[int, int], list[Change]]) -> list[Happened]:
    """A draft may ask for other segments than the version did that an order was judged by: they are looked up."""
    found: list[Happened] = []
    numbers: dict[tuple[int, str], int] = {}
    for row in rows:
        key = row.customer, row.purchase.interaction
        numbers[key] = numbers.get(key, 0) + 1
        context = row.context or Context(version=0, zone=shop.zone, number=numbers[key])
        instant = None if shop.clock == "stream" else row.purchase.at
        segments = before(belonging.get((shop.number, row.customer), ()), instant) | set(context.segments)
        context = msgspec.structs.replace(context, segments=tuple(sorted(segments)))
        found.append(Happened(row.customer, row.purchase, context, row.points))
    return found
