"""Which figure of their partition each customer met on each order day, from a topic as it lies.

For streams in which each order is completed once and a customer's orders come in order. Between partitions a stream is
not in order: whoever hands it on puts word of a new day behind all that occurred before it, but orders of that day and
of the next ones may lie before it, and meet the figure of an earlier day. Standard library only.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from mandegar.recount.crowds import InForce
from mandegar.recount.stages import ShopGaps


class _Partition:
    """The gaps of the customers of one partition, by length, and what was frozen of them last."""

    def __init__(self) -> None:
        self.day = 0
        self.frozen: tuple[ShopGaps, int | None] = (ShopGaps(), None)
        self._gaps: Counter[int] = Counter()
        self._first_gaps: Counter[int] = Counter()
        self._last: dict[str, tuple[int, int]] = {}

    def begins(self, day: int, percent: int) -> None:
        """Word of a day: the first of it counts."""
        if day <= self.day:
            return
        all_gaps, firsts = _figure(self._gaps, percent), _figure(self._first_gaps, percent)
        self.day, self.frozen = day, (ShopGaps(*all_gaps, *firsts), day)

    def order(self, customer: str, day: int) -> None:
        """An order that counts."""
        last, number = self._last.get(customer, (day, 0))
        if day > last:
            self._gaps[day - last] += 1
            self._first_gaps[day - last] += number == 1
        if day > last or number == 0:
            self._last[customer] = day, number + 1


def figures_met(entries: Iterable[tuple[int, bytes]], shop: str, zone: str, percent: int) -> InForce:
    """The figure in force at each order day of each customer.

    `entries`: (partition, event) of `orders.v1`, each partition in its order.
    """
    local, seen = ZoneInfo(zone), set[str]()
    partitions: dict[int, _Partition] = defaultdict(_Partition)
    met: dict[str, dict[int, tuple[ShopGaps, int | None]]] = defaultdict(dict)
    for partition, value in entries:
        event = json.loads(value)
        if event["shop"] != shop or event["id"] in seen:
            continue
        seen.add(event["id"])
        there = partitions[partition]
        if event["type"] == "clock.advanced":
            there.begins(_day(event["data"]["until"], local), percent)
        elif event["type"] == "order.completed" and event["data"].get("customer"):
            customer, day = event["data"]["customer"], _day(event["time"], local)
            there.order(customer, day)
            met[customer].setdefault(day, there.frozen)
    return met


def _day(text: str, zone: ZoneInfo) -> int:
    return datetime.fromisoformat(text).astimezone(zone).toordinal()


def _figure(counts: Counter[int], percent: int) -> tuple[int, int | None]:
    total = sum(counts.values())
    rank = -(-percent * total // 100)
    for gap in sorted(counts):
        rank -= counts[gap]
        if counts[gap] and rank <= 0:
            return total, gap
    return total, None
