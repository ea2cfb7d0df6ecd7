"""Dates as shops write them: Gregorian and Jalali, in numbers or with months' names, in three orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mandegar.importing.mapping import Calendar, DateOrder
from mandegar.replaying.fields import FieldError
from shared.kernel import DayOrdinal, Zone, fold, start_of_month

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_JALALI_YEARS = range(1300, 1579)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_NUMBERS = re.compile(r"(\d{1,4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)(.*)", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([^\W\d][^\d,،]*?)[ ,،-]+(\d{4})(?!\d)(.*)", re.DOTALL)
_MONTH_DAY = re.compile(r"([^\W\d]+)\.? (\d{1,2})(?:st|nd|rd|th)?[ ,،]+(\d{4})(?!\d)(.*)", re.DOTALL)
_WEEKDAY = re.compile(r"[^\W\d][^\d,،]*[,،] ?(?=\S)")
_TIME = re.compile(
    r"[t ,،-]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(am|pm|a\.m\.|p\.m\.|ق\.ظ|ب\.ظ|ص|م)? ?"
    r"(z|utc|gmt|[+-]\d{2}:?\d{2})?"
)
_AFTERNOON = ("pm", "p.m.", "ب.ظ", "م")
_ENGLISH = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ARABIC = (
    *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
    *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
)
_LEVANTINE = (
    *("كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران"),
    *("تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول"),
)
_JALALI = ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"]
_MONTHS = {
    fold(name): number
    for names in (_ENGLISH, [name[:3] for name in _ENGLISH], ["sept" if n == 9 else "" for n in range(1, 13)])
    for number, name in enumerate(names, 1)
    if name
} | {fold(name): number for names in (_ARABIC, _LEVANTINE) for number, name in enumerate(names, 1)}
_JALALI_MONTHS = {fold(name): number for number, name in enumerate(_JALALI, 1)}


class DateFinding(NamedTuple):
    """What a column's dates tell of the order of day and month."""

    order: DateOrder | None
    """None: nothing settles it, or the column contradicts itself."""
    either: int
    """Dates that could be read both ways."""
    day_first: int
    month_first: int


def find_order(cells: Iterable[str]) -> DateFinding:
    """What the dates of a column settle. Year first, months' names and Jalali years are never in doubt."""
    either = day_first = month_first = 0
    for cell in cells:
        found = _NUMBERS.match(fold(cell))
        if found is None or len(found[1]) > 2 or len(found[4]) != 4 or int(found[4]) in _JALALI_YEARS:
            continue
        first, second = int(found[1]), int(found[3])
        day_first += first > 12
        month_first += second > 12
        either += first <= 12 and second <= 12 and first != second
    order: DateOrder | None = None
    if bool(day_first) != bool(month_first):
        order = "dmy" if day_first else "mdy"
    elif not either and not day_first:
        order = "ymd"  # no date is in doubt
    return DateFinding(order, either, day_first, month_first)


def moment_reader(zone: str, order: DateOrder, calendar: Calendar | None) -> Callable[[str], datetime]:
    """A function from a cell to an aware instant. Raises ValueError for an unknown zone; the function FieldError.

    Without an offset a time is local; without a time the first instant of that day in the zone.
    """
    days, info = Zone(zone), ZoneInfo(zone)

    @lru_cache(maxsize=4096)  # exports repeat their dates far more often than they change them
    def read(text: str) -> datetime:
        try:
            moment = _parse(fold(text), order, calendar, days, info)
        except (ValueError, OverflowError, KeyError) as error:
            reason = str(error) if isinstance(error, _Doubt) else "is no date or time that is understood"
            remedy = "write 2024-03-31T14:05:00 or 1403/01/12, or name the order with --dates"
            raise FieldError("occurred_at", reason, remedy) from error
        if not _EARLIEST <= moment < _LATEST:
            raise FieldError("occurred_at", "lies outside 1970 to 2199", "check the year")
        return moment

    return read


class _Doubt(ValueError):
    """Why a date is not read. Repeats no value."""


