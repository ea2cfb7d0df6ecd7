"""Retention read from counters: a few ranges of one table in one statement, whatever the number of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.metrics.counters import CounterSet, Line, Measure, first_day_of, sums_until
from services.metrics.retention.domain_counts import RetentionSums, counts_of, days_to_sum
from services.metrics.retention.domain_figures import RETURN_DAYS, Asked, Counts, ReturnRate, return_rate
from shared.db import Reads


async def counts_at(reads: Reads, counters: CounterSet, asked: Asked, at: Sequence[int]) -> list[Counts]:
    """Counts on each day of `at` (rising, distinct ordinals).

    Only for what is counted: a configured window, a period not longer than it, a configured number of loyal orders.
    """
    days = days_to_sum(at, asked.window, asked.period)
    lines = lines_of(asked, at[0])
    sums = await sums_until(reads, counters, list(lines.values()), days)
    first_day = await first_day_of(reads, counters, Measure.FIRSTS)
    history = RetentionSums(days=days, first_day=first_day, **dict(zip(lines, sums, strict=True)))
    return counts_of(history, at, asked)


def lines_of(asked: Asked, first: int) -> dict[str, Line]:
    """The lines to read for days from `first` on, named as in `RetentionSums`."""
    window, period, currency = asked.window, asked.period, asked.currency
    # Restarts before the first period, and orders before the first window, cancel out: they are not read.
    restarts = Line(Measure.RESTARTS, window, gaps=(1, period - 1), after=first - period)
    eve = first - window
    lines = {
        "firsts": Line(Measure.FIRSTS),
        "ends": Line(Measure.ENDS, window),
        "back": Line(Measure.BACK, window),
        "restarts": restarts,
        "restarts_over": replace(restarts, delay=period),
        "repeat": Line(Measure.AT_LEAST, window, gaps=(2, 2)),
        "lifetime_repeat": Line(Measure.AT_LEAST, 0, gaps=(2, 2)),
        "orders": Line(Measure.ORDERS, currency=currency, after=eve),
        "revenue": Line(Measure.REVENUE, currency=currency, after=eve),
        "all_orders": Line(Measure.ORDERS, currency=None, after=eve),
        "guest_orders": Line(Measure.GUEST_ORDERS, currency=None, after=eve),
    }
    least = asked.loyal_over + 1
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
