"""The customers of one shop in a batch, side by side, and the gaps that came and went with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.appending import Kinds
from services.metrics.lifecycle.domain.figures import (
    NO_CHANGES,
    GapChange,
    GapChanges,
    columns_of,
    gap_changes,
    joined,
)
from services.metrics.lifecycle.domain.places import Appends
from services.metrics.lifecycle.domain.walking import Happening
from services.metrics.lifecycle.speaking import Life
from services.metrics.orders import Lives


class Crowd(NamedTuple):
    """The customers of one shop in a batch."""

    life: Life
    rows: Ints
    """Their places among all customers of the batch."""
    lives: Lives
    first_day: Ints
    last_day: Ints
    customer: list[int]
    appends: Appends
    """Their turns; of customers who had more happen than appends, too."""
    partition: Ints
    """By turn."""
    kinds: Kinds
    since: Ints
    """The first of the turns to be walked, by customer."""


def gap_changes_of(
    crowd: Crowd, orders: Mapping[int, Sequence[int]], happenings: Mapping[int, Sequence[Happening]]
) -> dict[int, GapChanges]:
    """Gaps that came and went, by partition."""
    turns = crowd.appends
    first_day = np.where(crowd.first_day > 0, crowd.first_day, turns.day[turns.starts])
    new = np.flatnonzero((turns.previous > 0) & (turns.day > turns.previous) & crowd.kinds.comes[turns.owner])
    first = new[turns.previous[new] == first_day[turns.owner[new]]]
    rows = np.concatenate([new, first])  # a first gap is counted among all and apart
    gap = turns.day[rows] - turns.previous[rows]
    every = GapChanges(turns.position[rows], np.arange(len(rows)) >= len(new), gap, np.ones(len(rows), np.int64))
    partition = crowd.partition[rows]
    found = {one: every.at(np.flatnonzero(partition == one)) for one in np.unique(partition).tolist()}
    starts = dict(zip(crowd.customer, crowd.partition[turns.starts].tolist(), strict=True)) if orders else {}
    moved: dict[int, list[GapChange]] = {}
    for customer, days in orders.items():
        moved.setdefault(starts[customer], []).extend(gap_changes(days, happenings[customer]))
    for one, changes in moved.items():
        found[one] = joined(found.get(one, NO_CHANGES), columns_of(changes))
    return found
