"""Months of a shop's calendar, Gregorian or Jalali. A month is an index, year * 12 + month - 1: differences are months.

Jalali years begin where Borkowski's table of leap-year breaks puts Nowruz, which agrees with the official calendar of
Iran for every year in which there were or will be shops.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

from shared.kernel.days import DayOrdinal

GREGORIAN: Final = "gregorian"
JALALI: Final = "jalali"

_TEXT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_BREAKS = (-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, 1210, 1635, 2060, 2097, 2192, 2262, 2324, 2394, 2456, 3178)
_JALALI_YEAR_OFFSET = 621


def month_of(day: DayOrdinal, calendar: str) -> int:
    """Index of the month in which a day lies. Raises ValueError for an unknown calendar."""
    when = date.fromordinal(day)
    if calendar == GREGORIAN:
        return when.year * 12 + when.month - 1
    _check(calendar)
    year = when.year - _JALALI_YEAR_OFFSET
    if day < _nowruz(year):
        year -= 1
    into = day - _nowruz(year)
    return year * 12 + (into // 31 if into < 186 else 6 + (into - 186) // 30)


def start_of_month(month: int, calendar: str) -> DayOrdinal:
    """First day of a month, by its index. Raises ValueError for an unknown calendar or a year outside it."""
    year, before = divmod(month, 12)
    if calendar == GREGORIAN:
        return DayOrdinal(date(year, before + 1, 1).toordinal())
    _check(calendar)
    return DayOrdinal(_nowruz(year) + (before * 31 if before < 7 else 186 + (before - 6) * 30))


def month_text(month: int) -> str:
    """`YYYY-MM`."""
    year, before = divmod(month, 12)
    return f"{year:04d}-{before + 1:02d}"


def parse_month(text: str) -> int:
    """The index of `YYYY-MM`. Raises ValueError for any other form."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("a month is written YYYY-MM, such as 2026-03")
    return int(found[1]) * 12 + int(found[2]) - 1


def _check(calendar: str) -> None:
    if calendar != JALALI:
        raise ValueError(f"unknown calendar {calendar!r}; use gregorian or jalali")


@lru_cache(maxsize=512)
def _nowruz(year: int) -> int:
    if not _BREAKS[0] <= year < _BREAKS[-1]:
        raise ValueError("the Jalali calendar is known up to the year 3177")
    leaps, jump, start = -14, 0, _BREAKS[0]
    for start, stop in pairwise(_BREAKS):
        jump = stop - start
        if year < stop:
            break
        leaps += jump // 33 * 8 + jump % 33 // 4
    since = year - start
    leaps += since // 33 * 8 + (since % 33 + 3) // 4
    if jump % 33 == 4 and jump - since == 4:
        leaps += 1
    gregorian = year + _JALALI_YEAR_OFFSET
    gregorian_leaps = gregorian // 4 - (gregorian // 100 + 1) * 3 // 4 - 150
    return date(gregorian, 3, 20 + leaps - gregorian_leaps).toordinal()
