"""How answers about stages look over HTTP, for the API's description."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_COUNTED: dict[str, Any] = {
    "customers": 40,
    "held": 30,
    "stages": [
        {"stage": "new", "customers": 4, "share": 0.1, "held": True},
        {"stage": "active", "customers": 20, "share": 0.5, "held": True},
        {"stage": "lapsing", "customers": 5, "share": 0.125, "held": True},
        {"stage": "reactivated", "customers": 1, "share": 0.025, "held": True},
        {"stage": "lost", "customers": 10, "share": 0.25, "held": False},
    ],
    "changes": [{"from": "active", "to": "lapsing", "customers": 3}],
}


class StageAnswer(BaseModel):
    """Customers in one stage."""

    stage: str
    customers: int
    share: float | None = Field(description="Of all who ever ordered; null over nobody.")
    held: bool = Field(description="Whether customers in this stage are held; all but `lost` are.")


class FlowAnswer(BaseModel):
    """Customers who went from one stage to another; one who did so twice is counted twice."""

    before: str = Field(alias="from")
    to: str
    customers: int


class CheckAnswer(BaseModel):
    """Two ways to the same number."""

    held: int = Field(description="By the counters of retention: with an order in the last `lost_days` days.")
    in_held_stages: int = Field(description="By stages: all who are not lost.")
    agrees: bool = Field(description="False while changes that fall due, or an import, are being worked through.")


class StagesAnswer(BaseModel):
    """Customers by stage at the end of a day."""

    as_of: date
    basis: str
    lost_days: int = Field(description="Without an order for so many days a customer is lost.")
    period_days: int
    period_from: date
    customers: int = Field(description="All who ever ordered.")
    held: int
    stages: list[StageAnswer]
    changes: list[FlowAnswer] = Field(description="In the period; what turned out to be untrue is not counted.")
    check: CheckAnswer

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-20",
                "basis": "restated",
                "lost_days": 365,
                "period_days": 30,
                "period_from": "2026-02-19",
                **_COUNTED,
                "check": {"held": 30, "in_held_stages": 30, "agrees": True},
            }
        }
    )


class StagesPointAnswer(BaseModel):
    """Customers by stage at the end of a span's last day, and the changes since the point before."""

    as_of: date
    span: str = Field(description="`2026-03` (or `1404-12`), `2026-Q1`, `2026`; of days and weeks the first day.")
    span_from: date
    complete: bool = Field(description="False when the span goes on after this day, or the day is not over yet.")
    customers: int
    held: int
    stages: list[StageAnswer]
    changes: list[FlowAnswer]


class StagesSeriesAnswer(BaseModel):
    """Customers by stage over time."""

    first: date = Field(alias="from")
    to: date
    step: str
    calendar: str
    basis: str
    lost_days: int
    points: list[StagesPointAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "2026-03-01",
                "to": "2026-03-20",
                "step": "month",
                "calendar": "gregorian",
                "basis": "restated",
                "lost_days": 365,
                "points": [
                    {
                        "as_of": "2026-03-20",
                        "span": "2026-03",
                        "span_from": "2026-03-01",
                        "complete": False,
                        **_COUNTED,
                    }
                ],
            }
        }
    )


class StagedAnswer(BaseModel):
    """A customer in a stage."""

    customer: str = Field(description="The platform's own id.")
    stage: str
    since: date = Field(description="The day on which the customer came to the stage.")
    previous: str
    reason: str = Field(description="`order`, `visit`, `onboarded`, `threshold` or `window`.")
    late: bool = Field(description="Learnt after its day had been judged otherwise.")
    last_order_day: date | None
    last_active_day: date | None = Field(description="The last order or visit, as the shop has chosen.")
    days: int | None = Field(description="Whole days since then.")
    threshold_days: int | None = Field(
        description="After so many days without activity the customer lapses; of days before, told of those who did."
    )
    event_id: str | None = Field(description="The event that said so; null where nothing was published.")


class StagedPageAnswer(BaseModel):
    """A page of the customers in a stage."""

    as_of: date
    stage: str
    sort: str
    basis: str
    lost_days: int
    total: int = Field(description="So many customers stand on all pages together.")
    items: list[StagedAnswer]
    next: str | None = Field(description="Cursor of the next page; null on the last.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-20",
                "stage": "lapsing",
                "sort": "customer",
                "basis": "restated",
                "lost_days": 365,
                "total": 1,
                "items": [
                    {
                        "customer": "1k5f0q2v9a3bd",
                        "stage": "lapsing",
                        "since": "2026-03-02",
                        "previous": "active",
                        "reason": "threshold",
                        "late": False,
                        "last_order_day": "2026-01-14",
                        "last_active_day": "2026-01-14",
                        "days": 65,
                        "threshold_days": 47,
                        "event_id": "019caa30-0000-8c55-9d0e-4bd2f7b3a6f1",
                    }
                ],
                "next": None,
            }
        }
    )
