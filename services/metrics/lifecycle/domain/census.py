"""How many customers stand in each stage, and how many went from one to another, from sums of changes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.metrics.lifecycle.domain.stages import HELD, Stage

Sums = npt.NDArray[np.int64]

COUNTED = (Stage.NEW, Stage.ACTIVE, Stage.LAPSING, Stage.REACTIVATED, Stage.LOST)
"""Stages of those who have ordered, the held ones first. Of prospects nobody knows how many there are."""
FLOWS = tuple((before, after) for before in Stage for after in COUNTED if before is not after)


class InconsistentStages(Exception):
    """Counters say that fewer than nobody stands in a stage: rebuild the shop's stages."""


@dataclass(frozen=True, slots=True)
class Census:
    """Customers by stage at the end of a day, and the changes of the days before it."""

    stages: dict[Stage, int]
    changes: dict[tuple[Stage, Stage], int]
    """By (from, to); those that nobody made are left out."""

    @property
    def customers(self) -> int:
        """All who have ever ordered."""
        return sum(self.stages.values())

    @property
    def held(self) -> int:
        """All who are not lost."""
        return sum(count for stage, count in self.stages.items() if stage in HELD)


def flow_param(before: Stage, after: Stage) -> int:
    """The param under which changes from one stage to another are counted."""
    return before * 8 + after


def census_of(
    stages: Sequence[Sums], flows: Sequence[Sums], at: Sequence[int], since: Sequence[int], days: Sequence[int]
) -> list[Census]:
    """A census for each of `at`, with the changes in `(since, at]`.

    `stages` and `flows`: prefix sums over `days` (rising ordinals), in the order of COUNTED and of FLOWS. Raises
    InconsistentStages.
    """
    found = []
    for end, start in zip(np.searchsorted(days, at).tolist(), np.searchsorted(days, since).tolist(), strict=True):
        counts = {stage: int(sums[end]) for stage, sums in zip(COUNTED, stages, strict=True)}
        if min(counts.values()) < 0:
            raise InconsistentStages(f"{counts} on day {days[end]}")
        moved = {flow: int(sums[end] - sums[start]) for flow, sums in zip(FLOWS, flows, strict=True)}
        found.append(Census(counts, {flow: count for flow, count in moved.items() if count}))
    return found
