"""Retention read from counters: a few ranges of one table in one statement, whatever the number of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.metrics.counters import CounterSet, Line, Measure, first_day_of, sums_until
from services.metrics.orders import customers_at
from services.metrics.retention.domain.counts import (
    CustomerSums,
    TradeSums,
    customers_of,
    days_to_sum,
    trade_of,
)
from services.metrics.retention.domain.figures import RETURN_DAYS, Asked, Counts, Customers, ReturnRate, return_rate
from shared.db import Reads


async def counts_at(reads: Reads, counters: CounterSet, asked: Asked, at: Sequence[int]) -> list[Counts]:
    """Counts on each day of `at` (rising, distinct ordinals), from counters alone.

    Only for what is counted: a configured window, a period not longer than it, a configured number of loyal orders.
    """
    days = days_to_sum(at, asked)
    trade_lines, customer_lines = lines_of_trade(asked, at[0]), lines_of_customers(asked, at[0])
    lines = trade_lines | customer_lines
    sums = dict(zip(lines, await sums_until(reads, counters, list(lines.values()), days), strict=True))
    first_day = await first_day_of(reads, counters, Measure.FIRSTS)
    trade = trade_of(TradeSums(**{name: sums[name] for name in trade_lines}), days, at, asked, first_day)
    customers = customers_of(CustomerSums(**{name: sums[name] for name in customer_lines}), days, at, asked)
    return [Counts(*both) for both in zip(customers, trade, strict=True)]


async def scanned_counts_at(reads: Reads, counters: CounterSet, asked: Asked, at: Sequence[int]) -> list[Counts]:
    """Counts for any window, any period and any number of loyal orders: customers are counted one by one."""
    days = days_to_sum(at, asked)
    lines = lines_of_trade(asked, at[0])
    sums = await sums_until(reads, counters, list(lines.values()), days)
    first_day = await first_day_of(reads, counters, Measure.FIRSTS)
    trade = trade_of(TradeSums(**dict(zip(lines, sums, strict=True))), days, at, asked, first_day)
    rows = await customers_at(
        reads, counters.shop, at, window=asked.window, period=asked.period, least=asked.loyal_over + 1
    )
    return [Counts(Customers(*row), of) for row, of in zip(rows, trade, strict=True)]


def lines_of_trade(asked: Asked, first: int) -> dict[str, Line]:
    """The lines behind `TradeSums` for days from `first` on, by field."""
    eve = first - asked.window  # what came before cancels out, so it is not read
    return {
        "firsts": Line(Measure.FIRSTS),
        "lifetime_repeat": Line(Measure.AT_LEAST, 0, gaps=(2, 2)),
        "orders": Line(Measure.ORDERS, currency=asked.currency, after=eve),
        "revenue": Line(Measure.REVENUE, currency=asked.currency, after=eve),
        "all_orders": Line(Measure.ORDERS, currency=None, after=eve),
        "guest_orders": Line(Measure.GUEST_ORDERS, currency=None, after=eve),
    }


def lines_of_customers(asked: Asked, first: int) -> dict[str, Line]:
    """The lines behind `CustomerSums` for days from `first` on, by field."""
    window, period, least = asked.window, asked.period, asked.loyal_over + 1
    # Restarts before the first period have no effect on it, so they are not read.
    restarts = Line(Measure.RESTARTS, window, gaps=(1, period - 1), after=first - period)
    lines = {
        "firsts": Line(Measure.FIRSTS),
        "ends": Line(Measure.ENDS, window),
        "back": Line(Measure.BACK, window),
        "restarts": restarts,
        "restarts_over": replace(restarts, delay=period),
        "repeat": Line(Measure.AT_LEAST, window, gaps=(2, 2)),
    }
    if least > 1:  # everybody held has one order or more
        lines["loyal"] = Line(Measure.AT_LEAST, window, gaps=(least, least))
    return lines


async def return_rates_at(reads: Reads, counters: CounterSet, at: int) -> list[ReturnRate]:
    """Return rates of everybody whose first order is old enough, for each of RETURN_DAYS."""
    days = sorted(at - age for age in RETURN_DAYS)
    lines = [Line(Measure.FIRSTS), *(Line(Measure.RETURNED, age) for age in RETURN_DAYS)]
    firsts, *returned = await sums_until(reads, counters, lines, days)
    return [
        return_rate(age, int(firsts[days.index(at - age)]), int(sums[days.index(at - age)]))
        for age, sums in zip(RETURN_DAYS, returned, strict=True)
    ]
