"""From when to when points can be spent: tables of days, and properties of all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from persiantools.jdatetime import JalaliDate

from services.loyalty.earning import Place, active_from, expires_at, last_day, months_later
from services.loyalty.programmes import Expiry, Pending
from shared.kernel import Zone
from shared.kernel.months import GREGORIAN, JALALI

TEHRAN = Place(Zone("Asia/Tehran"), JALALI)
CAIRO = Place(Zone("Africa/Cairo"), GREGORIAN)
ROLLING = {"kind": "rolling", "months": 1}
YEAR_END = {"kind": "fixed", "dates": [{"month": 12, "day": 31}]}


def expiry(data: dict[str, Any]) -> Expiry:
    return msgspec.convert(data, Expiry)


def pending(data: dict[str, Any]) -> Pending:
    return msgspec.convert(data, Pending)


@pytest.mark.parametrize(
    ("terms", "active", "expected"),
    [
        (ROLLING, "2026-01-31", "2026-02-28"),
        (ROLLING, "2028-01-31", "2028-02-29"),
        (ROLLING, "2026-02-28", "2026-03-28"),
        ({"kind": "rolling", "months": 12}, "2028-02-29", "2029-02-28"),
        ({"kind": "rolling", "days": 365}, "2026-03-01", "2027-03-01"),
        (YEAR_END, "2026-12-31", "2026-12-31"),
        (YEAR_END, "2027-01-01", "2027-12-31"),
        (YEAR_END | {"least_days": 90}, "2026-10-02", "2026-12-31"),
        (YEAR_END | {"least_days": 90}, "2026-10-03", "2027-12-31"),
        ({"kind": "fixed", "dates": [{"month": 2, "day": 31}, {"month": 6, "day": 30}]}, "2026-01-15", "2026-02-28"),
        ({"kind": "fixed", "dates": [{"month": 2, "day": 31}, {"month": 6, "day": 30}]}, "2026-03-01", "2026-06-30"),
        ({"kind": "never"}, "2026-01-31", None),
    ],
)
def test_the_last_day_of_a_lot(terms: dict[str, Any], active: str, expected: str | None) -> None:
    day = last_day(expiry(terms), date.fromisoformat(active).toordinal(), GREGORIAN)
    assert day == (None if expected is None else date.fromisoformat(expected).toordinal())


@pytest.mark.parametrize(
    ("active", "months", "expected"),
    [((1405, 6, 31), 1, (1405, 7, 30)), ((1404, 11, 30), 1, (1404, 12, 29)), ((1403, 11, 30), 1, (1403, 12, 30))],
)
def test_months_of_the_jalali_calendar_are_its_own(
    active: tuple[int, int, int], months: int, expected: tuple[int, int, int]
) -> None:
    one, other = (JalaliDate(*parts).to_gregorian().toordinal() for parts in (active, expected))
    assert months_later(one, months, JALALI) == other


def test_a_lot_that_slides_lasts_from_the_latest_activity_and_never_less_than_from_its_own_beginning() -> None:
    sliding = expiry({"kind": "sliding", "months": 2})
    active = date(2026, 3, 31).toordinal()
    assert last_day(sliding, active, GREGORIAN) == date(2026, 5, 31).toordinal()
    assert last_day(sliding, active, GREGORIAN, date(2026, 4, 10).toordinal()) == date(2026, 6, 10).toordinal()
    assert last_day(sliding, active, GREGORIAN, date(2026, 1, 1).toordinal()) == date(2026, 5, 31).toordinal()


def test_a_lot_expires_as_the_day_after_its_last_one_begins_in_the_shops_zone() -> None:
    active = datetime(2026, 3, 20, 21, 0, tzinfo=UTC)  # 21 March, 00:30, the first of Farvardin 1405
    assert expires_at(expiry(ROLLING), active, TEHRAN) == datetime(2026, 4, 21, 20, 30, tzinfo=UTC)


def test_a_day_without_a_midnight_begins_where_it_begins() -> None:
    # Cairo's clocks went from 23:59:59 on 27 April 2023 to 01:00 on the 28th.
    active = datetime(2023, 3, 27, 12, 0, tzinfo=UTC)
    assert expires_at(expiry(ROLLING), active, CAIRO) == datetime(2023, 4, 27, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("terms", "delivered", "expected"),
    [
        ({"kind": "none"}, None, "2026-03-20T08:30:00+00:00"),
        ({"kind": "days", "days": 14}, None, "2026-04-02T20:30:00+00:00"),
        ({"kind": "delivered", "return_days": 7, "untold_days": 30}, None, "2026-04-18T20:30:00+00:00"),
        ({"kind": "delivered", "return_days": 7, "untold_days": 30}, 3, "2026-03-30T20:30:00+00:00"),
        ({"kind": "delivered", "return_days": 0, "untold_days": 30}, -5, "2026-03-20T08:30:00+00:00"),
    ],
)
def test_points_are_pending_until(terms: dict[str, Any], delivered: int | None, expected: str) -> None:
    at = datetime(2026, 3, 20, 8, 30, tzinfo=UTC)
    told = None if delivered is None else at + timedelta(days=delivered)
    assert active_from(pending(terms), at, TEHRAN, told).isoformat() == expected


EXPIRIES = st.one_of(
    st.builds(lambda months: expiry({"kind": "rolling", "months": months}), st.integers(1, 120)),
    st.builds(lambda days: expiry({"kind": "rolling", "days": days}), st.integers(1, 3_650)),
    st.builds(
        lambda dates, least: expiry({"kind": "fixed", "dates": dates, "least_days": least}),
        st.lists(
            st.fixed_dictionaries({"month": st.integers(1, 12), "day": st.integers(1, 31)}), min_size=1, max_size=4
        ),
        st.integers(0, 366),
    ),
)
DAYS = st.integers(date(1980, 1, 1).toordinal(), date(2100, 1, 1).toordinal())


@given(EXPIRIES, DAYS, st.integers(0, 400), st.sampled_from([GREGORIAN, JALALI]))
def test_who_earned_later_never_loses_it_earlier(terms: Expiry, day: int, later: int, calendar: str) -> None:
    one, other = last_day(terms, day, calendar), last_day(terms, day + later, calendar)
    assert one is not None
    assert other is not None
    assert day <= one <= other


@given(DAYS, st.integers(0, 60), st.integers(0, 60), st.sampled_from([GREGORIAN, JALALI]))
def test_months_later_lies_in_the_month_meant(day: int, months: int, more: int, calendar: str) -> None:
    from shared.kernel import DayOrdinal, month_of

    later = months_later(day, months, calendar)
    assert month_of(DayOrdinal(later), calendar) == month_of(DayOrdinal(day), calendar) + months
    assert months_later(day, months + more, calendar) >= later
