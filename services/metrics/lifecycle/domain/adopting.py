"""Whether what was told of a customer, as its table has it, agrees with what a rebuild makes of the topics. Pure.

What was told is history: on wall time it depends on when events were handled, so a rebuild may come to the same stages
by another way. It is only mended where the table itself must be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Line(Protocol):
    """A row of what was told, whatever else it has."""

    @property
    def n(self) -> int: ...
    @property
    def day(self) -> int: ...
    @property
    def previous(self) -> int: ...
    @property
    def stage(self) -> int: ...
    @property
    def reason(self) -> int: ...
    @property
    def event_id(self) -> str | None: ...
    @property
    def retracted_by(self) -> str | None: ...


class Settled(NamedTuple):
    """What becomes of a customer's rows."""

    mended: tuple[int, ...]
    """Numbers of rows to be written as the rebuild has them."""
    is_true: bool
    """Then the rows that stand say what the topics say; otherwise it has to be told."""


def settle(live: Sequence[Line], rebuilt: Sequence[Line], changes: int) -> Settled:
    """Hold both against each other. `changes`: how many numbers live has given away.

    A number that was given away was told. If all of live's rows are events of the rebuild, too, then a row that is
    missing was lost, and one that says something else under the same event's id was altered.
    """
    told, anew = {row.n: row for row in live}, {row.n: row for row in rebuilt}
    mended: tuple[int, ...] = ()
    if all(_is_one_event(row, anew.get(n)) for n, row in told.items()):
        mended = tuple(n for n in sorted(anew) if n <= changes and _is_wrong(told.get(n), anew[n]))
    after = told | {n: anew[n] for n in mended}
    return Settled(mended, _standing(after) == _standing(anew))


def _is_one_event(row: Line, other: Line | None) -> bool:
    if other is None or (row.retracted_by is None) is not (other.retracted_by is None):
        return False
    return row.event_id == other.event_id


def _is_wrong(row: Line | None, other: Line) -> bool:
    if row is None:
        return True
    return (row.day, row.previous, row.stage, row.reason) != (other.day, other.previous, other.stage, other.reason)


def _standing(rows: Mapping[int, Line]) -> list[tuple[int, int, int]]:
    return sorted((row.day, row.previous, row.stage) for row in rows.values() if row.retracted_by is None)
