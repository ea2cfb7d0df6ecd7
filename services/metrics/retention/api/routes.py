"""Retention over HTTP: one day, a series of days, return rates, published averages. Every route reads one moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any, Literal

import asyncpg
import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.metrics.questions import (
    SCOPE,
    WINDOW_MAX,
    Currency,
    Day,
    OnBasis,
    WindowDays,
    currency_or,
    day_until,
    today_in,
)
from services.metrics.retention.answering import DEFAULT_PERIOD, DEFAULT_WINDOW, Basis, answers, basis_of, return_rates
from services.metrics.retention.api.answers import (
    BenchmarksAnswer,
    RetentionAnswer,
    ReturnRatesAnswer,
    SeriesAnswer,
)
from services.metrics.retention.domain.benchmarks import BENCHMARKS
from services.metrics.retention.domain.figures import Asked
from services.metrics.retention.domain.points import Step
from services.metrics.retention.spans import Spans
from shared.web import Caller, ClockDep, DatabaseDep, Digits, FieldError, allow, invalid, unavailable

POINTS_MAX = 1_100
SCANNED_POINTS_MAX = 36

router = APIRouter(prefix="/v1/retention", tags=["retention"])
CallerDep = Annotated[Caller, Depends(allow(SCOPE))]
AsOf = Annotated[
    Day | None,
    Query(description="A day of the shop's zone, as YYYY-MM-DD. Default: today.", examples=["2026-03-20"]),
]


def _asked(
    *,
    caller: CallerDep,
    window_days: WindowDays = DEFAULT_WINDOW,
    period_days: Annotated[
        int,
        Query(ge=1, le=WINDOW_MAX, description="Days of the period over which customers are won and lost."),
        Digits,
    ] = DEFAULT_PERIOD,
    loyal_over: Annotated[
        int | None,
        Query(ge=0, le=1_000, description="Loyal: more orders in the window than this. Default: the shop's."),
        Digits,
    ] = None,
    currency: Currency = None,
    basis: OnBasis = "restated",
) -> Asked:
    return Asked(
        window=window_days,
        period=period_days,
        loyal_over=caller.shop.loyal_over if loyal_over is None else loyal_over,
        currency=currency_or(currency, caller.shop.currency),
        basis=basis,
    )


AskedDep = Annotated[Asked, Depends(_asked)]


@router.get("", response_model=RetentionAnswer, summary="Retention as of a day")
async def read_retention(
    *, caller: CallerDep, database: DatabaseDep, clock: ClockDep, asked: AskedDep, as_of: AsOf = None
) -> Response:
    """Held, new, won-back and lost customers; CRR and churn; repeat and loyal rates; order value and frequency.

    Windows that the shop keeps (30, 90, 180 and 365 days if it chose no others) with periods up to the window are
    answered from counters; any other by counting order for order, which takes longer the more orders there are. On
    basis `booked`, periods other than those that the shop keeps (30 days if it chose no others) are counted so too, for
    those customers of whom an order was late, taken back or amended.
    """
    async with database.read(caller.shop_id) as reads:
        basis = await basis_of(reads, caller.shop)
        day = day_until("as_of", as_of, today_in(basis.zone, clock))
        async with in_time(basis, asked):
            [answer] = await answers(reads, basis, asked, [day])
    return _json(answer)


@router.get("/series", response_model=SeriesAnswer, summary="Retention over time")
async def read_series(
    *,
    caller: CallerDep,
    database: DatabaseDep,
    clock: ClockDep,
    asked: AskedDep,
    first: Annotated[Day, Query(alias="from", description="First day.", examples=["2025-03-21"])],
    to: Annotated[Day | None, Query(description="Last day. Default: today.", examples=["2026-03-20"])] = None,
    step: Annotated[Step, Query(description="The last day of each step is a point, and so is `to`.")] = "day",
    calendar: Annotated[
        Literal["gregorian", "jalali"] | None,
        Query(
            description="Whose months, quarters and years. Default: the shop's. Weeks begin on the shop's first day."
        ),
    ] = None,
) -> Response:
    """One answer for the end of each day, week, month, quarter or year, all of one moment.

    A span that is not over when the series ends has its point on the series' last day, with `complete` false.
    """
    async with database.read(caller.shop_id) as reads:
        basis = await basis_of(reads, caller.shop)
        today = today_in(basis.zone, clock)
        spans = Spans(step, calendar or basis.calendar, basis.shop.week_start, today)
        at = _days(first, to, spans)
        _refuse_too_many(at, basis, asked)
        async with in_time(basis, asked):
            found = await answers(reads, basis, asked, at)
    return _json(
        {
            "from": first,
            "to": date.fromordinal(at[-1]),
            "step": step,
            "calendar": spans.calendar,
            "window_days": asked.window,
            "period_days": asked.period,
            "basis": asked.basis,
            "currency": asked.currency,
            "points": [spans.point(answer) for answer in found],
        }
    )


@router.get("/return-rates", response_model=ReturnRatesAnswer, summary="Return after the first purchase")
async def read_return_rates(
    *, caller: CallerDep, database: DatabaseDep, clock: ClockDep, as_of: AsOf = None, basis: OnBasis = "restated"
) -> Response:
    """Of customers whose first order is 30, 60 or 90 days old or older: the share that came back within that time."""
    async with database.read(caller.shop_id) as reads:
        standing = await basis_of(reads, caller.shop)
        day = day_until("as_of", as_of, today_in(standing.zone, clock))
        rates = await return_rates(reads, standing, day, booked=basis == "booked")
    return _json(
        {
            "as_of": date.fromordinal(day),
            "basis": basis,
            "rates": [
                {"days": r.days, "customers": r.customers, "returned": r.returned, "rate": r.rate} for r in rates
            ],
            "mature": all(r.customers for r in rates),
        }
    )


@router.get("/benchmarks", response_model=BenchmarksAnswer, summary="Published average retention by industry")
async def read_benchmarks(caller: CallerDep) -> Response:  # noqa: ARG001 - asked for its check alone
    """With source and year. The shop's setting `benchmark` chooses the one that stands beside its CRR."""
    rows = [{"industry": b.industry, "crr": b.crr, "source": b.source, "year": b.year} for b in BENCHMARKS.values()]
    return _json({"benchmarks": rows})


