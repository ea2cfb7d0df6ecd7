"""How a customer's stage, its threshold and all its changes look over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.metrics.lifecycle.answering import Ground, stage_name
from services.metrics.lifecycle.domain.stages import Reason, fall_due, next_due
from services.metrics.lifecycle.domain.thresholds import Threshold
from services.metrics.lifecycle.store.changes import decode_evidence
from services.metrics.lifecycle.store.lives import Change, Life

LIFE_EXAMPLE: dict[str, Any] = {
    "stage": "active",
    "since": "2025-12-02",
    "threshold": {
        "days": 63,
        "kind": "personal",
        "own_gaps": 2,
        "own_gap_days": 71,
        "shop_gaps": 1_200,
        "shop_gap_days": 57,
        "shop_gaps_as_of": "2026-02-11",
    },
    "due": {"day": "2026-04-15", "stage": "lapsing", "reason": "threshold"},
    "unsettled": False,
    "transitions": [
        {
            "number": 1,
            "day": "2025-11-02",
            "previous": "prospect",
            "stage": "new",
            "reason": "order",
            "last_active": "2025-11-02",
            "days": 0,
            "threshold": {"days": 90, "kind": "fixed", "own_gaps": 0},
            "late": False,
            "retracted": False,
            "time": "2025-11-02T10:15:00Z",
            "event_id": "019a43d1-7d20-8c55-9d0e-4bd2f7b3a6f1",
            "retracted_by": "019a43d1-7d20-8c55-9d0e-4bd2f7b3a6f2",
        }
    ],
}


class ThresholdAnswer(BaseModel):
    """After how many days without activity the customer lapses, and where the number comes from."""

    days: int
    kind: Literal["fixed", "personal"]
    own_gaps: int = Field(0, description="Own gaps that were looked at, the newest ones.")
    own_gap_days: int | None = Field(None, description="Their quantile.")
    shop_gaps: int = Field(0, description="Gaps behind the shop's quantile.")
    shop_gap_days: int | None = None
    shop_gaps_as_of: date | None = Field(None, description="The day from which on the shop's quantile stood frozen.")


class DueAnswer(BaseModel):
    """What the clock does next."""

    day: date
    stage: str
    reason: str


class ChangeAnswer(BaseModel):
    """A change of stage."""

    number: int
    day: date
    previous: str
    stage: str
    reason: str
    last_active: date | None
    days: int | None = Field(description="Whole days since then.")
    threshold: ThresholdAnswer | None
    late: bool = Field(description="Learnt after its day had been judged otherwise.")
    retracted: bool
    time: datetime
    event_id: str | None = Field(description="The event that told it; null where nothing was published.")
    retracted_by: str | None = Field(description="The event that took it back.")


def told(life: Life | None, changes: Sequence[Change], ground: Ground) -> dict[str, Any]:
    """The fields of an answer about a customer that are about stages."""
    standing = None if life is None else life.standing
    stage = None if standing is None else stage_name(standing.stage)
    # The last of those that hold and lead to where the customer stands now.
    here = [change for change in changes if change.retracted_by is None and stage_name(change.stage) == stage]
    threshold = None if standing is None else standing.threshold
    return {
        "stage": stage,
        "since": date.fromordinal(max(change.day for change in here)) if here else None,
        "threshold": None if threshold is None else _threshold(threshold),
        "due": None if life is None else _due(life, ground),
        "unsettled": life is not None and life.put_off,
        "transitions": [_change(change) for change in changes],
    }


def _threshold(threshold: Threshold) -> ThresholdAnswer:
    as_of = threshold.figure_day
    return ThresholdAnswer(
        days=threshold.days,
        kind="personal" if threshold.personal else "fixed",
        own_gaps=threshold.own_gaps,
        own_gap_days=threshold.own_gap_days,
        shop_gaps=threshold.shop_gaps,
        shop_gap_days=threshold.shop_gap_days,
        shop_gaps_as_of=date.fromordinal(as_of) if as_of else None,
    )


def _due(life: Life, ground: Ground) -> DueAnswer | None:
    day = next_due(life.standing, ground.rules)
    if day is None:
        return None
    _, [change, *_more] = fall_due(life.standing, ground.rules, day)
    return DueAnswer(day=date.fromordinal(day), stage=stage_name(change.stage), reason=_reason(change.reason))


def _change(change: Change) -> ChangeAnswer:
    return ChangeAnswer(
        number=change.n,
        day=date.fromordinal(change.day),
        previous=stage_name(change.previous),
        stage=stage_name(change.stage),
        reason=_reason(change.reason),
        last_active=date.fromordinal(change.last_active) if change.last_active else None,
        days=change.day - change.last_active if change.last_active else None,
        threshold=_evidence(change),
        late=change.late,
        retracted=change.retracted_by is not None,
        time=change.time,
        event_id=change.event_id,
        retracted_by=change.retracted_by or None,
    )


def _evidence(change: Change) -> ThresholdAnswer | None:
    threshold = decode_evidence(change.evidence)
    return None if threshold is None else _threshold(threshold)


def _reason(reason: int) -> str:
    return Reason(reason).name.lower()
