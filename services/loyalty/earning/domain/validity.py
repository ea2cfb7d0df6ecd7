"""From when points can be spent, and until when: days of the shop, in its calendar and zone. Pure.

Days are `date.toordinal()`. A lot that expires on a day can be spent to the end of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from services.loyalty.programmes import (
    AfterDays,
    AfterDelivery,
    AtOnce,
    Expiry,
    FixedDates,
    Never,
    Pending,
    Rolling,
    Sliding,
    YearDay,
)
from shared.kernel import DayOrdinal, Zone, month_of, start_of_month

_YEARS_AHEAD_MAX = 3


class Place(NamedTuple):
    """Where the shop is: what its days and months are."""

    zone: Zone
    calendar: str


def local_day(at: int, place: Place) -> int:
    """The shop's day in which an instant lies, microseconds since 1970."""
    return place.zone.days_of((at // 1_000_000,))[0]


def active_from(pending: Pending, at: datetime, place: Place, delivered: datetime | None = None) -> datetime:
    """When points earned at an instant can be spent: then, or as a day of the shop begins."""
    day = place.zone.day_of(at)
    match pending:
        case AtOnce():
            return at
        case AfterDays():
            first = day + pending.days
        case AfterDelivery():
            # The last day to return it is past.
            told = None if delivered is None else place.zone.day_of(delivered) + pending.return_days + 1
            first = day + pending.untold_days if told is None else max(told, day)
    return max(at, place.zone.start_of(DayOrdinal(first)))


def last_day(expiry: Expiry, active_day: int, calendar: str, activity_day: int | None = None) -> int | None:
    """The last day on which a lot can be spent that became active on a day; None: it does not expire.

    `activity_day`: of the member's latest activity, for `Sliding`; one before the lot was active does not count.
    """
    match expiry:
        case Never():
            return None
        case Rolling():
            return _after(active_day, expiry.months, expiry.days, calendar)
        case Sliding():
            latest = active_day if activity_day is None else max(active_day, activity_day)
            return _after(latest, expiry.months, expiry.days, calendar)
        case FixedDates():
            least = active_day + expiry.least_days
            return next(day for day in _year_days(expiry.dates, least, calendar) if day >= least)


def expires_at(expiry: Expiry, active: datetime, place: Place, activity: datetime | None = None) -> datetime | None:
    """When a lot that became active at an instant expires: as the day after its last one begins."""
    latest = None if activity is None else place.zone.day_of(activity)
    day = last_day(expiry, place.zone.day_of(active), place.calendar, latest)
    return None if day is None else place.zone.start_of(DayOrdinal(day + 1))


def months_later(day: int, months: int, calendar: str) -> int:
    """The same day of a later month; its last, where it is shorter: 31 January and a month is the end of February."""
    month = month_of(DayOrdinal(day), calendar)
    into = day - start_of_month(month, calendar)
    return min(start_of_month(month + months, calendar) + into, start_of_month(month + months + 1, calendar) - 1)


def _after(day: int, months: int | None, days: int | None, calendar: str) -> int:
    return day + (days or 0) if months is None else months_later(day, months, calendar)


def _year_days(dates: Iterable[YearDay], since: int, calendar: str) -> Iterator[int]:
    """These days of every year, in order, from the year of a day on."""
    year = month_of(DayOrdinal(since), calendar) // 12
    for later in range(_YEARS_AHEAD_MAX):
        yield from sorted(_day_of(date, year + later, calendar) for date in dates)


def _day_of(date: YearDay, year: int, calendar: str) -> int:
    month = year * 12 + date.month - 1
    return min(start_of_month(month, calendar) + date.day, start_of_month(month + 1, calendar)) - 1