def _days(first: date, to: date | None, spans: Spans) -> list[int]:
    last = day_until("to", to, spans.today)
    start = day_until("from", first, spans.today)
    if start > last:
        raise invalid(FieldError("query.from", "may not lie after `to`"))
    return spans.ends(start, last)


def _refuse_too_many(at: Sequence[int], basis: Basis, asked: Asked) -> None:
    counted = basis.is_counted(asked)
    most = POINTS_MAX if counted else SCANNED_POINTS_MAX
    if len(at) > most:
        why = "" if counted else f" for a window or period that is not counted (counted: {_counted(basis)})"
        raise invalid(
            FieldError("query.step", f"asks for more than {most} points{why}; take a longer step or fewer days")
        )


@asynccontextmanager
async def in_time(basis: Basis, asked: Asked) -> AsyncIterator[None]:
    """503 that says what is counted, when a scan took too long."""
    try:
        yield
    except asyncpg.QueryCanceledError:
        if basis.is_counted(asked):
            raise
        raise unavailable(
            f"Counting order for order took too long; ask for what is counted: {_counted(basis)}."
        ) from None


def _counted(basis: Basis) -> str:
    windows = ", ".join(str(window) for window in sorted(basis.windows)) or "nothing yet"
    loyal = ", ".join(str(least - 1) for least in sorted(basis.least))
    periods = ", ".join(str(period) for period in sorted(basis.periods)) or "none"
    lengths = f"period_days up to the window (on basis booked: {periods})"
    return f"window_days {windows}; {lengths}; loyal_over {loyal or 'none'}"


def _json(body: Any) -> Response:
    # The contract's own encoder: validating 730 points a second time would cost more than counting them.
    return Response(msgspec.json.encode(body), media_type="application/json")
