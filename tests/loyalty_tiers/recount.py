"""Where somebody stands, day by day and by the definition: no sums kept, no dates worked out ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from services.loyalty.programmes import CalendarWindow, RollingWindow, Tiers
from services.loyalty.tiers import Day


def measure(days: Iterable[Day], tiers: Tiers, today: int) -> int:
    """What counts at the end of a day; of a shop with the Gregorian calendar."""
    return sum(getattr(one, tiers.by) for one in days if _counts(tiers, one.day, today))


def opening(days: Iterable[Day], tiers: Tiers, today: int) -> int:
    """What counts from the moment that a day begins: points whose waiting is over."""
    return sum(one.opening for one in days if one.day == today) if tiers.by == "points" else 0


def _counts(tiers: Tiers, day: int, today: int) -> bool:
    if day > today:
        return False
    if isinstance(tiers.window, RollingWindow):
        return today - day < tiers.window.days
    return _period(tiers, day) == _period(tiers, today)


def _period(tiers: Tiers, day: int) -> tuple[int, int]:
    assert isinstance(tiers.window, CalendarWindow)
    when = date.fromordinal(day)
    return when.year, (when.month - 1) // 3 if tiers.window.unit == "quarter" else 0


def enough_for(tiers: Tiers, counted: int) -> int:
    """The highest level."""
    place = 0
    for at, level in enumerate(tiers.levels):
        if at and level.threshold <= counted:
            place = at
    return place


def brute(days: Sequence[Day], tiers: Tiers, since: int, until: int) -> list[int]:
    """The place of the level at the end of each day from `since` on."""
    place, held, missed, left, reviewed = 0, 0, 0, 0, 0
    found = []
    for today in range(since, until + 1):
        held += 1  # whole days that the level was held for since it was reached or reviewed
        if place and tiers.downgrade != "none":
            if missed and today == missed + tiers.grace_days:
                place, missed, held = _lower(days, tiers, place, (today, left, reviewed)), 0, 1
                reviewed = today
            elif not missed and _is_time(tiers, held, today):
                counted = _at_review(days, tiers, today, reviewed)
                if counted >= tiers.levels[place].threshold:
                    held, reviewed = 1, today
                elif tiers.grace_days:
                    missed, left = today, counted
                else:
                    place, held = _lower(days, tiers, place, (today, counted, reviewed)), 1
                    reviewed = today
        counted = measure(days, tiers, today)
        acts = any(one.day == today and any(one[1:]) for one in days)
        if acts and enough_for(tiers, counted) > place:
            place, held, missed = enough_for(tiers, counted), 0, 0
        elif acts and missed and counted >= tiers.levels[place].threshold:
            held, missed = 0, 0
        found.append(place)
    return found


def _is_time(tiers: Tiers, held: int, today: int) -> bool:
    if isinstance(tiers.window, RollingWindow):
        return held > tiers.window.days
    return _period(tiers, today) != _period(tiers, today - 1)


def _at_review(days: Sequence[Day], tiers: Tiers, today: int, reviewed: int) -> int:
    """Up to yesterday, and this morning's; not those of the morning of the last review, which counted then."""
    counted = measure(days, tiers, today - 1) + opening(days, tiers, today)
    if isinstance(tiers.window, RollingWindow):
        begins = reviewed == today - tiers.window.days
    else:
        begins = _begins(tiers, reviewed, today - 1)
    return counted - opening(days, tiers, reviewed) if begins else counted


def _begins(tiers: Tiers, day: int, other: int) -> bool:
    """Whether a day is the first of the period that another is in."""
    return day > 1 and _period(tiers, day) == _period(tiers, other) != _period(tiers, day - 1)


def _lower(days: Sequence[Day], tiers: Tiers, place: int, at: tuple[int, int, int]) -> int:
    today, left, reviewed = at
    counted = _at_review(days, tiers, today, reviewed)
    if isinstance(tiers.window, CalendarWindow):
        counted = max(counted, left)
    lower = enough_for(tiers, counted)
    return max(lower, place - 1) if tiers.downgrade == "one_step" else lower
