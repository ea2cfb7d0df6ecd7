"""Birthdays: month and day, with the year where it is known, in one of two calendars.

A date with a year is one day, whatever calendar it was told in, so it is kept Gregorian. Without a year, month and day
mean something in the calendar that they were told in alone.

Who was born on a day that a year has not (29 February, 30 Esfand) has their birthday on the last day of that month.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal, NamedTuple

from shared.kernel.days import DayOrdinal
from shared.kernel.months import GREGORIAN, JALALI, month_of, start_of_month

Calendar = Literal["gregorian", "jalali"]
_TEXT = re.compile(r"(?:(\d{4})|-)-(\d{2})-(\d{2})(/jalali)?", re.ASCII)
_LEAP = {GREGORIAN: 2000, JALALI: 1399}
"""A year of each calendar that has all of its days."""
_DAYS_MAX = 31


class Birthday(NamedTuple):
    """When somebody was born, as far as it is known. `birthday_of` makes sound ones."""

    month: int
    day: int
    year: int | None = None
    calendar: Calendar = "gregorian"
    """Of month and day. With a year it is Gregorian."""

    def text(self) -> str:
        """As tables keep it: `1990-05-21`; `--05-21` or `--12-30/jalali` without a year."""
        year = "-" if self.year is None else f"{self.year:04d}"
        return f"{year}-{self.month:02d}-{self.day:02d}" + ("/jalali" if self.calendar == JALALI else "")

    def is_on(self, day: date, calendar: Calendar) -> bool:
        """Whether it is their birthday. `calendar`: theirs; without a year it is the one that the day was told in."""
        born = None if self.year is None else date(self.year, self.month, self.day)
        if born is not None and day <= born:
            return False
        key = self.keys()[0 if self._calendar(calendar) == GREGORIAN else 1]
        return key in keys_on(day, self._calendar(calendar))

    def year_of(self, day: date, calendar: Calendar) -> int:
        """In which year of that calendar a birthday on this day is."""
        return month_of(DayOrdinal(day.toordinal()), self._calendar(calendar)) // 12

    def keys(self) -> tuple[int | None, int | None]:
        """Month and day as `month * 100 + day`, (Gregorian, Jalali); None where only the other one is known."""
        own = self.month * 100 + self.day
        if self.year is not None:
            return own, _key(date(self.year, self.month, self.day), JALALI)
        return (own, None) if self.calendar == GREGORIAN else (None, own)

    def _calendar(self, wanted: Calendar) -> Calendar:
        return wanted if self.year is not None else self.calendar


def birthday_of(month: int, day: int, year: int | None, calendar: str) -> Birthday:
    """Of a date in either calendar. Raises ValueError for a day that there is not."""
    told: Calendar = "gregorian" if calendar == GREGORIAN else "jalali"
    first = start_of_month((year or _LEAP[told]) * 12 + month - 1, calendar)
    if not 1 <= month <= 12 or not 1 <= day <= start_of_month((year or _LEAP[told]) * 12 + month, calendar) - first:
        raise ValueError("there is no such day")
    if year is None:
        return Birthday(month, day, None, told)
    found = date.fromordinal(first + day - 1)
    return Birthday(found.month, found.day, found.year)


def read_birthday(text: str) -> Birthday:
    """What `Birthday.text` gave. Raises ValueError for anything else."""
    found = _TEXT.fullmatch(text)
    if found is None or (found[1] and found[4]):
        raise ValueError("a birthday is written YYYY-MM-DD, --MM-DD or --MM-DD/jalali")
    year = int(found[1]) if found[1] else None
    return birthday_of(int(found[2]), int(found[3]), year, JALALI if found[4] else GREGORIAN)


def keys_on(day: date, calendar: str) -> frozenset[int]:
    """The `month * 100 + day` whose birthday is on that day: on the last of a month also those that it has not."""
    key = _key(day, calendar)
    is_last = _key(day + timedelta(days=1), calendar) // 100 != key // 100
    return frozenset(range(key, key // 100 * 100 + _DAYS_MAX + 1)) if is_last else frozenset({key})


def _key(day: date, calendar: str) -> int:
    ordinal = DayOrdinal(day.toordinal())
    month = month_of(ordinal, calendar)
    return (month % 12 + 1) * 100 + ordinal - start_of_month(month, calendar) + 1
