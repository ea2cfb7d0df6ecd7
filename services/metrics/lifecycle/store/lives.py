"""One customer's life as it stands in the tables: their row, the shop's figures behind it, and all their changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from services.metrics.lifecycle.domain.stages import Stage as StageOf
from services.metrics.lifecycle.domain.stages import Standing
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE, Figure, Rules, Threshold, threshold
from shared.db import Reads

CHANGES_SHOWN = 1_000
"""Of a customer with more changes, the latest are shown."""

_ROW = """
SELECT stage, stage_began, last_visit, threshold, figure_day, gaps, put_off, changes,
       coalesce(days[array_upper(days, 1)], 0) AS last_order
FROM customer_state WHERE shop = $1 AND generation = $2 AND customer = $3
"""
_FIGURES = """
SELECT day, gaps, gap_days, first_gaps, first_gap_days FROM gap_figure
WHERE shop = $1 AND generation = $2 AND day = $3 ORDER BY partition
"""
_CHANGES = """
SELECT n, day, previous, stage, reason, last_active, threshold, evidence, late, time, event_id, retracted_by
FROM transition WHERE shop = $1 AND generation = $2 AND customer = $3 ORDER BY n DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Life:
    """How a customer stands by their row. `threshold` in it has its evidence."""

    standing: Standing
    changes: int
    put_off: bool
    """Whether the stage is about to be worked out anew, after an import."""


class Change(NamedTuple):
    """A change of stage as it was published, or as it is known. Days are ordinals."""

    n: int
    day: int
    previous: int
    stage: int
    reason: int
    last_active: int | None
    threshold: int | None
    evidence: bytes | None
    late: bool
    time: datetime
    event_id: str | None
    retracted_by: str | None
    """Id of the event that took it back; empty when it had not been published; None while it holds."""


async def life_of(reads: Reads, shop: int, generation: int, customer: int, rules: Rules) -> Life | None:
    """A customer's row; None for an unknown customer."""
    row = await reads.fetchrow(_ROW, shop, generation, customer)
    if row is None:
        return None
    gaps = tuple(int(gap) for gap in np.frombuffer(row["gaps"], ">u2") if gap)
    figures = [NO_FIGURE]
    if row["figure_day"]:
        figures = [Figure(*found) for found in await reads.fetch(_FIGURES, shop, generation, row["figure_day"])]
    standing = Standing(
        stage=StageOf(row["stage"]),
        began=row["stage_began"],
        last_order=row["last_order"],
        last_visit=row["last_visit"],
        gaps=gaps,
        threshold=_evident(row["threshold"], rules, gaps, figures),
    )
    return Life(standing, row["changes"], row["put_off"])


def _evident(days: int, rules: Rules, gaps: tuple[int, ...], figures: list[Figure]) -> Threshold | None:
    """The threshold in force with what it rests on; alone, where that has been cleared away since."""
    if not days:
        return None
    # On the stream's clock each partition has figures of its own: it is the one that gives this number of days.
    worked_out = [threshold(rules, gaps, figure) for figure in figures]
    return next((one for one in worked_out if one.days == days), Threshold(days, rules.personal, own_gaps=len(gaps)))


async def changes_of(reads: Reads, shop: int, generation: int, customer: int) -> list[Change]:
    """The latest changes, retracted ones too, by number."""
    rows = await reads.fetch(_CHANGES, shop, generation, customer, CHANGES_SHOWN)
    return [Change(*row) for row in reversed(rows)]