def _parse(text: str, order: DateOrder, calendar: Calendar | None, days: Zone, info: ZoneInfo) -> datetime:
    if _EPOCH.fullmatch(text):
        return _EARLIEST + timedelta(milliseconds=int(text) * (1000 if len(text) == 10 else 1))
    day, rest = _day(text, order, calendar)
    if not rest.strip(" ,،"):
        return days.start_of(day)
    clock = _TIME.fullmatch(rest.strip())
    if clock is None:
        raise _Doubt("has a time that is not understood")
    at = datetime.combine(date.fromordinal(day), _time(clock))
    offset = clock[6]
    if offset is None:
        # A local time that the clock skipped is read with the offset before the jump, and so falls just after it.
        return at.replace(tzinfo=info).astimezone(UTC)
    return at.replace(tzinfo=_offset(offset)).astimezone(UTC)


def _day(text: str, order: DateOrder, calendar: Calendar | None) -> tuple[DayOrdinal, str]:
    if compact := _COMPACT.fullmatch(text):
        return _ordinal(int(compact[1]), int(compact[2]), int(compact[3]), calendar), ""
    if found := _NUMBERS.fullmatch(text):
        first, _, second, third, rest = found.groups()
        if len(first) == 4:
            return _ordinal(int(first), int(second), int(third), calendar), rest
        if len(third) == 2 and len(first) <= 2:
            return _short(int(first), int(second), int(third), order, calendar), rest
        if len(third) != 4:
            raise _Doubt("has a year that is not understood")
        year, month_first = int(third), order == "mdy" and int(third) not in _JALALI_YEARS
        month, day = (int(first), int(second)) if month_first else (int(second), int(first))
        if month > 12:
            raise _Doubt(
                f"does not fit the order of the file's other dates ({'month' if month_first else 'day'} first)"
            )
        return _ordinal(year, month, day, calendar), rest
    return _named(_WEEKDAY.sub("", text, count=1) if _WEEKDAY.match(text) else text)


def _named(text: str) -> tuple[DayOrdinal, str]:
    if found := _DAY_MONTH.fullmatch(text):
        day, name, year, rest = found.groups()
    elif found := _MONTH_DAY.fullmatch(text):
        name, day, year, rest = found.groups()
    else:
        raise ValueError
    name = name.strip(" .-")
    is_jalali = int(year) in _JALALI_YEARS
    month = (_JALALI_MONTHS if is_jalali else _MONTHS)[name]
    return _ordinal(int(year), month, int(day), None), rest


def _short(first: int, second: int, third: int, order: DateOrder, calendar: Calendar | None) -> DayOrdinal:
    if calendar is None:
        raise _Doubt("has a year of two digits; name the calendar with --calendar and the order with --dates")
    year, month, day = {"ymd": (first, second, third), "dmy": (third, second, first), "mdy": (third, first, second)}[
        order
    ]
    if calendar == "jalali":
        year += 1300 if year >= 50 else 1400
    else:
        year += 1900 if year >= 70 else 2000
    return _ordinal(year, month, day, calendar)


def _ordinal(year: int, month: int, day: int, calendar: Calendar | None) -> DayOrdinal:
    """Four digits tell the calendar: no shop has orders of the years 1300 to 1578 of the Gregorian one."""
    if year not in _JALALI_YEARS:
        if calendar == "jalali":
            raise _Doubt("has a year that is not Jalali")
        return DayOrdinal(date(year, month, day).toordinal())
    if not 1 <= month <= 12:
        raise ValueError
    index = year * 12 + month - 1
    start = start_of_month(index, "jalali")
    if not 1 <= day <= start_of_month(index + 1, "jalali") - start:
        raise _Doubt("names a day that its month does not have")
    return DayOrdinal(start + day - 1)


def _time(clock: re.Match[str]) -> time:
    hour = int(clock[1])
    if clock[5]:
        if not 1 <= hour <= 12:
            raise _Doubt("has a time that is not understood")
        hour = hour % 12 + (12 if clock[5] in _AFTERNOON else 0)
    return time(hour, int(clock[2]), int(clock[3] or 0), int((clock[4] or "0").ljust(6, "0")[:6]))


def _offset(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    away = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-away if text[0] == "-" else away)
