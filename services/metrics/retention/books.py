"""Retention on basis `booked`: what is restated and by how much the books differ, from counters or by a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from services.metrics.counters import BOOKED, CounterSet, Line, Measure, Sums, sums_until
from services.metrics.orders import Differences, differences_at
from services.metrics.retention.domain.figures import (
    RETURN_DAYS,
    Asked,
    Counts,
    Customers,
    ReturnRate,
    Trade,
    return_rate,
)
from shared.db import Reads


class _Sums(NamedTuple):
    """Prefix sums over the same days."""

    days: Sequence[int]
    lines: dict[str, Sums]

    def at(self, name: str, day: int) -> int:
        """What had been counted by the end of a day."""
        return int(self.lines[name][int(np.searchsorted(self.days, day))])


@dataclass(frozen=True, slots=True)
class Books:
    """A question to the books."""

    counters: CounterSet
    asked: Asked
    is_counted: bool
    """Whether counters have the differences of customers; otherwise orders of odd customers are scanned."""

    async def counts_at(self, reads: Reads, at: Sequence[int], restated: Sequence[Counts]) -> list[Counts]:
        """Counts on each day of `at` (rising, distinct ordinals), from those that are restated."""
        sums = await self._sums(reads, at)
        differing = [self._differences(sums, day) for day in at] if self.is_counted else await self._scanned(reads, at)
        return [
            Counts(_customers(counts.customers, differs), self._trade(sums, day, counts.trade, differs.covering))
            for day, counts, differs in zip(at, restated, differing, strict=True)
        ]

    async def _sums(self, reads: Reads, at: Sequence[int]) -> _Sums:
        asked, eve = self.asked, at[0] - self.asked.window
        lines = {
            "firsts": Line(Measure.FIRSTS),
            "lifetime": Line(Measure.AT_LEAST, 0, gaps=(1, 1), basis=BOOKED),
            "lifetime_repeat": Line(Measure.AT_LEAST, 0, gaps=(2, 2), basis=BOOKED),
            "orders": Line(Measure.ORDERS, currency=asked.currency, after=eve, basis=BOOKED),
            "revenue": Line(Measure.REVENUE, currency=asked.currency, after=eve, basis=BOOKED),
            "all_orders": Line(Measure.ORDERS, currency=None, after=eve, basis=BOOKED),
            "guest_orders": Line(Measure.GUEST_ORDERS, currency=None, after=eve, basis=BOOKED),
        }
        if self.is_counted:
            lines |= self._customer_lines()
        backs = (0, asked.period, asked.window, _reach(asked))
        days = sorted({day - back for day in at for back in backs})
        found = await sums_until(reads, self.counters, list(lines.values()), days)
        return _Sums(days, dict(zip(lines, found, strict=True)))

    def _customer_lines(self) -> dict[str, Line]:
        window, period, least = self.asked.window, self.asked.period, self.asked.loyal_over + 1
        return {
            "held": Line(Measure.AT_LEAST, window, gaps=(1, 1), basis=BOOKED),
            "repeat": Line(Measure.AT_LEAST, window, gaps=(2, 2), basis=BOOKED),
            "loyal": Line(Measure.AT_LEAST, window, gaps=(least, least), basis=BOOKED),
            "lost": Line(Measure.PERIOD_LOST, window, gaps=(period, period), basis=BOOKED),
            "new": Line(Measure.PERIOD_NEW, window, gaps=(period, period), basis=BOOKED),
            "covering": Line(Measure.RETURN_OLD, _reach(self.asked), basis=BOOKED),
        }

    def _differences(self, sums: _Sums, day: int) -> Differences:
        held, start = sums.at("held", day), sums.at("held", day - self.asked.period)
        lost = sums.at("lost", day)
        return Differences(
            held=held,
            start=start,
            joined=held - start + lost,
            new=sums.at("new", day),
            lost=lost,
            repeat=sums.at("repeat", day),
            loyal=sums.at("loyal", day),
            covering=sums.at("covering", day),
        )

    async def _scanned(self, reads: Reads, at: Sequence[int]) -> list[Differences]:
        asked, own = self.asked, (self.counters.shop, self.counters.generation)
        return await differences_at(
            reads, *own, at, window=asked.window, period=asked.period, least=asked.loyal_over + 1
        )

    def _trade(self, sums: _Sums, day: int, restated: Trade, covering: int) -> Trade:
        def inside(name: str) -> int:
            return sums.at(name, day) - sums.at(name, day - self.asked.window)

        # Old enough by the books: somebody's first order that stands in them at the day.
        eldest = day - _reach(self.asked)
        return Trade(
            lifetime_customers=restated.lifetime_customers + sums.at("lifetime", day),
            lifetime_repeat=restated.lifetime_repeat + sums.at("lifetime_repeat", day),
            customer_orders=restated.customer_orders + inside("all_orders") - inside("guest_orders"),
            orders=restated.orders + inside("orders"),
            revenue=restated.revenue + inside("revenue"),
            first_day=eldest if sums.at("firsts", eldest) + covering > 0 else None,
        )


def _reach(asked: Asked) -> int:
    """How many days ago an order was placed that makes an answer mature."""
    return asked.window + asked.period - 1


def _customers(restated: Customers, differs: Differences) -> Customers:
    return Customers(
        held=restated.held + differs.held,
        start=restated.start + differs.start,
        joined=restated.joined + differs.joined,
        new=restated.new + differs.new,
        lost=restated.lost + differs.lost,
        repeat=restated.repeat + differs.repeat,
        loyal=restated.loyal + differs.loyal,
    )


async def booked_return_rates_at(
    reads: Reads, counters: CounterSet, at: int, restated: Sequence[ReturnRate]
) -> list[ReturnRate]:
    """Return rates by the orders that stand in the books on a day, from those that are restated."""
    measures = (Measure.RETURN_OLD, Measure.RETURN_BACK)
    lines = [Line(measure, days, basis=BOOKED) for days in RETURN_DAYS for measure in measures]
    found = [int(sums[0]) for sums in await sums_until(reads, counters, lines, [at])]
    return [
        return_rate(rate.days, rate.customers + old, rate.returned + back)
        for rate, old, back in zip(restated, found[0::2], found[1::2], strict=True)
    ]
