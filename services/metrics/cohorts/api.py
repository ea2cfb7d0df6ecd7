"""The cohort table over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.metrics.cohorts.domain.table import Cell, Cohort, CohortTotals, cohort_table
from services.metrics.counters import BOOKED, Generation, Line, Measure, live_generation, sums_until, totals_by_param
from services.metrics.questions import SCOPE, Currency, OnBasis, currency_or, today_in
from shared.db import ReadTransaction
from shared.kernel import Zone, month_of, month_text, parse_month, start_of_month
from shared.web import Caller, ClockDep, DatabaseDep, Digits, FieldError, allow, invalid

COHORTS_MAX = 120
DEFAULT_COHORTS = 12

router = APIRouter(prefix="/v1/cohorts", tags=["cohorts"])


class Money(BaseModel):
    """Money in minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class CellAnswer(BaseModel):
    """One month of a cohort."""

    customers: int = Field(description="Who ordered in this month, in any currency.")
    share: float | None = Field(description="Of the cohort's customers; null for an empty cohort.")
    orders: int = Field(description="Their orders in the asked currency.")
    revenue: Money


class CohortAnswer(BaseModel):
    """Customers whose first counted order lies in `month`."""

    month: str = Field(examples=["2026-01"])
    customers: int
    cells: list[CellAnswer | None] = Field(description="By months since the first order; null in the future.")
    mature: bool = Field(description="Whether every month shown has ended.")


class CohortsAnswer(BaseModel):
    """The cohort table, as of today. Months are the shop's calendar's."""

    as_of: date
    basis: str
    currency: str
    calendar: str
    first: str = Field(validation_alias="first", serialization_alias="from", examples=["2025-04"])
    to: str = Field(examples=["2026-03"])
    months: int
    cohorts: list[CohortAnswer]
    mature: bool = Field(description="Whether every month of every cohort has ended.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-20",
                "basis": "restated",
                "currency": "USD",
                "calendar": "gregorian",
                "from": "2026-03",
                "to": "2026-03",
                "months": 2,
                "cohorts": [
                    {
                        "month": "2026-03",
                        "customers": 12,
                        "cells": [
                            {
                                "customers": 12,
                                "share": 1.0,
                                "orders": 13,
                                "revenue": {"amount": 65_000, "currency": "USD"},
                            },
                            None,
                        ],
                        "mature": False,
                    }
                ],
                "mature": False,
            }
        }
    )


@router.get("", response_model=CohortsAnswer, summary="Customers and revenue by month of first order")
async def read_cohorts(
    *,
    caller: Annotated[Caller, Depends(allow(SCOPE))],
    database: DatabaseDep,
    clock: ClockDep,
    first: Annotated[
        str | None,
        Query(
            alias="from",
            pattern=r"^\d{4}-\d{2}$",
            description="Month of the first cohort, YYYY-MM in the shop's calendar. Default: eleven before `to`.",
            examples=["2025-04"],
        ),
    ] = None,
    to: Annotated[
        str | None,
        Query(
            pattern=r"^\d{4}-\d{2}$", description="Month of the last cohort. Default: this month.", examples=["2026-03"]
        ),
    ] = None,
    currency: Currency = None,
    months: Annotated[
        int,
        Query(ge=1, le=COHORTS_MAX, description="Cells of each cohort: its own month and those after it."),
        Digits,
    ] = 12,
    basis: OnBasis = "restated",
) -> CohortsAnswer:
    """For each month of first orders: who of them ordered in each month since, and what they spent, net of refunds.

    On basis `booked` a customer's first order stays the first whatever becomes of it; in a month counts whose order of
    that month stood at its end; orders and revenue are what was entered in it, and may be below zero.
    """
    asked = currency_or(currency, caller.shop.currency)
    async with database.read(caller.shop_id) as reads:
        live = await live_generation(reads, caller.shop_id)
        today = today_in(Zone(live.zone if live else caller.shop.zone), clock)
        calendar = live.calendar if live else caller.shop.calendar
        this_month = month_of(today, calendar)
        cohorts = _range(first, to, this_month)
        totals = CohortTotals({}, {}, {}, {})
        if live is not None:
            load = _load_booked if basis == "booked" else _load
            totals = await load(reads, live, cohorts, asked)
        table = cohort_table(totals, cohorts, months=months, this_month=this_month)
    return CohortsAnswer(
        as_of=date.fromordinal(today),
        basis=basis,
        currency=asked,
        calendar=calendar,
        first=month_text(cohorts[0]),
        to=month_text(cohorts[-1]),
        months=months,
        cohorts=[_answer(cohort, asked) for cohort in table],
        mature=all(cohort.mature for cohort in table),
    )


