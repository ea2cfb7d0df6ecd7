"""What becomes of points once they are earned: when they can be spent, when they expire, what a debt means; tiers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.loyalty.programmes.domain.conditions import Ident, Name

Days = Annotated[int, Meta(ge=1, le=3_650)]
Months = Annotated[int, Meta(ge=1, le=120)]


class _Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all terms have in common."""


class AtOnce(_Term, frozen=True, kw_only=True, tag="none"):
    """Points can be spent when they are earned."""


class AfterDays(_Term, frozen=True, kw_only=True, tag="days"):
    """Points become active so many days of the shop after the day they were earned on, when that day begins."""

    days: Days


class AfterDelivery(_Term, frozen=True, kw_only=True, tag="delivered"):
    """Points become active when the days to return an order are over; they are counted from its delivery.

    Of an order whose delivery nobody tells of, so many days after it was completed.
    """

    return_days: Annotated[int, Meta(ge=0, le=3_650)]
    untold_days: Days


Pending = AtOnce | AfterDays | AfterDelivery


class Never(_Term, frozen=True, kw_only=True, tag="never"):
    """Points do not expire."""


class Rolling(_Term, frozen=True, kw_only=True, tag="rolling"):
    """Each lot expires so long after it became active: months of the shop's calendar, or days. Its last day counts."""

    months: Months | None = None
    days: Days | None = None


class YearDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day of every year of the shop's calendar; of a month that is shorter, its last day."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]


class FixedDates(_Term, frozen=True, kw_only=True, tag="fixed"):
    """All lots expire at the end of the next of these days; one that came too short before it, at the one after."""

    dates: Annotated[tuple[YearDay, ...], Meta(min_length=1, max_length=12)]
    least_days: Annotated[int, Meta(ge=0, le=366)] = 0
    """A lot lasts at least so many days after the day on which it became active."""


class Sliding(_Term, frozen=True, kw_only=True, tag="sliding"):
    """All lots expire when the member was not active for so long: each activity begins the time anew."""

    months: Months | None = None
    days: Days | None = None
    activity: Literal["orders", "any"] = "orders"
    """Counted orders, or whatever earns or spends points."""


Expiry = Never | Rolling | FixedDates | Sliding

Debt = Literal["debt", "later_earnings", "partial"]
"""What a claw-back does that finds the points spent: the balance goes below zero; what is earned later pays; or only
what is there is taken."""
JoinBy = Literal["event", "first_order", "http"]


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tier. The first one is where everybody begins, so its threshold is 0."""

    id: Ident
    name: Name
    threshold: Annotated[int, Meta(ge=0, le=10**15)]
    """Of what `Tiers.by` counts: minor units, points, or orders."""
    percent: Annotated[int, Meta(ge=100, le=1_000)] = 100
    """What its members earn: 150 is one and a half times as many points."""
    benefits: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    """As members read them."""


class RollingWindow(_Term, frozen=True, kw_only=True, tag="rolling"):
    """The last so many days."""

    days: Days


class CalendarWindow(_Term, frozen=True, kw_only=True, tag="calendar"):
    """The year or quarter of the shop's calendar."""

    unit: Literal["year", "quarter"]


class Tiers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Levels that members reach at once and lose at a review alone."""

    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=20)]
    """From the lowest to the highest."""
    by: Literal["spend", "points", "orders"] = "spend"
    window: RollingWindow | CalendarWindow = RollingWindow(days=365)
    downgrade: Literal["none", "one_step", "reassess"] = "one_step"
    grace_days: Annotated[int, Meta(ge=0, le=366)] = 0
    """So long after a review a level that was missed is kept."""


Notices = Annotated[tuple[Days, ...], Meta(max_length=10)]
