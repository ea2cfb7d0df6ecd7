"""The days of a series: ends of weeks, months, quarters and years, in both calendars."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.retention.domain.points import Step, points, span_of


def days(first: str, last: str, step: Step, *, calendar: str = "gregorian", week_start: int = 0) -> list[str]:
    ordinals = (date.fromisoformat(day).toordinal() for day in (first, last))
    return [
        date.fromordinal(at).isoformat() for at in points(*ordinals, step, calendar=calendar, week_start=week_start)
    ]


@pytest.mark.parametrize(
    ("step", "first", "last", "expected"),
    [
        ("day", "2026-02-27", "2026-03-01", ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("week", "2026-03-02", "2026-03-16", ["2026-03-08", "2026-03-15", "2026-03-16"]),
        ("month", "1997-01-01", "1997-03-31", ["1997-01-31", "1997-02-28", "1997-03-31"]),
        ("month", "1997-01-31", "1997-02-27", ["1997-01-31", "1997-02-27"]),
        ("quarter", "1997-01-01", "1998-01-02", ["1997-03-31", "1997-06-30", "1997-09-30", "1997-12-31", "1998-01-02"]),
        ("year", "1996-12-31", "1998-06-30", ["1996-12-31", "1997-12-31", "1998-06-30"]),
        ("year", "1997-05-05", "1997-05-05", ["1997-05-05"]),
    ],
)
def test_each_step_ends_with_its_last_day_and_the_series_with_the_last_day_asked(
    step: Step, first: str, last: str, expected: list[str]
) -> None:
    assert days(first, last, step) == expected


def test_quarters_of_the_jalali_year_end_with_its_seasons() -> None:
    ends = ["2025-06-21", "2025-09-22", "2025-12-21", "2026-03-20"]
    assert days("2025-03-21", "2026-03-20", "quarter", calendar="jalali") == ends


def test_the_week_of_iran_ends_on_friday() -> None:
    assert days("2026-03-14", "2026-03-27", "week", week_start=5) == ["2026-03-20", "2026-03-27"]


def test_a_series_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before the first"):
        days("2026-03-02", "2026-03-01", "day")


@given(
    first=st.integers(720_000, 740_000),
    length=st.integers(0, 2_000),
    step=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    calendar=st.sampled_from(["gregorian", "jalali"]),
    week_start=st.integers(0, 6),
)
def test_points_rise_lie_within_what_was_asked_and_leave_no_step_out(
    first: int, length: int, step: Step, calendar: str, week_start: int
) -> None:
    found = points(first, first + length, step, calendar=calendar, week_start=week_start)
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 93, "year": 366}[step]
    assert found[0] >= first
    assert found[-1] == first + length
    assert all(0 < later - earlier <= longest for earlier, later in zip([first - 1, *found], found, strict=False))


@given(
    day=st.integers(720_000, 740_000),
    step=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    calendar=st.sampled_from(["gregorian", "jalali"]),
    week_start=st.integers(0, 6),
)
def test_spans_lie_side_by_side_and_end_where_points_are(day: int, step: Step, calendar: str, week_start: int) -> None:
    span = span_of(day, step, calendar=calendar, week_start=week_start)
    assert span.first <= day <= span.last
    following = span_of(span.last + 1, step, calendar=calendar, week_start=week_start)
    assert (following.first, following.name != span.name) == (span.last + 1, True)
    ends = points(span.first, following.last, step, calendar=calendar, week_start=week_start)
    assert ends == [span.last, following.last]
