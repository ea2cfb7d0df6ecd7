"""Scores over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.feedback import answers, clocks
from services.feedback.scores.domain import POINTS_MAX, Measure, Step, ends, figure
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import CONFIDENCE_PERCENT, DayOrdinal, Zone
from shared.web import Caller, DatabaseDep, Digits, FieldError, allow, invalid

router = APIRouter(prefix="/v1/scores", tags=["scores"])

_SURVEY = "nps-after-delivery"
_DAYS_MAX = 3_650
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARS = (date(1971, 1, 1), date(2200, 1, 1))
_COUNTS = {str(score): count for score, count in enumerate((0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 2))}
_PART: dict[str, Any] = {
    "part": None,
    "answers": 10,
    "score": 30.0,
    "low": -18.4075,
    "high": 78.4075,
    "mean": 7.8,
    "counts": _COUNTS,
}
_ABOUT: dict[str, Any] = {
    "measure": "nps",
    "window_days": 90,
    "survey": None,
    "version": None,
    "confidence_percent": CONFIDENCE_PERCENT,
}
MeasureQuery = Annotated[
    Measure, Query(description="`nps`, `csat` or `ces`: one scale at a time, they are never mixed.", examples=["nps"])
]
WindowQuery = Annotated[
    int, Query(ge=1, le=_DAYS_MAX, description="Days of the shop that end with `as_of`.", examples=[90]), Digits
]
SurveyQuery = Annotated[
    str | None,
    Query(pattern="^[a-z0-9][a-z0-9_-]{0,49}$", description="Of one survey; all of the measure without it."),
]
VersionQuery = Annotated[int | None, Query(ge=1, le=10**6, description="Of one version of it."), Digits]
Reader = Annotated[Caller, Depends(allow("feedback:read"))]


def _only_a_date(value: Any) -> Any:
    # pydantic would take a number of seconds, or an instant at midnight, for a day as well.
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise PydanticCustomError("date_parsing", "not a date")
    return value


Day = Annotated[date, BeforeValidator(_only_a_date)]


class ScorePart(BaseModel):
    """A score, and how sure it is."""

    part: str | None = Field(description="Stage, tier or version of those who answered; null: all of them.")
    answers: int = Field(description="Persons: of each the last answer in the window counts.")
    score: float | None = Field(description="NPS −100 to 100, CSAT in percent, CES from 1 to 7; null: nobody answered.")
    low: float | None = Field(description="From here …")
    high: float | None = Field(description="… to here, with the confidence named.")
    mean: float | None = Field(description="Of the scale's own numbers.")
    counts: dict[str, int] = Field(description="Of each number of the scale, how many chose it.")

    model_config = ConfigDict(json_schema_extra={"example": _PART})


class ScoresAnswer(BaseModel):
    """A score as of a day."""

    measure: Measure
    as_of: date
    window_days: int
    survey: str | None
    version: int | None
    confidence_percent: int
    by: str | None
    items: list[ScorePart] = Field(description="All together first, then the parts, by name.")

    model_config = ConfigDict(
        json_schema_extra={"example": {**_ABOUT, "as_of": "2026-03-31", "by": None, "items": [_PART]}}
    )


class ScorePoint(ScorePart):
    """A score at the end of a day."""

    as_of: date

    model_config = ConfigDict(json_schema_extra={"example": {**_PART, "as_of": "2026-03-31"}})


class ScoreSeries(BaseModel):
    """A score over time: at the end of each step, over the window that ends there."""

    measure: Measure
    window_days: int
    survey: str | None
    version: int | None
    confidence_percent: int
    step: str
    points: list[ScorePoint]

    model_config = ConfigDict(
        json_schema_extra={"example": {**_ABOUT, "step": "month", "points": [{**_PART, "as_of": "2026-03-31"}]}}
    )


@router.get("", response_model=ScoresAnswer, summary="A score as of a day")
async def read_scores(
    caller: Reader,
    database: DatabaseDep,
    measure: MeasureQuery,
    *,
    window_days: WindowQuery = 90,
    as_of: Annotated[Day | None, Query(description="A day of the shop; today without it.")] = None,
    survey: SurveyQuery = None,
    version: VersionQuery = None,
    by: Annotated[
        Literal["stage", "tier", "version"] | None,
        Query(description="Apart by what somebody was when they answered, or by the survey's version."),
    ] = None,
) -> Any:
    """The last answer of each person in the window, with the interval of the measure."""
    async with database.read(caller.shop_id) as reads:
        day = as_of or await _today(reads, caller.shop, database.clock.now())
        wanted = answers.Wanted(measure, survey, version, by or "")
        (window,) = _windows(caller.shop, [day], window_days)
        (found,) = await answers.tallies(reads, caller.shop.number, wanted, [window])
    whole: dict[int, int] = {}
    for tally in found.values():
        for score, count in tally.items():
            whole[score] = whole.get(score, 0) + count
    parts = [] if by is None else [_part(measure, name or "none", tally) for name, tally in sorted(found.items())]
    return {
        **_about(measure, window_days, survey, version),
        "as_of": day,
        "by": by,
        "items": [_part(measure, None, whole), *parts],
    }


@router.get("/series", response_model=ScoreSeries, summary="A score over time")
async def read_series(
    caller: Reader,
    database: DatabaseDep,
    measure: MeasureQuery,
    since: Annotated[Day, Query(description="The first day.", examples=["2026-01-01"])],
    *,
    until: Annotated[Day | None, Query(description="The last day; today without it.")] = None,
    step: Annotated[
        Step, Query(description="`day`, `week` (seven days) or `month`, of the Gregorian calendar.")
    ] = "month",
    window_days: WindowQuery = 90,
    survey: SurveyQuery = None,
    version: VersionQuery = None,
) -> Any:
    """At the end of each step; of one measure."""
    async with database.read(caller.shop_id) as reads:
        last = until or await _today(reads, caller.shop, database.clock.now())
        days = ends(since, last, step)
        if not days:
            raise invalid(FieldError("query.since", "lies after the last day"))
        if len(days) > POINTS_MAX:
            raise invalid(FieldError("query.step", f"gives more than {POINTS_MAX} points; take a longer one"))
        wanted = answers.Wanted(measure, survey, version)
        found = await answers.tallies(reads, caller.shop.number, wanted, _windows(caller.shop, days, window_days))
    points = [{**_part(measure, None, tally.get("", {})), "as_of": day} for day, tally in zip(days, found, strict=True)]
    return {**_about(measure, window_days, survey, version), "step": step, "points": points}


async def _today(reads: Reads, shop: Shop, now: datetime) -> date:
    return date.fromordinal(int(Zone(shop.zone).day_of(await clocks.time_now(reads, shop, now))))


def _windows(shop: Shop, days: Sequence[date], length: int) -> list[tuple[datetime, datetime]]:
    """Instants from which and before which answers count, of windows of so many days that end on these."""
    if not all(_YEARS[0] < day < _YEARS[1] for day in days):
        raise invalid(FieldError("query", f"days lie between {_YEARS[0].year} and {_YEARS[1].year}"))
    zone = Zone(shop.zone)
    return [
        (
            zone.start_of(DayOrdinal(max(day.toordinal() - length + 1, date(1970, 1, 2).toordinal()))),
            zone.start_of(DayOrdinal(day.toordinal() + 1)),
        )
        for day in days
    ]


def _part(measure: Measure, name: str | None, tally: dict[int, int]) -> dict[str, Any]:
    found = figure(measure, tally)
    return {**found._asdict(), "part": name, "counts": {str(score): count for score, count in found.counts.items()}}


def _about(measure: Measure, window_days: int, survey: str | None, version: int | None) -> dict[str, Any]:
    return {**_ABOUT, "measure": measure, "window_days": window_days, "survey": survey, "version": version}
