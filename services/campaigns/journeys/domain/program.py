"""A journey as a run goes through it: from each step to the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.campaigns.journeys.domain.journey import (
    Branch,
    Journey,
    OnDate,
    OnEvent,
    OnSegment,
    Step,
    below,
    matches_of,
)
from services.campaigns.segments import HISTORY, needed

BY_HAND = "by-hand"
"""What runs are entered by that somebody asks for: of any journey."""
OVER = ""
"""Where a run stands that has come to its end."""


class Node(NamedTuple):
    """A step, and where its outcomes lead."""

    step: Step
    targets: Mapping[str, str]
    """Step by outcome, for those that decide."""
    after: str
    """Else."""


@dataclass(frozen=True, slots=True)
class Program:
    """A version of a journey."""

    id: str
    version: int
    journey: Journey
    first: str
    nodes: Mapping[str, Node]
    listens: frozenset[str]
    """Events that matter to its runs."""
    entered_by: str
    """The event that it is entered by."""
    asks: bool
    """Whether any step asks for what is known of the customer."""
    asks_history: bool
    """Whether any asks for single orders, or for what came of messages."""


def program_of(name: str, version: int, journey: Journey) -> Program:
    """What a worker works with."""
    nodes: dict[str, Node] = {}
    first = _lay(journey.steps, OVER, nodes)
    listens = frozenset(one.event for one in matches_of(journey))
    steps = [node.step for node in nodes.values()]
    asked = [needed(one.profile) for one in steps if isinstance(one, Branch) and one.profile is not None]
    history = any(HISTORY in one for one in asked)
    return Program(name, version, journey, first, nodes, listens, _entered_by(journey), bool(asked), history)


def _lay(steps: tuple[Step, ...], after: str, nodes: dict[str, Node]) -> str:
    """Where a list of steps begins that goes on with `after`."""
    for step in reversed(steps):
        targets = {outcome: _lay(under, after, nodes) for outcome, under in below(step)}
        nodes[step.id] = Node(step, targets, after)
        after = step.id
    return after


def _entered_by(journey: Journey) -> str:
    match journey.trigger:
        case OnEvent(event=event):
            return event
        case OnSegment(on=on):
            return f"segment.{on}"
        case OnDate():
            return "date"
        case _:
            return BY_HAND
