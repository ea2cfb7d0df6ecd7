"""What happened to a shop's customers in a batch, order by order, as columns. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Appends:
    """Orders of a shop, sorted by customer and position; columns of one length, and the customers' own."""

    owner: Ints
    """Index among the customers."""
    sign: Ints
    day: Ints
    event_day: Ints
    position: Ints
    clock_day: Ints
    previous: Ints
    """The customer's last order day before it, were all of them appends; 0 for the first."""
    starts: Ints
    """By customer: place of the first row. Every customer has one."""

    def by_owner(self, flags: Flags) -> Flags:
        """Whether all of a customer's rows are so."""
        every: Flags = np.logical_and.reduceat(flags, self.starts) if len(self.starts) else flags
        return every


def appends_of(owner: Ints, last_day: Ints, columns: tuple[Ints, Ints, Ints, Ints, Ints]) -> Appends:
    """From turns of one shop's customers; `columns`: sign, day, event_day, position, clock_day."""
    sign, day, event_day, position, clock_day = columns
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]])) if len(owner) else owner
    previous = np.concatenate([[0], day[:-1]]) if len(day) else day
    previous[starts] = last_day
    return Appends(owner, sign, day, event_day, position, clock_day, previous, starts)
