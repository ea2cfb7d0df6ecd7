"""Local days of many instants at once. Pure.

Instants are microseconds of the Unix epoch, UTC; days are ordinals of local dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from shared.kernel import DayOrdinal, month_of, start_of_month

Ints = npt.NDArray[np.int64]

EPOCH_DAY = date(1970, 1, 1).toordinal()
GREGORIAN = "gregorian"
DAY_US = 86_400_000_000
_TABLE_MAX = 400  # days laid out in a row; further apart, only those that occur are looked up


@dataclass(frozen=True, slots=True)
class ShopDays:
    """What of a shop decides on which days its events fall."""

    number: int
    zone: str
    calendar: str = GREGORIAN
    closing_days: int = 3
    """A month closes for basis `booked` so many days after its end."""


class LocalDays:
    """Answers as `shared.kernel.Zone.day_of` does, for arrays.

    The offset of each UTC day is looked up once. A day on which it changes has none, and its instants are asked for
    one by one: the rule has no exception at a change of clocks, however odd.
    """

    def __init__(self, zone: str) -> None:
        self._info = ZoneInfo(zone)
        self._offsets: dict[int, int | None] = {}

    def of(self, instants_us: Ints) -> Ints:
        """The local day of each instant."""
        utc_days = instants_us // DAY_US
        if not len(utc_days):
            return utc_days
        low, span = int(utc_days.min()), int(np.ptp(utc_days)) + 1
        days, inverse = np.arange(low, low + span), utc_days - low
        if span > _TABLE_MAX:
            days, inverse = np.unique(utc_days, return_inverse=True)
        offsets = [self._offset(day) for day in days.tolist()]
        shift = np.array([0 if offset is None else offset for offset in offsets], np.int64)
        local = (instants_us + shift[inverse]) // DAY_US + EPOCH_DAY
        if None in offsets:
            changing = np.array([offset is None for offset in offsets])[inverse]
            for at in np.flatnonzero(changing).tolist():
                local[at] = self._one(int(instants_us[at]))
        return local

    def _offset(self, utc_day: int) -> int | None:
        if utc_day not in self._offsets:
            seen = {self._offset_at(utc_day * 24 + hour) for hour in range(0, 25, 6)}
            self._offsets[utc_day] = seen.pop() if len(seen) == 1 else None
        return self._offsets[utc_day]

    def _offset_at(self, utc_hour: int) -> int:
        offset = datetime.fromtimestamp(utc_hour * 3600, self._info).utcoffset()
        assert offset is not None, "a zone's times have an offset"
        return round(offset.total_seconds() * 1_000_000)

    def _one(self, instant_us: int) -> int:
        # Whole seconds are enough: no zone changes its offset within one.
        return datetime.fromtimestamp(instant_us // 1_000_000, UTC).astimezone(self._info).toordinal()


@lru_cache(maxsize=1024)
def local_days(zone: str) -> LocalDays:
    """One for each zone: what it has looked up stays."""
    return LocalDays(zone)


def months_of(days: Ints, calendar: str) -> Ints:
    """Month of each day in a calendar, as `shared.kernel.month_of` gives it, for arrays."""
    if calendar != GREGORIAN:
        distinct, inverse = np.unique(days, return_inverse=True)
        return np.array([_month(day, calendar) for day in distinct.tolist()], np.int64)[inverse]
    months = (days - EPOCH_DAY).astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64) + 1970 * 12


@lru_cache(maxsize=16_384)
def _month(day: int, calendar: str) -> int:
    return month_of(DayOrdinal(day), calendar)


def month_ends(days: Ints, calendar: str) -> Ints:
    """The last day of the month in which each day lies."""
    months, inverse = np.unique(months_of(days, calendar), return_inverse=True)
    ends = [start_of_month(month + 1, calendar) - 1 for month in months.tolist()]
    return np.array(ends, np.int64)[inverse]


def booked_days(days: Ints, received: Ints, shop: ShopDays) -> Ints:
    """The day on which a fact of `days` is booked that was received on `received`.

    Its own day, or the day of receipt if the month of its own day had closed by then.
    """
    # No month closes sooner after a day in it, so hardly ever is there more to look at.
    late = np.flatnonzero(received > days + shop.closing_days)
    if not len(late):
        return days
    booked = days.copy()
    closed = received[late] > month_ends(days[late], shop.calendar) + shop.closing_days
    booked[late[closed]] = received[late[closed]]
    return booked


def days_of(shop: ShopDays, at: Ints, received: Ints) -> tuple[Ints, Ints]:
    """(local day, booked day) of what happened `at` and was received then."""
    days = local_days(shop.zone)
    day = days.of(at)
    return day, day if received is at else booked_days(day, days.of(received), shop)
