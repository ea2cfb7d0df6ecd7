"""Counters of a history by the letter of their definition, so that reading is tested apart from writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from services.metrics.counters.store.reading import Line, Sums
from services.metrics.retention.domain.figures import RETURN_DAYS
from shared.kernel import DayOrdinal, month_of
from tests.metrics_read.recount import Bought, days_by_customer

FIRSTS, ENDS, BACK, RESTARTS, AT_LEAST, RETURNED, ORDERS, GUEST_ORDERS, REVENUE = range(1, 10)
COHORT_CUSTOMERS, COHORT_ORDERS, COHORT_REVENUE = range(10, 13)

Row = tuple[int, int, str, int, int]
"""measure, param, currency, day, gap"""


def counters_of(
    bought: list[Bought],
    windows: tuple[int, ...],
    least: tuple[int, ...] = (2, 5),
    calendar: str = "gregorian",
) -> Counter[Row]:
    """Every counter row of a history, summed over shards."""
    rows: Counter[Row] = Counter()
    for order in bought:
        rows[ORDERS, 0, order.currency, order.day, 0] += 1
        rows[REVENUE, 0, order.currency, order.day, 0] += order.revenue
        if order.customer is None:
            rows[GUEST_ORDERS, 0, order.currency, order.day, 0] += 1
    for customer, ordered in days_by_customer(bought).items():
        rows.update(_cohort([order for order in bought if order.customer == customer], ordered[0], calendar))
        days = sorted(set(ordered))
        rows[FIRSTS, 0, "", days[0], 0] += 1
        for within in RETURN_DAYS:
            if len(days) > 1 and days[1] - days[0] <= within:
                rows[RETURNED, within, "", days[0], 0] += 1
        for window in windows:
            for row in _runs(days, window):
                rows[row] += 1
        for window in (*windows, 0):
            for k in least:
                for day, change in _at_least(ordered, window, k):
                    rows[AT_LEAST, window, "", day, k] += change
    return rows


def _cohort(bought: list[Bought], first_day: int, calendar: str) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    cohort = month_of(DayOrdinal(first_day), calendar)
    for order in bought:
        month = month_of(DayOrdinal(order.day), calendar)
        rows[COHORT_CUSTOMERS, cohort, "", month, 0] = 1
        rows[COHORT_ORDERS, cohort, order.currency, month, 0] += 1
        rows[COHORT_REVENUE, cohort, order.currency, month, 0] += order.revenue
    return rows


def _runs(days: list[int], window: int) -> Iterator[Row]:
    for a, b in pairwise(days):
        if b > a + window:
            yield ENDS, window, "", a + window, 0
            yield BACK, window, "", b, 0
            if b - a - window < window:  # longer ones lie outside every period that counters answer
                yield RESTARTS, window, "", b, b - a - window
    yield ENDS, window, "", days[-1] + window, 0


def _at_least(ordered: list[int], window: int, k: int) -> Iterator[tuple[int, int]]:
    if window == 0:
        if len(ordered) >= k:
            yield ordered[k - 1], 1
        return
    for i in range(k - 1, len(ordered)):
        start = ordered[i]
        stop = max(start, ordered[i - k + 1] + window)
        if i + 1 < len(ordered):
            stop = min(ordered[i + 1], stop)
        if stop > start:
            yield start, 1
            yield stop, -1


def summed(rows: Counter[Row], lines: list[Line], days: list[int]) -> list[Sums]:
    """What `sums_until` answers, from counters in memory."""
    return [np.array([_sum(rows, line, day) for day in days], dtype=np.int64) for line in lines]


def _sum(rows: Counter[Row], line: Line, until: int) -> int:
    total = 0
    for (measure, param, currency, day, gap), value in rows.items():
        if (measure, param) != (line.measure, line.param) or line.currency not in (None, currency):
            continue
        counts_from = day if line.delay is None else day - gap + line.delay
        if day > line.after and line.gaps[0] <= gap <= line.gaps[1] and counts_from <= until:
            total += value
    return total
