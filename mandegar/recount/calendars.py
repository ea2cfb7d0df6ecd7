"""Months of both calendars by plain arithmetic, and the day on which the books take an event down."""

from __future__ import annotations

from datetime import date, timedelta

_NOWRUZ_1400 = date(2021, 3, 21)
_MONTHS = (31,) * 6 + (30,) * 5


def month_start(day: date, calendar: str) -> date:
    """The first day of the month in which `day` lies. ValueError for an unknown calendar."""
    if calendar == "gregorian":
        return day.replace(day=1)
    start = _nowruz_before(day, calendar)
    for length in _MONTHS:
        if day < start + timedelta(days=length):
            return start
        start += timedelta(days=length)
    return start


def next_month(day: date, calendar: str) -> date:
    """The first day of the month after that of `day`."""
    start = month_start(day, calendar)
    return month_start(start + timedelta(days=31), calendar)  # no month is longer, and the next one not shorter than 28


def months_between(earlier: date, later: date, calendar: str) -> int:
    """How many months later the month of `later` is."""
    count, month = 0, month_start(earlier, calendar)
    while month < month_start(later, calendar):
        count, month = count + 1, next_month(month, calendar)
    return count


def booked_day(occurred: date, received: date | None, calendar: str, closing_days: int) -> date:
    """The day it occurred; the day it was received, where the month of the first had closed by then.

    A month closes with the end of the day `closing_days` after its last one. Without receipt: the day it occurred.
    """
    closes = next_month(occurred, calendar) + timedelta(days=closing_days - 1)
    return received if received is not None and received > closes else occurred


def _nowruz_before(day: date, calendar: str) -> date:
    """New year's day of the Jalali year in which `day` lies, by the cycle of 33 years: right for 1178 to 1633."""
    if calendar != "jalali":
        raise ValueError(f"unknown calendar {calendar!r}")
    year, start = 1400, _NOWRUZ_1400
    while day < start:
        year -= 1
        start -= timedelta(days=_length(year))
    while day >= start + timedelta(days=_length(year)):
        start += timedelta(days=_length(year))
        year += 1
    return start


def _length(year: int) -> int:
    return 366 if (25 * year + 11) % 33 < 8 else 365
