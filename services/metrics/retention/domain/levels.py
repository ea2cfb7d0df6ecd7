"""How many of a person's intervals hold each day, for many persons at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints

Flags = npt.NDArray[np.bool_]


class Intervals(NamedTuple):
    """`[begin, end)` of days, of persons. One that ends where it begins, or before, holds no day."""

    person: Ints
    begin: Ints
    end: Ints

    def later(self, days: int) -> Intervals:
        """All of them so many days later."""
        return Intervals(self.person, self.begin + days, self.end + days)


class Levels(NamedTuple):
    """Days on which something begins or ends, by person and rising, and what is the case from each of them on."""

    person: Ints
    day: Ints
    level: Ints
    """(days, kinds): how many intervals of each kind hold. 0 of all behind a person's last day."""

    def where(self, holds: Flags) -> Intervals:
        """The longest stretches on which a condition holds, given for each row; it must not hold at level 0."""
        change = np.diff(holds.astype(np.int8), prepend=np.int8(0))
        opens, closes = change > 0, change < 0
        return Intervals(self.person[opens], self.day[opens], self.day[closes])


def levels(*kinds: Intervals) -> Levels:
    """Add up intervals of several kinds over common days."""
    kept = [_lasting(kind) for kind in kinds]
    person = np.concatenate([column for kind in kept for column in (kind.person, kind.person)])
    day = np.concatenate([column for kind in kept for column in (kind.begin, kind.end)])
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    starts = np.ones(len(order), bool)
    starts[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
    at = np.flatnonzero(starts)
    if not len(at):
        return Levels(person, day, np.zeros((0, len(kinds)), np.int64))
    change = _changes(kept)[order]
    # Each interval closes within its person, so a running sum over all persons is 0 where the next one begins.
    return Levels(person[at], day[at], np.add.reduceat(change, at, axis=0).cumsum(axis=0))


def _lasting(kind: Intervals) -> Intervals:
    lasts = kind.begin < kind.end
    return Intervals(kind.person[lasts], kind.begin[lasts], kind.end[lasts])


def _changes(kinds: Sequence[Intervals]) -> Ints:
    change = np.zeros((2 * sum(len(kind.begin) for kind in kinds), len(kinds)), np.int64)
    at = 0
    for number, kind in enumerate(kinds):
        size = len(kind.begin)
        change[at : at + size, number] = 1
        change[at + size : at + 2 * size, number] = -1
        at += 2 * size
    return change
