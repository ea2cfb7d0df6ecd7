"""The cohort table: by month of the first counted order, what its customers bought in each month since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Totals = Mapping[tuple[int, int], int]
"""By (cohort month, activity month), both month indexes of the shop's calendar."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One month of a cohort."""

    customers: int
    """Who ordered, in any currency."""
    orders: int
    revenue: int
    """Net, in minor units of the asked currency."""
    share: float | None
    """Of the cohort's customers; None for an empty cohort."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order lies in `month`. `cells[k]` is the k-th month after it, None in the future."""

    month: int
    customers: int
    cells: list[Cell | None]
    mature: bool
    """Whether all the months shown have ended."""


@dataclass(frozen=True, slots=True)
class CohortTotals:
    """What is added up for each cohort and month."""

    sizes: Mapping[int, int]
    """Customers of each cohort."""
    customers: Totals
    orders: Totals
    revenue: Totals


def cohort_table(totals: CohortTotals, cohorts: range, *, months: int, this_month: int) -> list[Cohort]:
    """One row for each month of `cohorts`, `months` cells wide; the present month is shown as far as it has come."""
    return [
        Cohort(
            month=first,
            customers=totals.sizes.get(first, 0),
            cells=[
                _cell(totals, first, month) if month <= this_month else None for month in range(first, first + months)
            ],
            mature=first + months - 1 < this_month,
        )
        for first in cohorts
    ]


def _cell(totals: CohortTotals, first: int, month: int) -> Cell:
    size = totals.sizes.get(first, 0)
    who = totals.customers.get((first, month), 0)
    return Cell(
        customers=who,
        orders=totals.orders.get((first, month), 0),
        revenue=totals.revenue.get((first, month), 0),
        share=who / size if size else None,
    )
