"""How a run goes from step to step. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.campaigns.journeys.domain.chance import drawn
from services.campaigns.journeys.domain.happening import Value, passes
from services.campaigns.journeys.domain.journey import (
    Branch,
    End,
    Points,
    Reward,
    Send,
    Split,
    Step,
    WaitFor,
)
from services.campaigns.journeys.domain.program import OVER, Program
from services.campaigns.journeys.domain.run import Run, State
from services.campaigns.journeys.domain.waiting import due_of
from services.campaigns.segments import Condition
from shared.kernel import CustomerId, customer_id_text

Asks = Callable[[Condition], bool]
"""Whether a condition holds for the customer now."""
_CONTEXT = msgspec.json.Decoder(dict[str, str | int | bool])


class Done(NamedTuple):
    """A step that a run has done, and what came of it."""

    run: Run
    """After the step's own choice, still at the step."""
    step: Step
    outcome: str


def advance(run: Run, program: Program, asks: Asks, now: datetime, zone: str) -> tuple[Run, list[Done]]:
    """As far as the run can go now: to a wait that is not over, or to its end. It ends, since steps are a tree."""
    done: list[Done] = []
    while run.state is State.RUNNING:
        if run.step == OVER:
            run = run._replace(state=State.COMPLETED, due=None, changed_at=now)
            break
        node = program.nodes[run.step]
        if run.due is None:
            run = run._replace(due=due_of(node.step, now, zone))
        if run.due is not None and run.due > now and not run.met:
            break
        outcome = _outcome(run, node.step, asks)
        if isinstance(node.step, Split):
            run = run._replace(variant=f"{node.step.id}:{outcome}")
        done.append(Done(run, node.step, outcome))
        target = OVER if isinstance(node.step, End) else node.targets.get(outcome, node.after)
        run = run._replace(step=target, due=None, met=False, changed_at=now)
    return run, done


def context_of(run: Run) -> Mapping[str, Value]:
    """What the run was entered with."""
    return _CONTEXT.decode(run.context)


def _outcome(run: Run, step: Step, asks: Asks) -> str:
    match step:
        case WaitFor():
            return "met" if run.met else "missed"
        case Branch():
            holds = passes(context_of(run), step.trigger) and (step.profile is None or asks(step.profile))
            return "yes" if holds else "no"
        case Split():
            key = run.key or customer_id_text(CustomerId(run.customer))
            return step.variants[drawn(run.journey, step.id, key, [one.weight for one in step.variants])].name
        case Send() | Points() | Reward():
            return "withheld" if run.control else "planned"
        case _:
            return "over"
