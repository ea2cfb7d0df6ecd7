"""Results over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.results import store
from services.campaigns.results.domain import Arm, Interval, Lift, Row, Variant, against, each, wilson
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
    "complained": 0,
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
_ARM: dict[str, Any] = {
    "runs": 940,
    "persons": 900,
    "converted": 126,
    "orders": 141,
    "conversion": {"share": 0.14, "low": 0.119, "high": 0.1642},
    "revenue": [{"amount": 1_762_500, "currency": "USD", "per_person": 1958.33}],
}
_DIFFERENCE: dict[str, Any] = {"difference": 0.06, "low": -0.0131, "high": 0.1058}
_LIFT: dict[str, Any] = {
    "treated": _ARM,
    "control": {
        "runs": 104,
        "persons": 100,
        "converted": 8,
        "orders": 9,
        "conversion": {"share": 0.08, "low": 0.0411, "high": 0.15},
        "revenue": [{"amount": 112_500, "currency": "USD", "per_person": 1125.0}],
    },
    "difference": _DIFFERENCE,
}
_VARIANT: dict[str, Any] = {
    "split": "tone",
    "variant": "warm",
    "sent": 870,
    "treated": _ARM,
    "control": _LIFT["control"],
    "difference": _DIFFERENCE,
}


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
    complained: int = Field(description="Called spam.")
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


class RevenueByPersonAnswer(RevenueAnswer):
    """Money, in minor units, and by person."""

    per_person: float = Field(description="Minor units, by person who entered, whether they bought or not.")


class ArmAnswer(BaseModel):
    """Those whom a journey treats, or those whom it held out. Persons are counted by the group of their first run."""

    runs: int = Field(description="Of these persons.")
    persons: int
    converted: int = Field(description="Persons with an order within the window after any of their runs began.")
    orders: int = Field(description="These, whatever was sent before them; each once.")
    conversion: ShareAnswer | None = Field(description="Converted of persons; null over nobody.")
    revenue: list[RevenueByPersonAnswer] = Field(description="Of these orders, net of refunds, by currency.")

    model_config = ConfigDict(json_schema_extra={"example": _ARM})


class LiftDifferenceAnswer(BaseModel):
    """By how much more of the treated bought, with its interval of 95 % (Newcombe)."""

    difference: float
    low: float
    high: float


class LiftAnswer(BaseModel):
    """What a journey brings, beside what would have been bought anyway."""

    treated: ArmAnswer
    control: ArmAnswer
    difference: LiftDifferenceAnswer | None = Field(description="Null where nobody is treated.")

    model_config = ConfigDict(json_schema_extra={"example": _LIFT})


class VariantAnswer(BaseModel):
    """What one way of a random split brings. A person is counted by their first run that came to a split, with their
    orders within the window after that run began."""

    split: str = Field(description="The step.")
    variant: str
    sent: int = Field(description="Messages, after the split.")
    treated: ArmAnswer
    control: ArmAnswer | None = Field(
        description="Those held out who came to the split, whichever way; null where there are none."
    )
    difference: LiftDifferenceAnswer | None = Field(description="Null without a control group.")

    model_config = ConfigDict(json_schema_extra={"example": _VARIANT})


class ResultsAnswer(BaseModel):
    """What a campaign led to, counted as it stands."""

    campaign: str
    as_of: datetime
    window_days: int
    total: FiguresAnswer
    steps: list[StepAnswer]
    lift: LiftAnswer | None = Field(description="Of a journey that held customers out; otherwise null.")
    variants: list[VariantAnswer] = Field(description="Of a journey with random splits, by split.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "campaign": "by-hand",
                "as_of": "2026-03-28T09:30:00Z",
                "window_days": 7,
                "total": _FIGURES,
                "steps": [{**_FIGURES, **_STEP}],
                "lift": _LIFT,
                "variants": [_VARIANT],
            }
        }
    )


@router.get("/{campaign}/results", response_model=ResultsAnswer, summary="What a campaign led to")
async def read_results(
    caller: Annotated[Caller, Depends(allow("campaigns:read"))],
    database: DatabaseDep,
    campaign: Annotated[str, Path(pattern=_NAME, description="As its messages name it.", examples=["by-hand"])],
    window_days: Annotated[
        int,
        Query(
            ge=1, le=_WINDOW_DAYS_MAX, description="Orders so long after a message, or a run's begin, are due to it."
        ),
        Digits,
    ] = 7,
) -> ResultsAnswer:
    """Counted anew each time, so orders that are cancelled, refunded or late, and merged customers, are as they stand.

    An order counts for the last message before it, of whichever campaign. `lift` is apart from that: it holds those
    whom a journey treats against those whom it held out, by all they bought since.
    """
    async with database.read(caller.shop_id) as reads:
        window = timedelta(days=window_days)
        whole, steps = await store.rows_of(reads, caller.shop_id, campaign, window)
        lift = await store.lift_of(reads, caller.shop_id, campaign, window)
        variants = await store.variants_of(reads, caller.shop_id, campaign, window)
    if not steps and lift is None and not variants:
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
        lift=None if lift is None else _lift(lift),
        variants=[_variant(one) for one in variants],
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


def _lift(found: Lift) -> LiftAnswer:
    return LiftAnswer(
        treated=_arm(found.treated), control=_arm(found.control), difference=_difference(found.difference)
    )


def _variant(found: Variant) -> VariantAnswer:
    return VariantAnswer(
        split=found.split,
        variant=found.name,
        sent=found.sent,
        treated=_arm(found.treated),
        control=None if found.control is None else _arm(found.control),
        difference=_difference(found.difference),
    )


def _difference(found: Interval | None) -> LiftDifferenceAnswer | None:
    return None if found is None else LiftDifferenceAnswer(difference=found.value, low=found.low, high=found.high)


def _arm(arm: Arm) -> ArmAnswer:
    revenue = [
        RevenueByPersonAnswer(amount=amount, currency=currency, per_person=each(amount, arm.persons))
        for currency, amount in arm.revenue
    ]
    share = _share(wilson(arm.converted, arm.persons))
    return ArmAnswer(**arm._asdict() | {"conversion": share, "revenue": revenue})
