"""Changes of stages as the contract has them."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple, cast

from msgspec import UNSET

from services.metrics.lifecycle.domain.stages import Reason, Stage
from services.metrics.lifecycle.domain.thresholds import Activity, Rules, Threshold
from services.metrics.lifecycle.domain.walking import Change, Retraction
from shared.contracts import lifecycle as contract
from shared.contracts.customers import CustomerMerged, CustomerUnmerged, CustomerUpdated
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.shops import Lifecycle
from shared.kernel import derive_event_id

SOURCE = "mandegar/metrics"
STAGES = {stage: cast(contract.Stage, stage.name.lower()) for stage in Stage}
REASONS: dict[Reason, contract.Reason] = {
    Reason.ORDER: "order",
    Reason.VISIT: "visit",
    Reason.ONBOARDED: "onboarded",
    Reason.THRESHOLD: "threshold",
    Reason.WINDOW: "window",
}
_Changed = (
    type[contract.StageChanged]
    | type[contract.CustomerLapsing]
    | type[contract.CustomerLost]
    | type[contract.CustomerReactivated]
)
_TYPES: dict[Stage, tuple[_Changed, str]] = {
    Stage.LAPSING: (contract.CustomerLapsing, "customer.lapsing"),
    Stage.LOST: (contract.CustomerLost, "customer.lost"),
    Stage.REACTIVATED: (contract.CustomerReactivated, "customer.reactivated"),
}
_OTHERS: tuple[_Changed, str] = (contract.StageChanged, "customer.stage.changed")
_RETRACTED = "customer.stage.retracted"


class Told(NamedTuple):
    """Whose event it is, what caused it, when its change took effect."""

    shop: str
    customer: str
    cause: Envelope | None
    """None: the clock."""
    start: datetime
    """Of the day of the change."""
    change_id: str
    """Of the event of the change, be it told or taken back."""


def reason_of(event: Envelope) -> str:
    """Why stages are not true because of the event, where it tells of an identity; else nothing."""
    if isinstance(event, CustomerMerged):
        return "merged"
    if isinstance(event, CustomerUnmerged):
        return "unmerged"
    if isinstance(event, CustomerUpdated):  # the last word on an identity, where compaction left no other
        return "unmerged" if event.data.canonical == event.data.customer else "merged"
    return ""


def rules_of(settings: Lifecycle) -> Rules:
    """The rules of a shop's settings."""
    return Rules(
        lost_days=settings.lost_days,
        onboarding_days=settings.onboarding_days,
        personal=settings.lapsing == "personal",
        fixed_days=settings.lapsing_days,
        floor=settings.lapsing_floor,
        quantile=settings.lapsing_quantile,
        activity=Activity[settings.activity.upper()],
    )


def type_of(stage: Stage) -> str:
    """The type of the event that tells of a change to this stage."""
    return _TYPES.get(stage, _OTHERS)[1]


def change_id(shop: str, customer: str, start: datetime, n: int, stage: Stage) -> str:
    """The id of a change's event: the same whenever it is worked out. `start`: of its day."""
    return derive_event_id(int(start.timestamp() * 1000), shop, f"{customer}:{n}", type_of(stage))


def retraction_id(told: Told, n: int) -> str:
    """The id of the event that takes a change back."""
    return derive_event_id(int(told.start.timestamp() * 1000), told.shop, f"{told.customer}:{n}", _RETRACTED)


def changed(told: Told, act: Change, rules: Rules, sequence: int) -> Envelope:
    """The event of a change."""
    change, cause = act.transition, told.cause
    form = _TYPES.get(change.stage, _OTHERS)[0]
    return form(
        id=told.change_id,
        source=SOURCE,
        subject=told.customer,
        time=told.start if cause is None else cause.time,
        shop=told.shop,
        origin=cast(Origin, act.origin),
        sequence=sequence,
        causationid=UNSET if cause is None else cause.id,
        correlationid=UNSET if cause is None else cause.correlationid,
        effectiveat=told.start,
        data=contract.StageChange(
            customer=told.customer,
            number=act.n,
            previous=STAGES[change.previous],
            stage=STAGES[change.stage],
            day=date.fromordinal(change.day),
            reason=REASONS[change.reason],
            last_active=None if change.last_active is None else date.fromordinal(change.last_active),
            days=None if change.last_active is None else change.day - change.last_active,
            threshold=_evidence(change.threshold),
            window_days=rules.lost_days,
            late=act.late,
        ),
    )


def retracted(told: Told, act: Retraction, sequence: int, now: datetime) -> Envelope:
    """The event that takes a change back. `now`: its time, where no event caused it."""
    n, change, cause = act.told.n, act.told.transition, told.cause
    return contract.StageRetracted(
        id=retraction_id(told, n),
        source=SOURCE,
        subject=told.customer,
        time=now if cause is None else cause.time,
        shop=told.shop,
        origin=cast(Origin, act.origin),
        sequence=sequence,
        causationid=UNSET if cause is None else cause.id,
        correlationid=UNSET if cause is None else cause.correlationid,
        effectiveat=told.start,
        data=contract.StageRetraction(
            customer=told.customer,
            retracts=told.change_id,
            number=n,
            stage=STAGES[change.stage],
            day=date.fromordinal(change.day),
            reason=cast(contract.RetractionReason, act.reason),
        ),
    )


def _evidence(threshold: Threshold | None) -> contract.Threshold | None:
    if threshold is None:
        return None
    as_of = threshold.figure_day
    return contract.Threshold(
        days=threshold.days,
        kind="personal" if threshold.personal else "fixed",
        own_gaps=threshold.own_gaps,
        own_gap_days=threshold.own_gap_days,
        shop_gaps=threshold.shop_gaps,
        shop_gap_days=threshold.shop_gap_days,
        shop_gaps_as_of=None if as_of is None else date.fromordinal(as_of),
    )
