"""The gaps of a shop's customers, counted by length, and their frozen quantiles. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE, Figure
from services.metrics.lifecycle.domain.walking import Happening


class GapChange(NamedTuple):
    """Gaps between two order days next to each other that came (1) or went (-1) by an event."""

    position: int
    first: bool
    """From a customer's first order day to the second: such a gap is counted twice, among all and among these."""
    gap: int
    sign: int


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


def frozen(day: int, gaps: Mapping[int, int], firsts: Mapping[int, int], percent: int) -> Figure:
    """The figure of gaps by length as they are now."""
    return Figure(day, sum(gaps.values()), _quantile(gaps, percent), sum(firsts.values()), _quantile(firsts, percent))


def _quantile(counts: Mapping[int, int], percent: int) -> int | None:
    rank = -(-percent * sum(counts.values()) // 100)
    for gap in sorted(counts):
        rank -= counts[gap]
        if counts[gap] > 0 and rank <= 0:
            return gap
    return None


def freeze(
    known: Series,
    counted: Mapping[bool, Mapping[int, int]],
    changes: Iterable[GapChange],
    new_days: Iterable[tuple[int, int]],
    percent: int,
) -> tuple[Series, list[Figure]]:
    """Figures of the days that begin in a batch, each from the gaps as they were at its position."""
    gaps, firsts = Counter(counted.get(False, {})), Counter(counted.get(True, {}))
    pending = sorted(changes, reverse=True)
    new, positions = [], []
    for position, day in new_days:
        while pending and pending[-1].position < position:
            change = pending.pop()
            (firsts if change.first else gaps)[change.gap] += change.sign
        new.append(frozen(day, gaps, firsts, percent))
        positions.append(position)
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
