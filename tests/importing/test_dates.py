"""Dates of two calendars, three orders, months' names in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from mandegar.importing.dates import find_order, moment_reader
from mandegar.replaying.fields import FieldError

_DAYS = st.dates(date(1980, 1, 1), date(2090, 12, 31))
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def read(text: str, order: str = "ymd", calendar: str | None = None, zone: str = "UTC") -> datetime:
    return moment_reader(zone, order, calendar)(text)  # type: ignore[arg-type] # texts of a table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-21", "2024-03-21T00:00"),
        ("2024/3/1 9:05", "2024-03-01T09:05"),
        ("2024-03-21T09:30:15.5Z", "2024-03-21T09:30:15.500000"),
        ("2024-03-21 09:30:00 -0400", "2024-03-21T13:30"),
        ("2024-03-21 09:30:00 UTC", "2024-03-21T09:30"),
        ("20240321", "2024-03-21T00:00"),
        ("1711013400", "2024-03-21T09:30"),
        ("1711013400000", "2024-03-21T09:30"),
        ("21 March 2024", "2024-03-21T00:00"),
        ("21-Mar-2024 18:05", "2024-03-21T18:05"),
        ("March 21, 2024 6:05 pm", "2024-03-21T18:05"),
        ("Mar 21, 2024 @ 18:05".replace("@ ", ""), "2024-03-21T18:05"),
        ("Thu, 21 Mar 2024 09:30:00 +0000", "2024-03-21T09:30"),
        ("٢١ مارس ٢٠٢٤", "2024-03-21T00:00"),
        ("21 آذار 2024", "2024-03-21T00:00"),
        ("۱۴۰۳/۰۱/۰۲", "2024-03-21T00:00"),
        ("۱۴۰۳/۱/۲ - ۱۸:۰۵", "2024-03-21T18:05"),
        ("02/01/1403", "2024-03-21T00:00"),
        ("۲ فروردین ۱۴۰۳", "2024-03-21T00:00"),
        ("سه‌شنبه، ۲ فروردین ۱۴۰۳، ساعت 09:30".replace("، ساعت", ""), "2024-03-21T09:30"),
        ("14030102", "2024-03-21T00:00"),
    ],
)
def test_a_date_is_read_as_shops_write_it(text: str, expected: str) -> None:
    assert read(text) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_noon_and_midnight_by_twelve_hours() -> None:
    assert read("2024-03-21 12:00 am").hour == 0
    assert read("2024-03-21 12:00 pm").hour == 12
    assert read("1403/01/02 01:15 ب.ظ").hour == 13
    with pytest.raises(FieldError):
        read("2024-03-21 13:00 pm")


def test_day_and_month_go_by_the_order_that_is_settled() -> None:
    assert read("03/04/2024", "dmy").date() == date(2024, 4, 3)
    assert read("03/04/2024", "mdy").date() == date(2024, 3, 4)
    with pytest.raises(FieldError, match="day first"):
        read("03/14/2024", "dmy")
    assert read("03/04/1403", "mdy").date() == JalaliDate(1403, 4, 3).to_gregorian()


def test_years_of_two_digits_need_their_calendar() -> None:
    with pytest.raises(FieldError, match="--calendar"):
        read("98/05/12")
    assert read("98/05/12", "ymd", "jalali").date() == JalaliDate(1398, 5, 12).to_gregorian()
    assert read("12/05/03", "dmy", "gregorian").date() == date(2003, 5, 12)


@pytest.mark.parametrize("text", ["", "soon", "2024-02-30", "1403/07/31", "1404/12/30", "2024-13-01", "1/2", "3/4/5/6"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        read(text, "dmy")


def test_a_day_without_time_begins_where_the_shop_is_and_a_local_time_is_its_own() -> None:
    assert read("2024-03-21", zone="Asia/Tehran") == datetime(2024, 3, 20, 20, 30, tzinfo=UTC)
    assert read("1403/01/02 12:00", zone="Asia/Tehran") == datetime(2024, 3, 21, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cells", "order", "either"),
    [
        (["03/04/2024", "14/04/2024"], "dmy", 1),
        (["03/04/2024", "04/14/2024"], "mdy", 1),
        (["03/04/2024", "05/05/2024"], None, 1),
        (["14/04/2024", "04/14/2024"], None, 0),
        (["2024-03-04", "03/04/1403", "5 May 2024", "05/05/2024"], "ymd", 0),
        ([], "ymd", 0),
    ],
)
def test_a_column_settles_its_order_or_says_that_nothing_does(cells: list[str], order: str, either: int) -> None:
    found = find_order(cells)
    assert (found.order, found.either) == (order, either)


@given(_DAYS)
def test_every_jalali_day_is_the_day_that_an_independent_calendar_says(day: date) -> None:
    jalali = JalaliDate(day)
    text = f"{jalali.year}/{jalali.month:02}/{jalali.day:02}"
    assert read(text).date() == read(text.translate(_PERSIAN)).date() == day


@given(_DAYS, st.sampled_from(["dmy", "mdy"]))
def test_every_gregorian_day_is_read_back_by_its_order(day: date, order: str) -> None:
    text = f"{day:%d/%m/%Y}" if order == "dmy" else f"{day:%m/%d/%Y}"
    assert read(text, order).date() == day
