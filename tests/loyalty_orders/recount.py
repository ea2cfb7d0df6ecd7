"""What should stand in the end, from all events at once: no batches, no tables, no ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from services.loyalty.earning import Context, entitlement
from services.loyalty.orders.domain.occasion import Key, Kind, Known, joined, purchase_of
from services.loyalty.orders.events import Heard, read_orders
from services.loyalty.programmes import Programme
from shared.contracts.envelope import Envelope
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery
from tests.loyalty_orders.ground import FLAT, NOW


def points_by_account(
    events: Iterable[Envelope], shops: Iterable[Shop], programme: Programme = FLAT
) -> dict[tuple[int, int], int]:
    """Points of each account that has any: every order judged once, with all that is ever told of it."""
    numbers = {shop.slug: shop.number for shop in shops}
    known: dict[Key, list[Known]] = defaultdict(list)
    for one in events:
        heard = Heard(0, Delivery(one, "orders.v1", 0, 0, 0, b""))
        for key, told in read_orders([heard], numbers, NOW, _refuse).told.items():
            known[key].append(told.known)
    found: dict[tuple[int, int], int] = defaultdict(int)
    for key, parts in known.items():
        whole = reduce(joined, parts)
        purchase = purchase_of(key, whole)
        if purchase is not None and whole.content is not None and whole.content.customer:
            context = Context(version=1, zone="UTC")
            found[key.shop, whole.content.customer] += entitlement(purchase, programme, context).points
    return {who: points for who, points in found.items() if points}


def _refuse(*_why: Any) -> None:
    raise AssertionError("nothing of this is wrong")


__all__ = ["Kind", "Mapping", "points_by_account"]
