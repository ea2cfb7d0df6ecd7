"""Days of a shop. A day is the proleptic ordinal of a local date (`date.toordinal()`), an int that fits int4.

A day starts at the first instant that carries its local date: Tehran had midnights that do not exist.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

DayOrdinal = NewType("DayOrdinal", int)
"""`date.toordinal()` of a shop-local date; differences are whole days."""


class Zone:
    """An IANA zone that answers which local day an instant falls on, quickly for many instants."""

    def __init__(self, name: str) -> None:
        """Raises ValueError when the zone is unknown."""
        try:
            self._info = ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Asia/Tehran") from error
        self.name = name

    def day_of(self, instant: datetime) -> DayOrdinal:
        """The local day of an aware instant."""
        return DayOrdinal(instant.astimezone(self._info).toordinal())

    def start_of(self, day: DayOrdinal) -> datetime:
        """The first instant (UTC) whose local date is `day`."""
        return _start_of(self._info, int(day))


@lru_cache(maxsize=4096)
def _start_of(info: ZoneInfo, day: int) -> datetime:
    # No offset is larger than 15 hours, so the first instant of the day lies within 38 hours of its UTC midnight.
    # Bisection needs local dates that never fall as time goes on; a clock set back over midnight breaks that for
    # an hour, and then the first instant is before the repeated hour, which the tests state for such zones.
    noon = datetime.combine(date.fromordinal(day), datetime.min.time(), UTC)
    low = int((noon - timedelta(hours=38)).timestamp())
    seconds = range(low, low + 76 * 3600)
    at = bisect_right(seconds, day - 1, key=lambda s: datetime.fromtimestamp(s, info).toordinal())
    return datetime.fromtimestamp(seconds[at], UTC)
