"""Months of both calendars, against an independent implementation of the Jalali one."""

from __future__ import annotations

from datetime import date

import pytest
from persiantools.jdatetime import JalaliDate

from shared.kernel.days import DayOrdinal
from shared.kernel.months import GREGORIAN, JALALI, month_of, month_text, parse_month, start_of_month


def test_jalali_months_agree_with_an_independent_calendar_on_every_day_of_130_years() -> None:
    for ordinal in range(date(1970, 1, 1).toordinal(), date(2100, 1, 1).toordinal()):
        theirs = JalaliDate(date.fromordinal(ordinal))
        month = month_of(DayOrdinal(ordinal), JALALI)
        assert (month, start_of_month(month, JALALI)) == (
            theirs.year * 12 + theirs.month - 1,
            ordinal - theirs.day + 1,
        )


def test_gregorian_months_start_on_their_first_day() -> None:
    for ordinal in range(date(1999, 12, 1).toordinal(), date(2001, 3, 2).toordinal()):
        day = date.fromordinal(ordinal)
        assert start_of_month(month_of(DayOrdinal(ordinal), GREGORIAN), GREGORIAN) == day.replace(day=1).toordinal()


def test_a_month_is_written_and_read_the_same_way() -> None:
    assert month_text(parse_month("1997-12")) == "1997-12"
    assert parse_month("1998-01") - parse_month("1997-12") == 1


@pytest.mark.parametrize("text", ["1997-13", "1997-00", "1997-1", "97-01", "1997-01-01", "", "١٩٩٧-٠١"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        parse_month(text)


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="calendar"):
        month_of(DayOrdinal(730_000), "mayan")
    with pytest.raises(ValueError, match="calendar"):
        start_of_month(24_000, "mayan")
