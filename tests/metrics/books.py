"""The books of a shop, read from all its events at once, day by day: what they said at D, and nothing cleverer.

An order is judged anew after each of its events, in the order in which they are booked, by the rules of `streams`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import UNSET
from persiantools.jdatetime import JalaliDate

from services.metrics.retention.domain.figures import Asked, Counts, Customers, Trade
from shared.contracts.envelope import Envelope
from shared.contracts.orders import OrderCancelled
from shared.contracts.shops import Shop
from tests.metrics.streams import judge

Cell = tuple[int, int, int]
"""Customers, orders, revenue."""


def month_of(day: int, calendar: str) -> int:
    """Index of the month of an ordinal."""
    if calendar == "jalali":
        jalali = JalaliDate(date.fromordinal(day))
        return jalali.year * 12 + jalali.month - 1
    when = date.fromordinal(day)
    return when.year * 12 + when.month - 1


def booked_day(event: Envelope, shop: Shop) -> int:
    """The day on which an event is booked: by walking from its own day to the end of its month."""
    zone = ZoneInfo(shop.zone)
    day = event.time.astimezone(zone).date().toordinal()
    if event.receivedat is UNSET:
        return day
    received = event.receivedat.astimezone(zone).date().toordinal()
    last = day
    while month_of(last + 1, shop.calendar) == month_of(day, shop.calendar):
        last += 1
    return received if received > last + shop.closing_days else day


class Said(NamedTuple):
    """What the books say of an order from a day on, until they say something else."""

    day: int
    customer: int | None
    """None: that it does not stand in them."""
    start: int = 0
    currency: str = ""
    net: int = 0


@dataclass
class Books:
    """All orders of a shop, each with what was said of it, in order."""

    shop: Shop
    orders: dict[str, list[Said]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Envelope], shop: Shop) -> Books:
        """From events in any order, repeats included."""
        told: dict[str, dict[str, Envelope]] = defaultdict(dict)
        for event in events:
            if event.shop == shop.slug:
                known = told[event.data.order_id].get(event.id)  # type: ignore[attr-defined]  # the union's members each have data of their own
                if known is None:
                    told[event.data.order_id][event.id] = event  # type: ignore[attr-defined]  # the same
        return cls(shop, {order: _said(list(own.values()), shop) for order, own in told.items()})

    def standing(self, day: int) -> list[Said]:
        """What stands at the end of a day."""
        found = []
        for said in self.orders.values():
            last = [one for one in said if one.day <= day][-1:]
            found += [one for one in last if one.customer is not None]
        return found

    def starts(self, day: int) -> dict[int, list[int]]:
        """By customer: the days on which their standing orders count, rising."""
        found: dict[int, list[int]] = defaultdict(list)
        for one in self.standing(day):
            if one.customer:
                found[one.customer].append(one.start)
        return {customer: sorted(starts) for customer, starts in found.items()}

    def entries(self) -> Iterable[tuple[int, int, str, int, int]]:
        """(day, customer, currency, orders, revenue) of each change of an order."""
        for said in self.orders.values():
            before = None
            for one in said:
                if before is not None and before.customer is not None:
                    yield one.day, before.customer, before.currency, -1, -before.net
                if one.customer is not None:
                    yield one.day, one.customer, one.currency, 1, one.net
                before = one

    def first_starts(self) -> dict[int, int]:
        """By customer: the first day at whose end an order of theirs stood, as long as it began then or before."""
        found: dict[int, int] = {}
        days = sorted({one.day for said in self.orders.values() for one in said})
        for day in days:
            for customer, starts in self.starts(day).items():
                found[customer] = min(found.get(customer, starts[0]), starts[0])
        return found

    def counts(self, asked: Asked, day: int) -> Counts:
        """The whole numbers of an answer."""
        window, eve = asked.window, day - asked.period
        now, then = self.starts(day), self.starts(eve)
        inside = {who: sum(start > day - window for start in starts) for who, starts in now.items()}
        held = {who for who, orders in inside.items() if orders}
        start = {who for who, starts in then.items() if any(one > eve - window for one in starts)}
        posted = [one for one in self.entries() if day - window < one[0] <= day]
        in_money = [one for one in posted if one[2] == asked.currency]
        reach = day - window - asked.period + 1
        customers = Customers(
            held=len(held),
            start=len(start),
            joined=len(held - start),
            new=sum(1 for who in held - start if now[who][0] > eve),
            lost=len(start - held),
            repeat=sum(orders >= 2 for orders in inside.values()),
            loyal=sum(orders > asked.loyal_over for orders in inside.values()),
        )
        trade = Trade(
            lifetime_customers=len(now),
            lifetime_repeat=sum(len(starts) >= 2 for starts in now.values()),
            customer_orders=sum(orders for _, who, _, orders, _ in posted if who),
            orders=sum(orders for _, _, _, orders, _ in in_money),
            revenue=sum(revenue for *_, revenue in in_money),
            first_day=reach if any(starts[0] <= reach for starts in now.values()) else None,
        )
        return Counts(customers, trade)

    def returns(self, within: int, day: int) -> tuple[int, int]:
        """(customers whose first order is so old, those of them who came back in time)."""
        distinct = [sorted(set(starts)) for starts in self.starts(day).values()]
        old = [starts for starts in distinct if starts[0] <= day - within]
        return len(old), sum(1 for starts in old if len(starts) > 1 and starts[1] - starts[0] <= within)

    def cohorts(self, currency: str) -> tuple[dict[int, int], dict[tuple[int, int], Cell]]:
        """(size of each cohort, cells by cohort and month), as of the end of time."""
        calendar, firsts = self.shop.calendar, self.first_starts()
        cohort = {who: month_of(day, calendar) for who, day in firsts.items()}
        sizes: dict[int, int] = defaultdict(int)
        for month in cohort.values():
            sizes[month] += 1
        seen: set[tuple[int, int, int]] = set()
        for month, last in self._months():
            for who, starts in self.starts(last).items():
                if any(month_of(start, calendar) == month for start in starts):
                    seen.add((cohort[who], month, who))
        cells: dict[tuple[int, int], Cell] = defaultdict(lambda: (0, 0, 0))
        for first, month, _ in seen:
            cells[first, month] = (cells[first, month][0] + 1, 0, 0)
        for day, who, money, orders, revenue in self.entries():
            if who in cohort and money == currency:
                key = cohort[who], month_of(day, calendar)
                customers, ordered, spent = cells[key]
                cells[key] = customers, ordered + orders, spent + revenue
        return dict(sizes), {key: cell for key, cell in cells.items() if any(cell)}

    def _months(self) -> Iterable[tuple[int, int]]:
        """(month, its last day) from the first day of the books to their last."""
        days = [one.day for said in self.orders.values() for one in said]
        if not days:
            return
        day, last = min(days), max(days)
        while day <= last + 31:
            month = month_of(day, self.shop.calendar)
            while month_of(day + 1, self.shop.calendar) == month:
                day += 1
            yield month, day
            day += 1


def closes_on(day: int, shop: Shop) -> int:
    """The last day on which something may still be received that counts on `day`."""
    last = day
    while month_of(last + 1, shop.calendar) == month_of(day, shop.calendar):
        last += 1
    return last + shop.closing_days


def _said(events: list[Envelope], shop: Shop) -> list[Said]:
    order = sorted(
        events, key=lambda event: (booked_day(event, shop), event.time, not isinstance(event, OrderCancelled), event.id)
    )
    found: list[Said] = []
    for at, event in enumerate(order):
        day, fact = booked_day(event, shop), judge(order[: at + 1], ZoneInfo(shop.zone))
        before = found[-1] if found else Said(day, None)
        if fact is None:
            found.append(Said(day, None))
        else:
            start = before.start if before.customer == fact.customer else day
            found.append(Said(day, fact.customer, start, fact.currency, fact.net))
    return found


__all__ = ["Books", "Said", "booked_day", "closes_on", "month_of"]
