"""What a shop on the clock of the stream froze, and when: its figures by partition and day, from events as they came.

The events of `orders.v1` are taken in one by one. At each word of a new day in a partition, the gaps of all customers
of that partition are counted, as they stand by what has come until then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from mandegar.recount.events import Order, gather, judge
from mandegar.recount.measures import Purchase
from mandegar.recount.reading import ShopRules, read
from mandegar.recount.stages import ShopGaps, nearest_rank


def frozen_as_it_came(
    arrived: Iterable[tuple[int, bytes]],
    shop: str,
    rules: ShopRules,
    quantile: int,
    *,
    partition_of: Callable[[str], int],
    now: datetime,
) -> dict[int, dict[int, ShopGaps]]:
    """By partition, what was in force from the start of which day on. `arrived`: (partition, event) of `orders.v1`.

    `partition_of` says where the events of a customer lie. An event that lies elsewhere (a refund that names nobody)
    is taken in all the same, when it comes; a service may learn of it a little earlier or later.
    """
    zone = ZoneInfo(rules.zone)
    orders: dict[str, Order] = defaultdict(Order)
    counted: dict[str, Purchase] = {}
    place = cache(partition_of)
    seen: set[str] = set()
    frozen: dict[int, dict[int, ShopGaps]] = defaultdict(dict)
    for partition, value in arrived:
        until = _clock(value, shop)
        if until is not None:
            day = until.astimezone(zone).date()
            if day.toordinal() > next(reversed(frozen[partition]), 0):
                there = (one for one in counted.values() if one.customer and place(one.customer) == partition)
                frozen[partition][day.toordinal()] = _figure(there, quantile)
            continue
        event = read(value, {shop: rules}, now)
        if event is None or event.event_id in seen:
            continue
        seen.add(event.event_id)
        order_id = str(event.data["order_id"])
        gather(orders[order_id], event)
        purchase = judge(shop, rules, orders[order_id])
        if purchase is None:
            counted.pop(order_id, None)
        else:
            counted[order_id] = purchase
    return dict(frozen)


def _clock(value: bytes, shop: str) -> datetime | None:
    event = json.loads(value)
    if event["type"] != "clock.advanced" or event["shop"] != shop:
        return None
    return datetime.fromisoformat(event["data"]["until"])


def _figure(purchases: Iterable[Purchase], quantile: int) -> ShopGaps:
    days: dict[str | None, set[date]] = defaultdict(set)
    for purchase in purchases:
        days[purchase.customer].add(purchase.day)
    gaps, firsts = [], []
    for own in days.values():
        distances = [(after - before).days for before, after in pairwise(sorted(own))]
        gaps += distances
        firsts += distances[:1]
    gaps.sort()
    firsts.sort()
    return ShopGaps(len(gaps), nearest_rank(gaps, quantile), len(firsts), nearest_rank(firsts, quantile))
