"""From prefix sums of day-indexed counters to the whole numbers behind the figures.

Proven by brute force over random histories (tests/metrics_read); formulas of METRICS, "Day-indexed counters". They hold
for every period that is not longer than the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.retention.domain.figures import Asked, Customers, Trade

Sums = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TradeSums:
    """Prefix sums, each an array over days: what had been counted by the end of each."""

    firsts: Sums
    lifetime_repeat: Sums
    orders: Sums
    revenue: Sums
    all_orders: Sums
    """In every currency."""
    guest_orders: Sums
    """In every currency."""


@dataclass(frozen=True, slots=True)
class CustomerSums:
    """Prefix sums of one window, each an array over the same days."""

    firsts: Sums
    ends: Sums
    back: Sums
    restarts: Sums
    """Restarts after a gap shorter than the period, counted from the day of the restart …"""
    restarts_over: Sums
    """… and from the day on which the end before them has left the period."""
    repeat: Sums
    loyal: Sums | None = None
    """None when loyal means one order or more: then every held customer is."""


def days_to_sum(at: Sequence[int], asked: Asked) -> list[int]:
    """The days, rising, over which the sums for answers at `at` must be given."""
    return sorted({day - back for day in at for back in (0, asked.period, asked.window)})


def trade_of(
    sums: TradeSums, days: Sequence[int], at: Sequence[int], asked: Asked, first_day: int | None
) -> list[Trade]:
    """Trade at each of `at`, from sums over `days`."""
    end, eve = (np.searchsorted(days, np.asarray(at) - back) for back in (0, asked.window))
    customers_orders = sums.all_orders - sums.guest_orders
    columns = {
        "lifetime_customers": sums.firsts[end],
        "lifetime_repeat": sums.lifetime_repeat[end],
        "customer_orders": customers_orders[end] - customers_orders[eve],
        "orders": sums.orders[end] - sums.orders[eve],
        "revenue": sums.revenue[end] - sums.revenue[eve],
    }
    return [Trade(**row, first_day=first_day) for row in _rows(columns)]


def customers_of(sums: CustomerSums, days: Sequence[int], at: Sequence[int], asked: Asked) -> list[Customers]:
    """Customers at each of `at`, from sums over `days`. Raises ValueError when the period is longer than the window."""
    if asked.period > asked.window:
        raise ValueError("counters answer periods up to the window; longer ones need a scan")
    end, start = (np.searchsorted(days, np.asarray(at) - back) for back in (0, asked.period))
    held = sums.firsts + sums.back - sums.ends
    # An end within the period whose customer came back within it took nobody away between the period's two days.
    lost = sums.ends[end] - sums.ends[start] - (sums.restarts[end] - sums.restarts_over[end])
    columns = {
        "held": held[end],
        "start": held[start],
        "joined": held[end] - held[start] + lost,
        "new": sums.firsts[end] - sums.firsts[start],
        "lost": lost,
        "repeat": sums.repeat[end],
        "loyal": held[end] if sums.loyal is None else sums.loyal[end],
    }
    return [Customers(**row) for row in _rows(columns)]


def _rows(columns: dict[str, Sums]) -> Iterator[dict[str, int]]:
    for row in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield dict(zip(columns, row, strict=True))
