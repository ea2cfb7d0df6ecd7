"""Corrections of points by hand. Pure: who may decide what, and what follows.

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


class Trouble(NamedTuple):
    """Why it stays as it is."""

    code: str
    detail: str


def takes_two(points: int, second_person_over: int) -> bool:
    """Whether a second person has to agree."""
    return abs(points) > second_person_over


def decided(one: Correction, wanted: State, who: str, now: datetime, answer: str = "") -> Correction | Trouble:
    """The correction once somebody has decided, or why they cannot. Decided in the same way again, it stays."""
    if one.state is wanted and one.decided_by == who:
        return one
    if one.state is not State.WAITING:
        return Trouble("decided", f"it is {one.state.name.lower()} already")
    if who == one.asked_by:
        return Trouble("same-person", "somebody else than who asked for it has to decide")
    return one._replace(state=wanted, decided_at=now, decided_by=who, answer=answer)
