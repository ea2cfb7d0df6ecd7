"""The books: what stood in them at the end of any day, as it had been taken down by then.

An event is booked on the day it occurred, or on the day it was received if that month had closed. An order stands in
the books in spells: from the booked day of what made it count to that of what made it count no more. Money moves by
postings on their own days. Measures are counted over all of it, by plain loops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from mandegar.recount.calendars import month_start, months_between, next_month
from mandegar.recount.measures import CohortCell, Purchase, mean, ratio


class Spell(NamedTuple):
    """An order counts at the end of each day D with start <= D < end; without `end` to this day."""

    shop: str
    order_id: str
    customer: str | None
    start: date
    end: date | None


class Posting(NamedTuple):
    """Orders and money that were added, or taken away, on a day."""

    shop: str
    order_id: str
    customer: str | None
    day: date
    currency: str
    orders: int
    revenue: int


class Books:
    """Spells and postings of all shops, and the questions that can be asked of them."""

    def __init__(self, calendars: Mapping[str, str] | None = None) -> None:
        """`calendars`: of each shop; Gregorian where none is named."""
        self.calendars = dict(calendars or {})
        self.spells: list[Spell] = []
        self.postings: list[Posting] = []

    @classmethod
    def restated(cls, purchases: Iterable[Purchase], calendars: Mapping[str, str] | None = None) -> Books:
        """Books as they would be if all had been known at once: the other basis, by the same questions."""
        books = cls(calendars)
        for at, (shop, customer, day, currency, net) in enumerate(purchases):
            books.stand(Spell(shop, str(at), customer, day, None))
            books.post(Posting(shop, str(at), customer, day, currency, 1, net))
        return books

    def stand(self, spell: Spell) -> None:
        """Note a spell; one that ends on the day it begins leaves nothing to see at the end of any day."""
        if spell.end is None or spell.end > spell.start:
            self.spells.append(spell)

    def post(self, posting: Posting) -> None:
        """Note a posting."""
        self.postings.append(posting)

    def alive(self, shop: str, as_of: date) -> dict[str, list[date]]:
        """Customers with orders that stood in the books at the end of the day, and when each began to stand."""
        found: dict[str, list[date]] = defaultdict(list)
        for spell in self.spells:
            if spell.shop != shop or spell.customer is None:
                continue
            if spell.start <= as_of and (spell.end is None or as_of < spell.end):
                found[spell.customer].append(spell.start)
        return {customer: sorted(starts) for customer, starts in found.items()}

    def customers(
        self, shop: str, as_of: date, *, window: int, period: int, loyal_over: int = 4
    ) -> dict[str, set[str]]:
        """Who is behind each number of `retention`: held, repeat, loyal, start, new, won_back, lost, lifetime."""
        before, opening = as_of - timedelta(days=period), as_of - timedelta(days=window)
        alive = self.alive(shop, as_of)
        inside = {who: [start for start in starts if start > opening] for who, starts in alive.items()}
        earlier = before - timedelta(days=window)
        held = {who for who, starts in inside.items() if starts}
        start = {who for who, starts in self.alive(shop, before).items() if any(day > earlier for day in starts)}
        new = {who for who in held - start if min(alive[who]) > before}
        return {
            "held": held,
            "repeat": {who for who, starts in inside.items() if len(starts) >= 2},
            "loyal": {who for who, starts in inside.items() if len(starts) > loyal_over},
            "start": start,
            "new": new,
            "won_back": held - start - new,
            "lost": start - held,
            "lifetime": set(alive),
            "lifetime_repeat": {who for who, starts in alive.items() if len(starts) >= 2},
        }

    def retention(
        self, shop: str, as_of: date, *, window: int, period: int, loyal_over: int = 4, currency: str
    ) -> dict[str, Any]:
        """The fields of `Recount.retention`, as the books stood at the end of the day."""
        behind = self.customers(shop, as_of, window=window, period=period, loyal_over=loyal_over)
        count = {name: len(people) for name, people in behind.items()}
        opening = as_of - timedelta(days=window)
        posted = [one for one in self.postings if one.shop == shop and opening < one.day <= as_of]
        orders = sum(one.orders for one in posted if one.currency == currency)
        revenue = sum(one.revenue for one in posted if one.currency == currency)
        own_orders = sum(one.orders for one in posted if one.customer is not None)
        first_day = min((starts[0] for starts in self.alive(shop, as_of).values()), default=None)
        return {
            "as_of": as_of.isoformat(),
            "window_days": window,
            "period_days": period,
            "currency": currency,
            "held": count["held"],
            "repeat": count["repeat"],
            "loyal": count["loyal"],
            "rpr": ratio(count["repeat"], count["held"]),
            "rpr_all": ratio(count["repeat"], count["lifetime"]),
            "lcr": ratio(count["loyal"], count["held"]),
            "orders": orders,
            "revenue": {"amount": revenue, "currency": currency},
            "aov": mean(revenue, orders, currency),
            "frequency": ratio(own_orders, count["held"]),
            "lifetime_customers": count["lifetime"],
            "lifetime_rpr": ratio(count["lifetime_repeat"], count["lifetime"]),
            "start": count["start"],
            "end": count["held"],
            "new": count["new"],
            "won_back": count["won_back"],
            "lost": count["lost"],
            "crr": ratio(len(behind["held"] & behind["start"]), count["start"]),
            "churn": ratio(count["lost"], count["start"]),
            "mature": first_day is not None and first_day <= as_of - timedelta(days=window + period - 1),
        }

    def return_rate(self, shop: str, as_of: date, *, days: int) -> dict[str, Any]:
        """Of customers whose first order that stands is at least `days` old: how many bought again within them."""
        reach = timedelta(days=days)
        old = [starts for starts in self.alive(shop, as_of).values() if starts[0] <= as_of - reach]
        returned = sum(any(starts[0] < day <= starts[0] + reach for day in starts) for starts in old)
        return {"days": days, "customers": len(old), "returned": returned, "rate": ratio(returned, len(old))}

    def cohorts(self, shop: str, as_of: date, *, currency: str) -> list[CohortCell]:
        """Cells by month of a customer's first start and month: who ordered in it, and what was posted in it.

        The first start is the first ever, whatever has become of that order since, so a customer's cohort never moves.
        In a month counts whose order of that month stood at its end (in the month of the day: at the day). Orders and
        revenue are those posted in the month. So what is in a month that has closed stays as it is. Cells without any
        customer, order and money are left out; `cohort` is the first day of a month of the shop's calendar.
        """
        calendar = self.calendars.get(shop, "gregorian")
        firsts: dict[str, date] = {}
        people: dict[tuple[date, date], set[str]] = defaultdict(set)
        money: dict[tuple[date, date], list[int]] = defaultdict(lambda: [0, 0])
        begun = [spell for spell in self.spells if spell.shop == shop and spell.customer and spell.start <= as_of]
        for spell in begun:
            assert spell.customer is not None, "guests are left out above"
            firsts[spell.customer] = min(spell.start, firsts.get(spell.customer, spell.start))
        cohort = {who: month_start(start, calendar) for who, start in firsts.items()}
        for spell in begun:
            assert spell.customer is not None, "guests are left out above"
            month = month_start(spell.start, calendar)
            seen_at = min(as_of, next_month(month, calendar) - timedelta(days=1))
            if spell.end is None or seen_at < spell.end:
                people[cohort[spell.customer], month].add(spell.customer)
        for one in self.postings:
            if one.shop == shop and one.day <= as_of and one.currency == currency and one.customer in cohort:
                cell = money[cohort[one.customer], month_start(one.day, calendar)]
                cell[0] += one.orders
                cell[1] += one.revenue
        return [
            CohortCell(first, months_between(first, month, calendar), len(people[first, month]), *money[first, month])
            for first, month in sorted({*people, *money})
            if people[first, month] or any(money[first, month])
        ]
