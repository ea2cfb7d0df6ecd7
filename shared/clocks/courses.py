"""A shop's own time, partition by partition, and where its timers lie. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

PARTITIONS_MAX = 4096


def timers_of(shop: int, partition: int) -> int:
    """The partition of timers of a shop that has a clock of its own: below 0, where wall time never looks."""
    return -(shop * PARTITIONS_MAX + partition) - 1


def place_of(timers: int) -> tuple[int, int]:
    """(shop, partition) of what `timers_of` gave."""
    return divmod(-timers - 1, PARTITIONS_MAX)


class Moment(NamedTuple):
    """How far a clock has come, and who said so."""

    until: datetime
    day: int
    """The local day of `until`: what falls due at its start has fallen due."""
    origin: str


@dataclass(slots=True)
class Course:
    """A clock of (shop, partition) through one batch: it goes forward only."""

    positions: list[int] = field(default_factory=list)
    """Where in the batch it moved; -1 for how it stood before."""
    moments: list[Moment] = field(default_factory=list)

    def move(self, position: int, moment: Moment) -> None:
        """Time went on, unless it says what is past."""
        if not self.moments or moment.until > self.moments[-1].until:
            self.positions.append(position)
            self.moments.append(moment)

    def at(self, position: int) -> Moment | None:
        """How it stood when the event at this position came; None before it was ever set."""
        place = bisect_right(self.positions, position)
        return self.moments[place - 1] if place else None

    def new_days(self) -> Sequence[tuple[int, int]]:
        """(position, day) at which a day began in this batch."""
        days = [0, *(moment.day for moment in self.moments)]
        return [
            (position, day)
            for position, day, before in zip(self.positions, days[1:], days, strict=False)
            if position >= 0 and day > before
        ]

    @property
    def day_before(self) -> int:
        """The day it had come to when the batch began; 0 when it had never been set."""
        return self.moments[0].day if self.positions[:1] == [-1] else 0

    @property
    def last(self) -> Moment | None:
        """How it stands at the end."""
        return self.moments[-1] if self.moments else None

    @property
    def moved(self) -> bool:
        """Whether this batch moved it."""
        return bool(self.positions) and self.positions[-1] >= 0
