"""From prefix sums of day-indexed counters to the whole numbers behind the figures.

Proven by brute force over random histories (tests/metrics_read); formulas of METRICS, "Day-indexed counters". They hold
for every period that is not longer than the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.retention.domain_figures import Asked, Counts

Sums = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RetentionSums:
    """Prefix sums, each an array over `days`: what had been counted by the end of each day."""

    days: Sequence[int]
    """Rising ordinals; hold `at`, `at - period` and `at - window` for every day that is asked."""
    firsts: Sums
    ends: Sums
    back: Sums
    restarts: Sums
    """Restarts after a gap shorter than the period, counted from the day of the restart …"""
    restarts_over: Sums
    """… and from the day on which the end before them has left the period."""
    repeat: Sums
    lifetime_repeat: Sums
    orders: Sums
    revenue: Sums
    all_orders: Sums
    """In every currency."""
    guest_orders: Sums
    """In every currency."""
    first_day: int | None
    loyal: Sums | None = None
    """None when loyal means one order or more: then every held customer is."""


def days_to_sum(at: Sequence[int], window: int, period: int) -> list[int]:
    """The days whose sums `counts_of` needs, rising."""
    return sorted({day - back for day in at for back in (0, period, window)})


def counts_of(sums: RetentionSums, at: Sequence[int], asked: Asked) -> list[Counts]:
    """Counts at each of `at`. Raises ValueError when the period is longer than the window."""
    if asked.period > asked.window:
        raise ValueError("counters answer periods up to the window; longer ones need a scan")
    days = np.asarray(at)
    end, before, eve = (np.searchsorted(sums.days, days - back) for back in (0, asked.period, asked.window))
    held = sums.firsts + sums.back - sums.ends
    # An end within the period whose customer came back within it took nobody away between the period's two days.
    lost = sums.ends[end] - sums.ends[before] - (sums.restarts[end] - sums.restarts_over[end])
    columns = {
        "held": held[end],
        "start": held[before],
        "joined": held[end] - held[before] + lost,
        "new": sums.firsts[end] - sums.firsts[before],
        "lost": lost,
        "repeat": sums.repeat[end],
        "loyal": held[end] if sums.loyal is None else sums.loyal[end],
        "lifetime_customers": sums.firsts[end],
        "lifetime_repeat": sums.lifetime_repeat[end],
        "customer_orders": _within(sums.all_orders - sums.guest_orders, end, eve),
        "orders": _within(sums.orders, end, eve),
        "revenue": _within(sums.revenue, end, eve),
    }
    names = list(columns)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [Counts(**dict(zip(names, row, strict=True)), first_day=sums.first_day) for row in rows]


def _within(sums: Sums, end: npt.NDArray[np.intp], eve: npt.NDArray[np.intp]) -> Sums:
    inside: Sums = sums[end] - sums[eve]
    return inside
