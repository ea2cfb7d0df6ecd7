"""`metrics.lifecycle.v1`: stages of customers as they change, keyed by shop and customer.

Each change is one event. Its type says where it leads: `customer.lapsing`, `customer.lost`, `customer.reactivated`, and
`customer.stage.changed` for the others; all have the same data. What turns out to be untrue is taken back by
`customer.stage.retracted`, which names the event; what follows instead comes with `late` set.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from shared.contracts.envelope import Envelope

Stage = Literal["prospect", "new", "active", "lapsing", "lost", "reactivated"]
Reason = Literal["order", "visit", "onboarded", "threshold", "window"]
"""Why: an order, a visit; the onboarding days are over; too long without activity; not held any more."""


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """After how many days without activity this customer lapses, and where the number comes from."""

    days: int
    kind: Literal["fixed", "personal"]
    own_gaps: int = 0
    """Gaps between own days of activity that were looked at, the newest ones."""
    own_gap_days: int | None = None
    """Their quantile."""
    shop_gaps: int = 0
    """Gaps of the shop's customers behind its quantile."""
    shop_gap_days: int | None = None
    shop_gaps_as_of: date | None = None
    """The day from which on the shop's quantile stood frozen."""


class StageChange(msgspec.Struct, frozen=True, kw_only=True):
    """A customer went from one stage to the next."""

    customer: str
    number: int
    """Counts the customer's changes, retracted ones included."""
    previous: Stage
    stage: Stage
    day: date
    """The shop's day on which it took effect, from its start or by an order in its course."""
    reason: Reason
    last_active: date | None
    """The last day of activity before (an order, a visit: as the shop has chosen)."""
    days: int | None
    """Whole days since then."""
    threshold: Threshold | None = None
    """For `lapsing`: what was passed. For others the threshold in force, where there is one."""
    window_days: int
    """A customer without an order for so many days is lost."""
    late: bool = False
    """Learnt after its day had been judged otherwise: a correction, which should start nothing."""


class StageChanged(Envelope, frozen=True, kw_only=True, tag="customer.stage.changed"):
    """The customer became `new` or `active`."""

    data: StageChange


class CustomerLapsing(Envelope, frozen=True, kw_only=True, tag="customer.lapsing"):
    """The customer stays away longer than usual and is about to be lost."""

    data: StageChange


class CustomerLost(Envelope, frozen=True, kw_only=True, tag="customer.lost"):
    """The customer is not held any more."""

    data: StageChange


class CustomerReactivated(Envelope, frozen=True, kw_only=True, tag="customer.reactivated"):
    """A lost customer ordered again."""

    data: StageChange


RetractionReason = Literal["late_order", "order_gone", "order_moved", "settings", "merged", "unmerged"]


class StageRetraction(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was published and is not true."""

    customer: str
    retracts: str
    """Id of the event taken back."""
    number: int
    """Its number among the customer's changes."""
    stage: Stage
    """The stage that it had led to."""
    day: date
    reason: RetractionReason


class StageRetracted(Envelope, frozen=True, kw_only=True, tag="customer.stage.retracted"):
    """An earlier event of this customer is taken back."""

    data: StageRetraction


LifecycleEvent = StageChanged | CustomerLapsing | CustomerLost | CustomerReactivated | StageRetracted
