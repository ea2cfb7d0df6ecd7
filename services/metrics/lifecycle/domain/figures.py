"""The gaps of a shop's customers, counted by length, and their frozen quantiles. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE, Figure
from services.metrics.lifecycle.domain.walking import Happening

NewDays = Sequence[tuple[int, int]]
"""(position, day): where in a batch days began."""


class GapChange(NamedTuple):
    """Gaps between two order days next to each other that came (1) or went (-1) by an event."""

    position: int
    first: bool
    """From a customer's first order day to the second: such a gap is counted twice, among all and among these."""
    gap: int
    sign: int


class GapChanges(NamedTuple):
    """Many of them: columns of one length."""

    position: Ints
    first: npt.NDArray[np.bool_]
    gap: Ints
    sign: Ints

    def at(self, rows: Ints) -> GapChanges:
        """Some of them, in this order."""
        return GapChanges(self.position[rows], self.first[rows], self.gap[rows], self.sign[rows])

    def summed(self) -> Iterable[tuple[bool, int, int]]:
        """(first, gap, count) of what came and went in all."""
        kinds, places = np.unique(self.gap * 2 + self.first, return_inverse=True)
        counts = np.zeros(len(kinds), np.int64)
        np.add.at(counts, places, self.sign)
        return [(bool(kind % 2), kind // 2, count) for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)]


def columns_of(changes: Sequence[GapChange]) -> GapChanges:
    """The same, as columns."""
    numbers = np.array(changes, np.int64).reshape(-1, len(GapChange._fields)).T
    return GapChanges(numbers[0], numbers[1] != 0, numbers[2], numbers[3])


def joined(one: GapChanges, other: GapChanges) -> GapChanges:
    """Both."""
    return GapChanges(*(np.concatenate(columns) for columns in zip(one, other, strict=True)))


NO_CHANGES = columns_of(())


class Series:
    """Figures of one (shop, partition) in order of their days; for whole columns of days as well."""

    __slots__ = ("days", "figures", "positions")

    def __init__(self, figures: Sequence[Figure] = (), positions: Sequence[int] = ()) -> None:
        """`positions`: where in the batch each was frozen, -1 for before."""
        self.figures, self.positions = figures, positions
        self.days = [figure.day or 0 for figure in figures]

    def at(self, day: int, position: int) -> Figure:
        """In force on a day, of those frozen before a position."""
        place = min(bisect_right(self.days, day), bisect_left(self.positions, position))
        return self.figures[place - 1] if place else NO_FIGURE

    def of(self, day: int) -> Figure:
        """Frozen on just this day; none for 0."""
        place = bisect_left(self.days, day)
        found = self.figures[place] if day > 0 and place < len(self.figures) else NO_FIGURE
        return found if found.day == day else NO_FIGURE

    def places(self, day: Ints, position: Ints) -> Ints:
        """As `at`, for columns: places among the figures, -1 for none."""
        frozen = np.searchsorted(np.array(self.positions, np.int64), position)
        found: Ints = np.minimum(np.searchsorted(np.array(self.days, np.int64), day, side="right"), frozen) - 1
        return found

    def places_of(self, day: Ints) -> Ints:
        """As `of`, for columns: places among the figures, -1 for none."""
        days = np.array(self.days, np.int64)
        at = np.minimum(np.searchsorted(days, day), len(days) - 1)
        found: Ints = np.where((day > 0) & (days[at] == day), at, -1)
        return found


class Histogram(NamedTuple):
    """How many gaps there are of each length, all and first ones."""

    lengths: Ints
    """Rising."""
    gaps: Ints
    firsts: Ints


def histogram(counted: Mapping[bool, Mapping[int, int]], more: Iterable[int] = ()) -> Histogram:
    """Of counts by length, with room for `more` lengths."""
    lengths = np.array(sorted({*more, *counted.get(False, ()), *counted.get(True, ())}), np.int64)
    columns = [[counted.get(first, {}).get(gap, 0) for gap in lengths.tolist()] for first in (False, True)]
    return Histogram(lengths, *(np.array(column, np.int64) for column in columns))


def frozen(day: int, known: Histogram, percent: int) -> Figure:
    """The figure of gaps as they are now."""
    return Figure(day, *_quantile(known.lengths, known.gaps, percent), *_quantile(known.lengths, known.firsts, percent))


def _quantile(lengths: Ints, counts: Ints, percent: int) -> tuple[int, int | None]:
    """(how many gaps, their quantile)."""
    so_far = np.cumsum(counts)
    total = int(so_far[-1]) if len(so_far) else 0
    if total <= 0:
        return total, None
    return total, int(lengths[np.searchsorted(so_far, -(-percent * total // 100))])


def reached(series: Series, day: int) -> tuple[Series, dict[int, Figure]]:
    """What of a series is in force once the clock has come to a day, and the rest by day.

    There is a rest only in a rebuild, which is given all figures that were frozen in the past it repeats.
    """
    place = bisect_right(series.days, day)
    if place == len(series.days):
        return series, {}
    rest = {figure.day or 0: figure for figure in series.figures[place:]}
    return Series(series.figures[:place], series.positions[:place]), rest


def freeze(
    known: Series,
    counted: Mapping[bool, Mapping[int, int]],
    changes: GapChanges,
    new_days: NewDays,
    percent: int,
    *,
    given: Mapping[int, Figure] | None = None,
) -> tuple[Series, list[Figure]]:
    """Figures of the days that begin in a batch, each from the gaps as they were at its position.

    `given`: figures by day that were frozen once before, as a rebuild finds them; these stay what they were.
    """
    positions = [position for position, _ in new_days]
    changes = changes.at(np.argsort(changes.position, kind="stable"))
    ends = np.searchsorted(changes.position, np.array(positions, np.int64)).tolist()
    now = histogram(counted, np.unique(changes.gap).tolist())
    places = np.searchsorted(now.lengths, changes.gap)
    new, start = [], 0
    for (_, day), end in zip(new_days, ends, strict=True):
        if end > start:
            place, sign, first = places[start:end], changes.sign[start:end], changes.first[start:end]
            np.add.at(now.gaps, place[~first], sign[~first])
            np.add.at(now.firsts, place[first], sign[first])
            start = end
        new.append((given or {}).get(day) or frozen(day, now, percent))
    return Series([*known.figures, *new], [*known.positions, *positions]), new


def gap_changes(orders: Sequence[int], happenings: Iterable[Happening]) -> list[GapChange]:
    """What events change of a customer's gaps, whose order days were `orders` before (rising, repeats kept)."""
    times = Counter(orders)
    days = sorted(times)
    found: list[GapChange] = []
    for one in happenings:
        before = list(days)
        for day in one.removed:
            times[day] -= 1
            if not times[day]:
                days.remove(day)
        for day in one.added:
            times[day] += 1
            if times[day] == 1:
                insort(days, day)
        if before != days:
            found += _difference(one.position, before, days)
    return found


def _difference(position: int, before: Sequence[int], after: Sequence[int]) -> Iterable[GapChange]:
    was, now = _gaps(before), _gaps(after)
    was.subtract(now)
    return [GapChange(position, first, gap, -count) for (first, gap), count in was.items() if count]


def _gaps(days: Sequence[int]) -> Counter[tuple[bool, int]]:
    found = Counter((False, later - day) for day, later in pairwise(days))
    if len(days) > 1:
        found[True, days[1] - days[0]] = 1
    return found
