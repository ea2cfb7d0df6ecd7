"""Birthdays as shops send them: read where they are unmistakable, and let go otherwise. Pure.

The form is free text of customers: what cannot be understood names nobody and refuses no event.
"""

from __future__ import annotations

import re
from datetime import date

from shared.kernel import Birthday, birthday_of, fold
from shared.kernel.months import GREGORIAN, JALALI

_JALALI_YEARS = range(1280, 1500)
_GREGORIAN_YEARS = range(1900, 2100)
_LENGTH_MAX = 40
_YEAR_FIRST = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[t ]00:00(?::00(?:\.0+)?)?(?:z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_YEARLESS = re.compile(r"--(\d{2})-?(\d{2})", re.ASCII)
_NAMED = re.compile(r"(\d{1,2}) ([^\W\d]+)(?: (?:ماه )?(\d{4}))?")
_NAMES = ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند")
_MONTHS = {fold(name): number for number, name in enumerate(_NAMES, 1)}
_PERSIAN_DIGITS = frozenset("۰۱۲۳۴۵۶۷۸۹")
_Read = tuple[int, int, int | None, str]
"""Month, day, year and calendar."""


def understood(text: str, said_on: date) -> str | None:
    """The birthday as tables keep it. None of what could be two days, is none, or is none yet on `said_on`.

    Taken are `1990-05-21`, also with `/` or `.` between and with a time that is midnight; the year last where one
    number alone can be the month; `--05-21`; Jalali dates by their years (1280 to 1499), by the names of their months,
    and without a year by Persian digits.
    """
    if len(text) > _LENGTH_MAX:
        return None
    try:
        found = _read(fold(text), JALALI if _PERSIAN_DIGITS & set(text) else GREGORIAN)
        birthday = None if found is None else birthday_of(*found)
    except (ValueError, OverflowError):
        return None
    if birthday is None or (birthday.year is not None and not _is_credible(birthday, said_on)):
        return None
    return birthday.text()


def _is_credible(birthday: Birthday, said_on: date) -> bool:
    assert birthday.year is not None, "asked of those alone"
    return birthday.year in _GREGORIAN_YEARS and date(birthday.year, birthday.month, birthday.day) <= said_on


def _read(text: str, yearless: str) -> _Read | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _with_year(int(found[3]), int(found[4]), int(found[1]))
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEARLESS.fullmatch(text):
        return int(found[1]), int(found[2]), None, yearless
    if (found := _NAMED.fullmatch(text)) and found[2] in _MONTHS:
        year = int(found[3]) if found[3] else None
        known = year is None or year in _JALALI_YEARS
        return (_MONTHS[found[2]], int(found[1]), year, JALALI) if known else None
    return None


def _with_year(month: int, day: int, year: int) -> _Read | None:
    if year in _JALALI_YEARS:
        return month, day, year, JALALI
    return (month, day, year, GREGORIAN) if year in _GREGORIAN_YEARS else None


def _year_last(one: int, other: int, year: int) -> _Read | None:
    """Day and month in either order, where only one of them can be meant."""
    orders = {(one, other), (other, one)}
    read = [pair for pair in orders if pair[0] <= 12]
    return _with_year(*read[0], year) if len(read) == 1 else None
