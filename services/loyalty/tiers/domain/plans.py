"""What a shop's programme says of tiers over time, and the windows in which it counts. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from operator import add
from typing import NamedTuple

from services.loyalty.programmes import CalendarWindow, Tiers, Version, spans
from shared.contracts.shops import Shop
from shared.kernel import DayOrdinal, Zone, month_of, start_of_month

NEVER = 2**31 - 1
"""As a day."""
_MONTHS = {"year": 12, "quarter": 3}


class Day(NamedTuple):
    """What somebody did on one of the shop's days, of what stands: returns and cancellations are taken off."""

    day: int
    spend: int = 0
    """Minor units of the programme's currency."""
    points: int = 0
    """That can be spent from this day on: those that wait count once they do not."""
    orders: int = 0
    opening: int = 0
    """Of the points, those whose waiting was over as the day began."""

    @property
    def acts(self) -> bool:
        """Whether something was done on the day itself."""
        return bool(self.spend or self.orders or self.points != self.opening)


class Stage(NamedTuple):
    """What holds from a day on."""

    since: int
    version: int
    """Of the programme."""
    tiers: Tiers | None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The tiers of a shop, version by version. A version holds from the day on whose course it comes into force.

    Each is itself and equals no other, so that what follows from one can be kept.
    """

    slug: str
    zone: Zone
    calendar: str
    streams: bool = False
    """Whether the shop's time goes by its events."""
    stages: tuple[Stage, ...] = ()
    lowest: tuple[tuple[str, int], ...] = field(init=False)
    """By measure, the least that ever was enough for a level above the first."""

    def __post_init__(self) -> None:
        found: dict[str, int] = {}
        for tiers in [stage.tiers for stage in self.stages if stage.tiers is not None]:
            for level in tiers.levels[1:]:
                found[tiers.by] = min(level.threshold, found.get(tiers.by, level.threshold))
        object.__setattr__(self, "lowest", tuple(found.items()))  # frozen for all others

    @property
    def has_tiers(self) -> bool:
        """Whether there ever are any."""
        return any(stage.tiers is not None for stage in self.stages)

    def at(self, day: int) -> Stage | None:
        """What holds on a day."""
        return next((stage for stage in reversed(self.stages) if stage.since <= day), None)

    def period(self, tiers: Tiers, day: int) -> tuple[int, int]:
        """First and last day of the calendar period that a day is in."""
        assert isinstance(tiers.window, CalendarWindow), "a rolling window has no periods"
        months = _MONTHS[tiers.window.unit]
        first = month_of(DayOrdinal(day), self.calendar) // months * months
        return start_of_month(first, self.calendar), start_of_month(first + months, self.calendar) - 1

    def window(self, tiers: Tiers, day: int) -> tuple[int, int]:
        """First and last day of what counts at the end of a day."""
        if isinstance(tiers.window, CalendarWindow):
            return self.period(tiers, day)[0], day
        return day - tiers.window.days + 1, day

    def review_after(self, tiers: Tiers, day: int, *, reached: bool) -> int:
        """The day at whose start a level is reviewed next. `reached`: it was on this day; else this day began with one.

        A level is held for a whole window after the day on which it was reached: what it was reached by does not keep
        it. With calendar windows the period in which it was reached is reviewed, and so the next is whole as well.
        """
        if tiers.downgrade == "none":
            return NEVER
        if isinstance(tiers.window, CalendarWindow):
            return self.period(tiers, day)[1] + 1
        return day + tiers.window.days + (1 if reached else 0)


def plan_of(shop: Shop, versions: Sequence[Version]) -> Plan:
    """Of all versions that a shop has published, those that ever came into force."""
    zone = Zone(shop.zone)
    times = spans([(one.number, one.in_force_from) for one in versions])
    ever = sorted((since, one) for one in versions if (since := times[one.number].since) is not None)
    stages: dict[int, Stage] = {}
    for since, one in ever:
        day = int(zone.day_of(since))
        stages[day] = Stage(day, one.number, one.programme.tiers)
    return Plan(shop.slug, zone, shop.calendar, shop.clock == "stream", tuple(stages.values()))


class Tally:
    """Sums of a measure over days."""

    __slots__ = ("_days", "_sums")

    def __init__(self, amounts: Iterable[tuple[int, int]]) -> None:
        """`amounts`: days, rising, with what each counts."""
        pairs = list(amounts)
        self._days = [day for day, _ in pairs]
        self._sums = [0, *accumulate(amount for _, amount in pairs)]

    def since(self, first: int, place: int) -> int:
        """What counts from one day to the one at a place among the days, both included."""
        return self._sums[place + 1] - self._sums[bisect_left(self._days, first)]

    def between(self, first: int, last: int) -> int:
        """What counts from one day to another, both included."""
        return self._sums[bisect_right(self._days, last)] - self._sums[bisect_left(self._days, first)]


def gathered(days: Iterable[Day]) -> list[Day]:
    """One entry for each day, rising; those on which nothing stands are left out."""
    known = [one for one in days if any(one[1:])]
    if all(one[0] < other[0] for one, other in pairwise(known)):  # as they nearly always are
        return known
    found: dict[int, Day] = {}
    for one in known:
        other = found.get(one.day)
        found[one.day] = one if other is None else Day(one.day, *map(add, one[1:], other[1:]))
    return [found[day] for day in sorted(found) if any(found[day][1:])]


def added(days: list[Day], one: Day) -> list[Day]:
    """`gathered` with one more, which nearly always is of the last day or later. `days` are no longer to be used."""
    last = days[-1].day if days else one.day - 1
    if one.day > last:
        days.append(one)
        return days
    if one.day == last:
        days[-1] = Day(one.day, *map(add, one[1:], days[-1][1:]))
        return days
    return gathered([*days, one])