def _range(first: str | None, to: str | None, this_month: int) -> range:
    last = _month("to", to, this_month) if to is not None else this_month
    start = _month("from", first, this_month) if first is not None else last - DEFAULT_COHORTS + 1
    if start > last:
        raise invalid(FieldError("query.from", "may not lie after `to`"))
    if last - start >= COHORTS_MAX:
        raise invalid(FieldError("query.from", f"asks for more than {COHORTS_MAX} cohorts; take a later month"))
    return range(start, last + 1)


def _month(field: str, text: str, this_month: int) -> int:
    try:
        month = parse_month(text)
    except ValueError as error:
        raise invalid(FieldError(f"query.{field}", str(error))) from None
    if month > this_month:
        raise invalid(
            FieldError(
                f"query.{field}", f"may not lie after this month, {month_text(this_month)} in the shop's calendar"
            )
        )
    return month


async def _load(reads: ReadTransaction, live: Generation, cohorts: range, currency: str) -> CohortTotals:
    span = (cohorts[0], cohorts[-1])
    customers = await totals_by_param(reads, live.counters, Measure.COHORT_CUSTOMERS, span)
    return CohortTotals(
        # Everybody ordered in the month of their first order.
        sizes={month: customers.get((month, month), 0) for month in cohorts},
        customers=customers,
        orders=await totals_by_param(reads, live.counters, Measure.COHORT_ORDERS, span, currency),
        revenue=await totals_by_param(reads, live.counters, Measure.COHORT_REVENUE, span, currency),
    )


async def _load_booked(reads: ReadTransaction, live: Generation, cohorts: range, currency: str) -> CohortTotals:
    counters, span = live.counters, (cohorts[0], cohorts[-1])
    # Who was in a cohort stays in it, also when nothing is left of the order that put them there.
    eves = [start_of_month(month, live.calendar) - 1 for month in range(cohorts[0], cohorts[-1] + 2)]
    lines = [Line(Measure.FIRSTS), Line(Measure.FIRSTS, basis=BOOKED)]
    firsts = np.diff(sum(await sums_until(reads, counters, lines, eves), np.zeros(len(eves), np.int64)))
    return CohortTotals(
        sizes=dict(zip(cohorts, firsts.tolist(), strict=True)),
        customers=await totals_by_param(reads, counters, Measure.COHORT_CUSTOMERS, span, booked=True),
        orders=await totals_by_param(reads, counters, Measure.COHORT_ORDERS, span, currency, booked=True),
        revenue=await totals_by_param(reads, counters, Measure.COHORT_REVENUE, span, currency, booked=True),
    )


def _answer(cohort: Cohort, currency: str) -> CohortAnswer:
    return CohortAnswer(
        month=month_text(cohort.month),
        customers=cohort.customers,
        cells=[None if cell is None else _cell(cell, currency) for cell in cohort.cells],
        mature=cohort.mature,
    )


def _cell(cell: Cell, currency: str) -> CellAnswer:
    return CellAnswer(
        customers=cell.customers,
        share=cell.share,
        orders=cell.orders,
        revenue=Money(amount=cell.revenue, currency=currency),
    )
