"""Customers by stage over HTTP: at the end of a day, and over time. Every answer is of one moment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.metrics.lifecycle.answering import ground_of, stage_name
from services.metrics.lifecycle.api.answers import StagesAnswer, StagesSeriesAnswer
from services.metrics.lifecycle.domain.census import Census
from services.metrics.lifecycle.domain.stages import HELD
from services.metrics.lifecycle.store.counting import census_at
from services.metrics.questions import SCOPE, WINDOW_MAX, BasisOfStages, Day, OnDay, refuse_booked_stages
from services.metrics.retention import Spans, Step, figures
from shared.web import Caller, ClockDep, DatabaseDep, Digits, FieldError, allow, invalid

POINTS_MAX = 1_100
DEFAULT_PERIOD = 30

router = APIRouter(prefix="/v1/stages", tags=["stages"])
CallerDep = Annotated[Caller, Depends(allow(SCOPE))]


@router.get("/series", response_model=StagesSeriesAnswer, summary="Customers by stage over time")
async def read_stages_series(
    *,
    caller: CallerDep,
    database: DatabaseDep,
    clock: ClockDep,
    first: Annotated[Day, Query(alias="from", description="First day.", examples=["2025-03-21"])],
    to: Annotated[
        Day | None, Query(description="Last day. Default: the shop's present one.", examples=["2026-03-20"])
    ] = None,
    step: Annotated[Step, Query(description="The last day of each step is a point, and so is `to`.")] = "month",
    calendar: Annotated[
        Literal["gregorian", "jalali"] | None,
        Query(
            description="Whose months, quarters and years. Default: the shop's. Weeks begin on the shop's first day."
        ),
    ] = None,
    basis: BasisOfStages = "restated",
) -> Response:
    """At the end of each day, week, month, quarter or year: customers by stage, and the changes since the point before.

    The changes of the first point are those since the day before `from`.
    """
    async with database.read(caller.shop_id) as reads:
        ground = await ground_of(reads, caller.shop, clock)
        refuse_booked_stages(basis, ground.lifecycle.lost_days)
        spans = Spans(step, calendar or ground.calendar, ground.shop.week_start, ground.today)
        last, start = ground.day("to", to), ground.day("from", first)
        if start > last:
            raise invalid(FieldError("query.from", "may not lie after `to`"))
        at = spans.ends(start, last)
        if len(at) > POINTS_MAX:
            raise invalid(
                FieldError("query.step", f"asks for more than {POINTS_MAX} points; take a longer step or fewer days")
            )
        found = await census_at(reads, ground.counters, at, [start - 1, *at[:-1]])
    points = [
        {"as_of": date.fromordinal(day), **spans.place(date.fromordinal(day)), **_counted(census)}
        for day, census in zip(at, found, strict=True)
    ]
    body = {"from": first, "to": date.fromordinal(last), "step": step, "calendar": spans.calendar, "points": points}
    return _json({**body, "basis": basis, "lost_days": ground.lifecycle.lost_days})


@router.get("/{as_of}", response_model=StagesAnswer, summary="Customers by stage at the end of a day")
async def read_stages(
    *,
    caller: CallerDep,
    database: DatabaseDep,
    clock: ClockDep,
    as_of: OnDay,
    period_days: Annotated[
        int,
        Query(ge=1, le=WINDOW_MAX, description="Days, ending with the day, whose changes are counted."),
        Digits,
    ] = DEFAULT_PERIOD,
    basis: BasisOfStages = "restated",
) -> Response:
    """How many customers are new, active, lapsing, reactivated and lost, with their shares of all who ever ordered.

    `changes` says how many went from one stage to another in the period. All who are not lost are held: that is
    compared with what the counters of retention say, and both numbers are shown.
    """
    async with database.read(caller.shop_id) as reads:
        ground = await ground_of(reads, caller.shop, clock)
        refuse_booked_stages(basis, ground.lifecycle.lost_days)
        day = ground.day("as_of", as_of, where="path")
        [census] = await census_at(reads, ground.counters, [day], [day - period_days])
        lost_days = ground.lifecycle.lost_days
        retention = await figures(reads, ground.shop, day, window=lost_days, period=min(lost_days, period_days))
    body = {
        "as_of": as_of,
        "basis": basis,
        "lost_days": lost_days,
        "period_days": period_days,
        "period_from": date.fromordinal(day - period_days + 1),
        **_counted(census),
        "check": {
            "held": retention.held,
            "in_held_stages": census.held,
            "agrees": retention.held == census.held,
        },
    }
    return _json(body)


def _counted(census: Census) -> dict[str, Any]:
    everybody = census.customers
    return {
        "customers": everybody,
        "held": census.held,
        "stages": [
            {
                "stage": stage_name(stage),
                "customers": count,
                "share": count / everybody if everybody else None,
                "held": stage in HELD,
            }
            for stage, count in census.stages.items()
        ],
        "changes": [
            {"from": stage_name(before), "to": stage_name(after), "customers": count}
            for (before, after), count in census.changes.items()
        ],
    }


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
