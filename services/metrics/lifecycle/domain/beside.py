"""Gaps counted by the day that ended them, and the shop's figures of past days worked out from these. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from services.metrics.lifecycle.domain.figures import frozen, histogram
from services.metrics.lifecycle.domain.thresholds import Figure


class GapEnd(NamedTuple):
    """Gaps of one length between neighbouring order days, that ended on one day."""

    partition: int
    day: int
    first: bool
    """From a customer's first order day to the second: such a gap is counted twice, among all and among these."""
    gap: int


def gap_ends(partition: int, orders: Iterable[int]) -> list[GapEnd]:
    """Those of a customer with these order days, in any order."""
    days = sorted(set(orders))
    found = [GapEnd(partition, after, False, after - day) for day, after in pairwise(days)]
    if len(days) > 1:
        found.append(GapEnd(partition, days[1], True, days[1] - days[0]))
    return found


def figures_of(ended: Mapping[int, Mapping[tuple[bool, int], int]], days: Sequence[int], percent: int) -> list[Figure]:
    """The figure of each day (rising): from the gaps that ended before it. `ended`: by day, (first, gap) to count."""
    gaps: dict[bool, Counter[int]] = {False: Counter(), True: Counter()}
    pending = sorted(ended, reverse=True)
    found: list[Figure] = []
    for day in days:
        anew = not found
        while pending and pending[-1] < day:
            anew = True
            for (first, gap), value in ended[pending.pop()].items():
                gaps[first][gap] += value
        found.append(frozen(day, histogram(gaps), percent) if anew else found[-1]._replace(day=day))
    return found
