"""What of a customer's life stands in their row beside their orders: lifecycle decides it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints

GAPS = 20
"""So many gaps a row holds."""
GAP_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Lives:
    """A row for each customer; zeros for one who is new. Meaning: comments of the table `customer_state`."""

    stage: Ints
    stage_began: Ints
    last_visit: Ints
    threshold: Ints
    figure_day: Ints
    seen: Ints
    due: Ints
    changes: Ints
    put_off: Ints
    gaps: Ints
    """(customers, GAPS): newest last, 0 in front."""

    def copy(self) -> Lives:
        """Another one, to be changed."""
        return Lives(*(getattr(self, field.name).copy() for field in fields(self)))

    def chosen(self, rows: Ints) -> Lives:
        """Some of them."""
        return Lives(*(getattr(self, field.name)[rows] for field in fields(self)))

    def differs(self, other: Lives) -> npt.NDArray[np.bool_]:
        """By customer."""
        differs: npt.NDArray[np.bool_] = (self.gaps != other.gaps).any(axis=1)
        for name in NUMBERS:
            differs |= getattr(self, name) != getattr(other, name)
        return differs


NUMBERS = tuple(field.name for field in fields(Lives) if field.name != "gaps")


def no_lives(count: int) -> Lives:
    """Of customers who are new."""
    numbers = {name: np.zeros(count, np.int64) for name in NUMBERS}
    return Lives(**numbers, gaps=np.zeros((count, GAPS), np.int64))
