"""The days of a series: the last day of each step, and the last day asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kernel import DayOrdinal, month_of, month_text, start_of_month

Step = Literal["day", "week", "month", "quarter", "year"]

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Span:
    """A day, week, month, quarter or year. Days are ordinals."""

    name: str
    """`2026-03` (or `1404-12`), `2026-Q1`, `2026`; of days and weeks the first day."""
    first: int
    last: int


def points(first: int, last: int, step: Step, *, calendar: str, week_start: int) -> list[int]:
    """Ordinals from `first` to `last`, rising: the ends of the steps that fall between them, and `last` itself.

    Weeks begin on `week_start` (0 is Monday); months, quarters and years are the calendar's. Raises ValueError when
    `last` lies before `first`.
    """
    if last < first:
        raise ValueError("the last day lies before the first")
    if step == "day":
        return list(range(first, last + 1))
    if step == "week":
        # Ordinal 1 was a Monday, so (ordinal - 1) % 7 is the weekday.
        ends = list(range(first + (week_start - first) % 7, last + 1, 7))
    else:
        ends = _ends_of_months(first, last, _MONTHS[step], calendar)
    return [*(day for day in ends if day < last), last]


def _ends_of_months(first: int, last: int, months: int, calendar: str) -> list[int]:
    # Steps are aligned to the year: the quarters of a calendar are its months 1 to 3, and so on.
    month = month_of(DayOrdinal(first), calendar)
    following = range(month - month % months + months, month_of(DayOrdinal(last), calendar) + months + 1, months)
    return [start_of_month(start, calendar) - 1 for start in following]


def span_of(day: int, step: Step, *, calendar: str, week_start: int) -> Span:
    """The span of a step in which a day lies; with the same arguments as `points`."""
    if step == "day":
        return Span(date.fromordinal(day).isoformat(), day, day)
    if step == "week":
        first = day - (day - 1 - week_start) % 7
        return Span(date.fromordinal(first).isoformat(), first, first + 6)
    months = _MONTHS[step]
    month = month_of(DayOrdinal(day), calendar)
    month -= month % months
    return Span(_name(month, step), start_of_month(month, calendar), start_of_month(month + months, calendar) - 1)


def _name(month: int, step: Step) -> str:
    year, before = divmod(month, 12)
    return {"month": month_text(month), "quarter": f"{year:04d}-Q{before // 3 + 1}"}.get(step, f"{year:04d}")
