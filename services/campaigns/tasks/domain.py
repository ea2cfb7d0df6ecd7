"""Tasks of staff: open, then done or cancelled, and by whom. Pure.

    OPEN → DONE | CANCELLED

Whoever claims an open task owns it; it is taken from somebody else only where that is said. What has ended stays.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple

Refusal = Literal["ended", "taken"]


class State(IntEnum):
    """Of a task."""

    OPEN = 0
    DONE = 1
    CANCELLED = 2


class Opening(NamedTuple):
    """A task as it begins. Its id is that of the message it was planned as."""

    shop: int
    id: str
    customer: int
    campaign: str
    step: str
    occasion: str
    locale: str
    via: str
    """How staff reach the customer: `phone`, `post`, or empty."""
    owner: str
    title: str
    note: str
    due: datetime
    test: bool = False
    """Of a template, for somebody of the staff: it is of no customer, and nothing is told of it."""


class Task(NamedTuple):
    """How a task stands."""

    opening: Opening
    state: State
    outcome: str
    text: str
    """What staff wrote of it."""
    opened_at: datetime
    changed_at: datetime


class Ruling(NamedTuple):
    """What becomes of a request: a refusal, nothing, or the task as it stands then."""

    refused: Refusal | None = None
    after: Task | None = None


def claimed(task: Task, actor: str, now: datetime, *, take_over: bool) -> Ruling:
    """Somebody takes a task."""
    opening = task.opening
    if task.state is not State.OPEN:
        return Ruling("ended")
    if opening.owner == actor:
        return Ruling()
    if opening.owner and not take_over:
        return Ruling("taken")
    return Ruling(None, task._replace(opening=opening._replace(owner=actor), changed_at=now))


def ended(task: Task, state: State, said: tuple[str, str], actor: str, now: datetime) -> Ruling:
    """Somebody ends a task. `said`: outcome and text. In the same words once more it is the same."""
    outcome, text = said
    if task.state is not State.OPEN:
        return Ruling() if (task.state, task.outcome, task.text) == (state, outcome, text) else Ruling("ended")
    opening = task.opening._replace(owner=task.opening.owner or actor)
    return Ruling(None, task._replace(opening=opening, state=state, outcome=outcome, text=text, changed_at=now))
