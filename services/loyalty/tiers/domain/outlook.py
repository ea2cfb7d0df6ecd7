"""What is to be told: changes of a level that are news, what keeps a level, and what leads to the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.loyalty.programmes import CalendarWindow, Level
from services.loyalty.tiers.domain.plans import NEVER, Day, Plan, gathered
from services.loyalty.tiers.domain.standing import BASE, Change, Course, Why, openings_of, tally_of


class Told(NamedTuple):
    """What was told of somebody last."""

    level: str = BASE
    seen: int = 0
    """The day up to which it was told."""
    number: int = 0
    """How many changes were told."""


def news(told: Told, course: Course, today: int, *, moved: bool = False) -> list[Change]:
    """What is to be told now.

    Changes since the day up to which others were told, one after the other. Where the days before turned out to be
    otherwise (something was taken back, or came late), what was told is put right first. `moved`: identities were
    merged or parted, of which the end alone is news.
    """
    seen = today if moved else told.seen
    level, found = told.level, []
    if course.at(seen) != level:
        level = course.at(seen)
        rising = _height(course, level) > _height(course, told.level)
        why: Why = "merged" if moved else "reached" if rising else "recounted"
        # The day up to which was told was not over: who rose further on it did so then, whenever word of it comes.
        day = seen if why == "reached" and course.rose_on(seen) else today
        found.append(Change(day, told.level, level, why, course.standing.version))
    for one in course.changes:
        if one.day > seen and one.after != level:
            found.append(one._replace(before=level))
            level = one.after
    return found


def _height(course: Course, level: str) -> int:
    tiers = course.standing.tiers
    ids = [BASE] if tiers is None else [BASE, *(one.id for one in tiers.levels[1:])]
    return ids.index(level) if level in ids else len(ids)


class Keeping(NamedTuple):
    """What keeps a level."""

    by: int
    """The last day on which something counts for it."""
    missing: int
    """How much is missing; 0: it is kept already, as far as is known."""
    missed: bool
    """The review has been, and the time of grace runs."""


class Climbing(NamedTuple):
    """What leads to the next level."""

    level: Level
    missing: int
    by: int | None
    """The last day on which what was counted so far still counts in whole; None: nothing was counted."""


def keeping(days: Sequence[Day], plan: Plan, course: Course, today: int) -> Keeping | None:
    """None: nothing takes the level away."""
    standing = course.standing
    tiers, level = standing.tiers, standing.level
    if tiers is None or level is None or standing.due == NEVER:
        return None
    last = standing.due - 1
    at = min(last, today) if standing.missed else last
    known = gathered(days)
    window, opening = plan.window(tiers, at), openings_of(known, tiers)
    counted = tally_of(known, tiers.by).between(*window)
    if at == last:
        counted += opening.get(standing.due, 0) - (opening.get(window[0], 0) if window[0] == standing.reviewed else 0)
    return Keeping(last, max(0, level.threshold - counted), standing.missed)


def next_look(days: Sequence[Day], course: Course, today: int) -> int:
    """The next day on which somebody's level may change by itself: a review, or points whose waiting is over."""
    standing = course.standing
    if standing.tiers is None or standing.tiers.by != "points":
        return standing.due  # points alone may wait
    return min([standing.due, *(day for day in openings_of(gathered(days), standing.tiers) if day > today)])


def climbing(days: Sequence[Day], plan: Plan, course: Course, today: int) -> Climbing | None:
    """None: there is no higher level."""
    standing = course.standing
    tiers = standing.tiers
    if tiers is None or standing.place + 1 >= len(tiers.levels):
        return None
    level = tiers.levels[standing.place + 1]
    if isinstance(tiers.window, CalendarWindow):
        by: int | None = plan.period(tiers, today)[1]
    else:
        first, _ = plan.window(tiers, today)
        oldest = min((one.day for one in gathered(days) if first <= one.day <= today), default=None)
        by = None if oldest is None else oldest + tiers.window.days - 1
    return Climbing(level, max(0, level.threshold - course.counted), by)
