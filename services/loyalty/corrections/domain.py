"""Corrections of points by hand: given, taken, or an expired lot reinstated. Pure: who may decide what, what follows.

waiting → posted or refused, by somebody else than who asked for it. Small ones are posted at once.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple

Reason = Literal["goodwill", "mistake", "missing_order", "abuse", "other"]
"""Kept in the ledger for ever: a word. What people write about it can be erased."""


class State(IntEnum):
    """Where a correction stands."""

    WAITING = 1
    POSTED = 2
    REFUSED = 3


class Correction(NamedTuple):
    """One of them. `text` and `answer` are what people wrote."""

    id: str
    customer: int
    points: int
    """Below 0: taken away."""
    takes_two: bool
    state: State
    reason: str
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None = None
    decided_by: str = ""
    text: str = ""
    answer: str = ""
    lot: int | None = None
    """That had expired and is reinstated: `points` are those that had when it was asked for. None: points by hand."""


class Trouble(NamedTuple):
    """Why it stays as it is."""

    code: str
    detail: str


def takes_two(points: int, second_person_over: int) -> bool:
    """Whether a second person has to agree."""
    return abs(points) > second_person_over


def why_not_reinstated(points: int, expires_day: int, day: int, reinstate_days: int) -> Trouble | None:
    """Why a lot cannot be reinstated on a day of the shop. `points` have expired of it, as `expires_day` began."""
    if not points:
        return Trouble("not-expired", "nothing of this lot has expired")
    if day >= expires_day + reinstate_days:
        detail = f"the programme gives back within {reinstate_days} days; give `points` instead"
        return Trouble("too-late", f"it expired {day - expires_day} days ago, {detail}")
    return None


def decided(one: Correction, wanted: State, who: str, now: datetime, answer: str = "") -> Correction | Trouble:
    """The correction once somebody has decided, or why they cannot. Decided in the same way again, it stays."""
    if one.state is wanted and one.decided_by == who:
        return one
    if one.state is not State.WAITING:
        return Trouble("decided", f"it is {one.state.name.lower()} already")
    if who == one.asked_by:
        return Trouble("same-person", "somebody else than who asked for it has to decide")
    return one._replace(state=wanted, decided_at=now, decided_by=who, answer=answer)
