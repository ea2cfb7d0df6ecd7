"""Birthdays come once a year of their calendar, also those of leap days, and keys find the same days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from shared.kernel import Birthday, birthday_of, keys_on, read_birthday
from shared.kernel.birthdays import Calendar

FIRST, LAST = date(2019, 1, 1), date(2029, 1, 1)
DAYS = [FIRST + timedelta(days=one) for one in range((LAST - FIRST).days)]
DATES = st.dates(date(1930, 1, 1), date(2014, 12, 31))


def _shown(day: date, calendar: Calendar) -> tuple[int, int, int]:
    """Year, month and day by another implementation."""
    jalali = JalaliDate(day)  # type: ignore[no-untyped-call]  # the package ships no types
    return (jalali.year, jalali.month, jalali.day) if calendar == "jalali" else (day.year, day.month, day.day)


@settings(max_examples=60)
@given(born=DATES, calendar=st.sampled_from(["gregorian", "jalali"]), with_year=st.booleans())
def test_a_birthday_comes_once_a_year_on_its_day_or_the_last_of_its_month(
    born: date, calendar: Calendar, *, with_year: bool
) -> None:
    year, month, day = _shown(born, calendar)
    birthday = birthday_of(month, day, year if with_year else None, calendar)
    assert read_birthday(birthday.text()) == birthday
    found = [one for one in DAYS if birthday.is_on(one, calendar)]
    years = [_shown(one, calendar)[0] for one in found]
    assert years == [birthday.year_of(one, calendar) for one in found]
    whole = range(_shown(FIRST, calendar)[0] + 1, _shown(LAST, calendar)[0])
    assert sorted(set(years)) == years and set(whole) <= set(years), "once in each year"
    for one in found:
        its_month, its_day = _shown(one, calendar)[1:]
        tomorrow = _shown(one + timedelta(days=1), calendar)[1]
        assert its_month == month and (its_day == day or (its_day < day and tomorrow != month))
    key = birthday.keys()[0 if calendar == "gregorian" else 1]
    assert [one for one in DAYS[:800] if key in keys_on(one, calendar)] == [one for one in found if one < DAYS[800]]


@pytest.mark.parametrize(
    ("text", "calendar", "days"),
    [
        ("2000-02-29", "gregorian", ["2023-02-28", "2024-02-29", "2025-02-28"]),
        ("--02-29", "jalali", ["2023-02-28", "2024-02-29", "2025-02-28"]),
        ("1997-03-20", "jalali", ["2023-03-20", "2024-03-19", "2025-03-20"]),  # 30 Esfand 1375; 1403 has one too
        ("--12-30/jalali", "gregorian", ["2023-03-20", "2024-03-19", "2025-03-20"]),
        ("1997-03-20", "gregorian", ["2023-03-20", "2024-03-20", "2025-03-20"]),
        ("2024-03-20", "gregorian", ["2025-03-20"]),
    ],
)
def test_a_leap_day_is_on_the_last_day_that_there_is(text: str, calendar: Calendar, days: list[str]) -> None:
    birthday = read_birthday(text)
    found = [str(one) for one in DAYS if birthday.is_on(one, calendar) and 2023 <= one.year <= 2025]
    assert found == days


@pytest.mark.parametrize("text", ["", "1990-13-01", "1990-02-30", "--12-31/jalali", "1375-12-30/jalali", "-05-21", "x"])
def test_what_is_no_birthday_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"birthday|day|month"):
        read_birthday(text)


def test_without_a_year_only_the_calendar_that_it_was_told_in_has_a_key() -> None:
    assert Birthday(5, 21).keys() == (521, None)
    assert read_birthday("--12-30/jalali").keys() == (None, 1230)
    assert read_birthday("1997-03-20").keys() == (320, 1230)
