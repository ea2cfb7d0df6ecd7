"""Days of a shop. A day is the proleptic ordinal of a local date (`date.toordinal()`), an int that fits int4.

A day starts at the first instant that carries its local date: Tehran had 21 midnights that do not exist, Cairo and
Beirut still skip some.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

DayOrdinal = NewType("DayOrdinal", int)
"""`date.toordinal()` of a shop-local date; differences are whole days."""

EPOCH_DAY = 719_163
"""Ordinal of 1970-01-01."""

_DAY_SECONDS = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# Time is cut into stretches of 18 hours. The clocks of no zone change twice within one (a test reads every zone's
# changes), so a stretch is known by its offset at both ends and the second between them at which it changes.
_STRETCH_BITS = 16
_OFFSET_MAX = 38 * 3600  # no clock is farther from UTC than 15 h; a date that a zone skipped adds another day
_EARLIEST = -62_135_596_800 + 4 * _DAY_SECONDS
_LATEST = 253_402_300_799 - 4 * _DAY_SECONDS
_STRETCHES_MAX = 65_536  # a hundred and forty years of them

_Stretch = tuple[int, int, int]
"""(second of the change, shift before it, shift from it on); shifts lead from epoch seconds to local ones."""


class Zone:
    """An IANA zone that answers which local day an instant falls on, quickly for many instants."""

    __slots__ = ("_info", "_stretches", "name")

    def __init__(self, name: str) -> None:
        """Raises ValueError when the zone is unknown."""
        try:
            self._info = ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("unknown time zone; use an IANA name such as Asia/Tehran") from error
        self.name = name
        self._stretches = _stretches_of(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def day_of(self, instant: datetime) -> DayOrdinal:
        """The local day of an aware instant. ValueError for one without offset, or near the ends of the calendar."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs its offset from UTC")
        # Floor division of durations is exact, where timestamp() is a float.
        return self.days_of(((instant - _EPOCH) // _SECOND,))[0]

    def days_of(self, seconds: Iterable[int]) -> list[DayOrdinal]:
        """The local days of many instants, given as whole seconds since 1970-01-01 UTC (floor of any fraction).

        ValueError near the ends of the calendar (years 1 and 9999).
        """
        known = self._stretches
        days: list[DayOrdinal] = []
        append = days.append
        for second in seconds:
            stretch = known.get(second >> _STRETCH_BITS)
            if stretch is None:
                stretch = self._measure(second >> _STRETCH_BITS)
            change, before, after = stretch
            append((second + (before if second < change else after)) // _DAY_SECONDS + EPOCH_DAY)  # type: ignore[arg-type]  # calling DayOrdinal() would double the time
        return days

    def start_of(self, day: DayOrdinal) -> datetime:
        """The first instant (UTC) whose local date is `day`; of a date that the zone skipped, the next date's."""
        return _start_of(self, int(day))

    def _measure(self, stretch: int) -> _Stretch:
        first = stretch << _STRETCH_BITS
        last = first + (1 << _STRETCH_BITS) - 1
        if first < _EARLIEST or last > _LATEST:
            raise ValueError("an instant must lie within the years 1 and 9999")
        before, after = self._shift(first), self._shift(last)
        low, high = first, last  # the shift at `low` is `before`, at `high` it is `after`
        while before != after and high - low > 1:  # halves 18 hours until it holds one second
            middle = (low + high) // 2
            low, high = (middle, high) if self._shift(middle) == before else (low, middle)
        found = (high, before, after)
        if len(self._stretches) >= _STRETCHES_MAX:
            self._stretches.clear()
        self._stretches[stretch] = found
        return found

    def _shift(self, second: int) -> int:
        offset = datetime.fromtimestamp(second, self._info).utcoffset()
        assert offset is not None  # a ZoneInfo always has one
        return offset // _SECOND

    def _pieces(self, first: int, last: int) -> Iterable[tuple[int, int, int]]:
        """Pieces (start, end, shift) of one offset each, in order, that cover `first` to `last`."""
        for stretch in range(first >> _STRETCH_BITS, (last >> _STRETCH_BITS) + 1):
            change, before, after = self._stretches.get(stretch) or self._measure(stretch)
            start = stretch << _STRETCH_BITS
            yield start, change, before
            yield change, start + (1 << _STRETCH_BITS), after


@lru_cache(maxsize=1024)
def _stretches_of(_name: str) -> dict[int, _Stretch]:
    """What was measured of a zone: shared by all Zone objects of its name."""
    return {}


@lru_cache(maxsize=4096)
def _start_of(zone: Zone, day: int) -> datetime:
    midnight = (day - EPOCH_DAY) * _DAY_SECONDS
    # Within a piece of one offset local time only rises, so the first local second at or past midnight is a maximum.
    for start, end, shift in zone._pieces(midnight - _OFFSET_MAX, midnight + _OFFSET_MAX):
        first = max(start, midnight - shift)
        if first < end:
            return _EPOCH + timedelta(seconds=first)
    raise AssertionError("no offset is that large")
