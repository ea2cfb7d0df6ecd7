"""counters: the one table of day-indexed changes. Other slices compute changes and lines; this one adds and reads."""

from __future__ import annotations

from enum import IntEnum

from services.metrics.counters.reading import (
    CounterSet,
    Generation,
    Line,
    Sums,
    first_day_of,
    live_generation,
    sums_until,
    totals_by_param,
)


class Measure(IntEnum):
    """What a counter counts."""

    FIRSTS = 1
    ENDS = 2
    BACK = 3
    RESTARTS = 4
    AT_LEAST = 5
    RETURNED = 6
    ORDERS = 7
    GUEST_ORDERS = 8
    REVENUE = 9
    COHORT_CUSTOMERS = 10
    COHORT_ORDERS = 11
    COHORT_REVENUE = 12


__all__ = [
    "CounterSet",
    "Generation",
    "Line",
    "Measure",
    "Sums",
    "first_day_of",
    "live_generation",
    "sums_until",
    "totals_by_param",
]
