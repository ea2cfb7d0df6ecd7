"""Results over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.results import store
from services.campaigns.results.domain import Interval, Row, against, wilson
from shared.web import Caller, DatabaseDep, Digits, allow, not_found

router = APIRouter(prefix="/v1/campaigns", tags=["results"])

_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"
_WINDOW_DAYS_MAX = 90
_FIGURES: dict[str, Any] = {
    "planned": 0,
    "sent": 200,
    "failed": 1,
    "unknown": 0,
    "suppressed": 12,
    "delivered": 196,
    "bounced": 3,
    "opened": 81,
    "clicked": 20,
    "segments": 0,
    "reached": 200,
    "converted": 9,
    "orders": 10,
    "conversion": {"share": 0.045, "low": 0.024, "high": 0.083},
    "revenue": [{"amount": 125_000, "currency": "USD"}],
}
_STEP: dict[str, Any] = {"step": "send", "variant": "", "channel": "email", "against": None}


class ShareAnswer(BaseModel):
    """A share, with its interval of 95 % (Wilson)."""

    share: float
    low: float
    high: float


class RevenueAnswer(BaseModel):
    """Money, in minor units."""

    amount: int
    currency: str


class FiguresAnswer(BaseModel):
    """Messages, unless said otherwise. Tests of templates count nowhere."""

    planned: int = Field(description="That wait, or are on their way.")
    sent: int
    failed: int
    unknown: int = Field(description="Of which no answer came.")
    suppressed: int
    delivered: int = Field(description="As providers tell; those that tell nothing count nothing.")
    bounced: int
    opened: int = Field(description="By persons; what scanners fetch counts nowhere.")
    clicked: int = Field(description="Likewise.")
    segments: int = Field(description="Text messages that are paid for.")
    reached: int = Field(description="Persons who were sent one.")
    converted: int = Field(description="Persons with an order that is attributed here.")
    orders: int = Field(description="That came within the window after a message, the last one before the order.")
    conversion: ShareAnswer | None = Field(description="Converted of reached; null over nobody.")
    revenue: list[RevenueAnswer] = Field(description="Of these orders, net of refunds, by currency.")

    model_config = ConfigDict(json_schema_extra={"example": _FIGURES})


class DifferenceAnswer(BaseModel):
    """By how much more of whom it reached bought, with its interval of 95 % (Newcombe)."""

    variant: str = Field(description="That it is held against: the first of the step and channel.")
    difference: float
    low: float
    high: float


class StepAnswer(FiguresAnswer):
    """Of one step, in one variant, by one channel."""

    step: str
    variant: str = Field(description="Of a random split; empty without one.")
    channel: str
    against: DifferenceAnswer | None = Field(description="Null for the first variant, and where one reached nobody.")

    model_config = ConfigDict(json_schema_extra={"example": {**_FIGURES, **_STEP}})


class ResultsAnswer(BaseModel):
    """What a campaign led to, counted as it stands."""

    campaign: str
    as_of: datetime
    window_days: int
    total: FiguresAnswer
    steps: list[StepAnswer]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "campaign": "by-hand",
                "as_of": "2026-03-28T09:30:00Z",
                "window_days": 7,
                "total": _FIGURES,
                "steps": [{**_FIGURES, **_STEP}],
            }
        }
    )


@router.get("/{campaign}/results", response_model=ResultsAnswer, summary="What a campaign led to")
async def read_results(
    caller: Annotated[Caller, Depends(allow("campaigns:read"))],
    database: DatabaseDep,
    campaign: Annotated[str, Path(pattern=_NAME, description="As its messages name it.", examples=["by-hand"])],
    window_days: Annotated[
        int, Query(ge=1, le=_WINDOW_DAYS_MAX, description="Orders so long after a message are due to it."), Digits
    ] = 7,
) -> ResultsAnswer:
    """Counted anew each time, so orders that are cancelled, refunded or late, and merged customers, are as they stand.

    An order counts for the last message before it, of whichever campaign.
    """
    async with database.read(caller.shop_id) as reads:
        whole, steps = await store.rows_of(reads, caller.shop_id, campaign, timedelta(days=window_days))
    if not steps:
        raise not_found("campaign")
    return ResultsAnswer(
        campaign=campaign,
        as_of=database.clock.now(),
        window_days=window_days,
        total=FiguresAnswer(**_figures(whole)),
        steps=[
            StepAnswer(
                **_figures(one), step=one.step, variant=one.variant, channel=one.channel, against=_against(one, steps)
            )
            for one in steps
        ],
    )


def _figures(row: Row) -> dict[str, Any]:
    figures = row.figures
    return {
        **figures._asdict(),
        "conversion": _share(wilson(figures.converted, figures.reached)),
        "revenue": [RevenueAnswer(amount=amount, currency=currency) for currency, amount in row.revenue],
    }


def _against(row: Row, rows: Sequence[Row]) -> DifferenceAnswer | None:
    found = against(row, rows)
    if found is None:
        return None
    variant, interval = found
    return DifferenceAnswer(variant=variant, difference=interval.value, low=interval.low, high=interval.high)


def _share(found: Interval | None) -> ShareAnswer | None:
    return None if found is None else ShareAnswer(share=found.value, low=found.low, high=found.high)
