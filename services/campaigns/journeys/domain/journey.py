"""A journey: what it is entered by, what it is for, and a tree of steps. `kind` tells which one a node is.

Steps follow one another; a step that decides has lists of steps of its own, after which the way goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from services.campaigns.segments import Condition
from shared.contracts.campaigns import MessageChannel, Name
from shared.contracts.consents import Purpose

STEPS_MAX = 200
DEPTH_MAX = 12
MINUTES_MAX = 366 * 24 * 60

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Scalar = Text | Annotated[int, Meta(ge=-(10**15), le=10**15)] | bool
Minutes = Annotated[int, Meta(ge=1, le=MINUTES_MAX)]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Field = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Percent = Annotated[int, Meta(ge=0, le=50)]


class _Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not known is refused."""


class Filter(_Node, frozen=True, kw_only=True):
    """What a field of an event must be. One that the event does not have is nothing, and satisfies `is_not` alone."""

    field: Field
    op: Literal["is", "is_not", "at_least", "at_most"] = "is"
    value: Scalar


class Match(_Node, frozen=True, kw_only=True):
    """Events of the customer that are meant."""

    event: Text
    """`order.completed`, `tier.changed`; of interactions their names, such as `product added`."""
    where: tuple[Filter, ...] = ()
    """All of them."""
    same: Field | None = None
    """The event's field that must be what the run is for; `run`: the run itself, of events of its messages."""


class OnEvent(_Node, frozen=True, kw_only=True, tag_field="kind", tag="event"):
    """The customer did something, or something became known of them."""

    event: Text
    where: tuple[Filter, ...] = ()


class OnSegment(_Node, frozen=True, kw_only=True, tag_field="kind", tag="segment"):
    """The customer enters a segment, or leaves it."""

    segment: Name
    on: Literal["entered", "left"] = "entered"
    published: bool = False
    """Also those whom the publication of a version of the segment brings in, or takes out: it may be everybody."""


class OnDate(_Node, frozen=True, kw_only=True, tag_field="kind", tag="date"):
    """A day comes: a fixed one, for everybody, or so many years or days after a date of the customer.

    Days are the shop's, but of birthdays: these go by the customer's own calendar (Jalali, where they read Persian) and
    by the day that it is where they are, when the time of the day comes in the shop's zone.
    """

    at: Clock = "09:00"
    """Time of the day, in the shop's zone."""
    on: date | None = None
    """A fixed day."""
    since: Literal["first_order", "last_order", "birthday"] | None = None
    """Or a date of the customer's."""
    every: Literal["year", "once"] = "year"
    """Of a customer's date: each year on its day, or once `days` after it."""
    days: Annotated[int, Meta(ge=0, le=3650)] = 0
    who: Condition | None = None
    """Only customers whom it holds for; None: all."""


class ByHand(_Node, frozen=True, kw_only=True, tag_field="kind", tag="hand"):
    """Staff, or a service that asks for it."""


Trigger = OnEvent | OnSegment | OnDate | ByHand


class Never(_Node, frozen=True, kw_only=True, tag_field="kind", tag="never"):
    """A customer runs once."""


class AfterEnd(_Node, frozen=True, kw_only=True, tag_field="kind", tag="after_end"):
    """Always, once the last run has ended."""


class AfterDays(_Node, frozen=True, kw_only=True, tag_field="kind", tag="after_days"):
    """So many days after the last run began, if that has ended."""

    days: Annotated[int, Meta(ge=1, le=3650)]


class PerKey(_Node, frozen=True, kw_only=True, tag_field="kind", tag="per_key"):
    """Once for each key: runs for several may go side by side."""


Reentry = Never | AfterEnd | AfterDays | PerKey


class _Step(_Node, frozen=True, kw_only=True, tag_field="kind"):
    id: Name


class Send(_Step, frozen=True, kw_only=True, tag="send"):
    """Plan a message: consent, caps and quiet hours decide when it goes out, and whether."""

    channel: MessageChannel
    template: Name
    purpose: Purpose
    values: dict[Field, Scalar] = {}
    """For the template, beside what the run was entered with."""
    expires_hours: Annotated[int, Meta(ge=1, le=720)] = 24


class Wait(_Step, frozen=True, kw_only=True, tag="wait"):
    """Some time. An event that renews it has it begin anew."""

    minutes: Minutes
    renewed_by: tuple[Match, ...] = ()


class WaitFor(_Step, frozen=True, kw_only=True, tag="wait_for"):
    """Until an event, or until the time is over."""

    events: Annotated[tuple[Match, ...], Meta(min_length=1)]
    minutes: Minutes
    met: tuple[Step, ...] = ()
    missed: tuple[Step, ...] = ()


class WaitUntil(_Step, frozen=True, kw_only=True, tag="wait_until"):
    """Until a time of the day in the shop's zone, on one of these days of the week (0 is Monday; none: any)."""

    at: Clock
    weekdays: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = ()


class Branch(_Step, frozen=True, kw_only=True, tag="branch"):
    """By what is known when the run comes here, of the customer and of what it was entered with. Both must hold."""

    profile: Condition | None = None
    trigger: tuple[Filter, ...] = ()
    yes: tuple[Step, ...] = ()
    no: tuple[Step, ...] = ()


class Variant(_Node, frozen=True, kw_only=True):
    """A part of a random split."""

    name: Name
    weight: Annotated[int, Meta(ge=1, le=1000)] = 1
    steps: tuple[Step, ...] = ()


class Split(_Step, frozen=True, kw_only=True, tag="split"):
    """At random, by a hash: the same run always goes the same way."""

    variants: Annotated[tuple[Variant, ...], Meta(min_length=2, max_length=20)]


class Points(_Step, frozen=True, kw_only=True, tag="points"):
    """Ask loyalty to give points: once."""

    points: Annotated[int, Meta(ge=1, le=10**6)]
    reason: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = "goodwill"


class Reward(_Step, frozen=True, kw_only=True, tag="reward"):
    """Ask loyalty to give a reward of the catalogue that costs no points: once."""

    reward: Name


class End(_Step, frozen=True, kw_only=True, tag="end"):
    """The run is over here."""


Step = Send | Wait | WaitFor | WaitUntil | Branch | Split | Points | Reward | End


class Journey(_Node, frozen=True, kw_only=True):
    """A journey, whole."""

    name: Text
    trigger: Trigger
    steps: tuple[Step, ...]
    key: Field | None = None
    """Field of what it is entered by that says what a run is for: `cart`, `order`. Without it: for the customer."""
    reentry: Reentry = Never()
    max_age_hours: Annotated[int, Meta(ge=1, le=720)] = 24
    """What occurred longer ago starts nothing."""
    control_percent: Percent = 0
    """Of customers, who are held out: nothing is sent to them, so that one can see what the journey brings."""
    goal: tuple[Match, ...] = ()
    """What it is for: any of them, once it occurred after what the run was entered by, ends the run."""
    exits: tuple[Match, ...] = ()
    """What makes it pointless, likewise."""


def below(step: Step) -> tuple[tuple[str, tuple[Step, ...]], ...]:
    """The lists of steps of a step, by the outcome that leads there."""
    match step:
        case WaitFor():
            return ("met", step.met), ("missed", step.missed)
        case Branch():
            return ("yes", step.yes), ("no", step.no)
        case Split():
            return tuple((one.name, one.steps) for one in step.variants)
        case _:
            return ()


def steps_of(journey: Journey) -> Iterator[tuple[Step, int]]:
    """All steps, with how deep they lie."""
    waiting = [(one, 1) for one in reversed(journey.steps)]
    while waiting:
        step, depth = waiting.pop()
        yield step, depth
        waiting += [(one, depth + 1) for _, steps in reversed(below(step)) for one in reversed(steps)]


def matches_of(journey: Journey) -> Iterator[Match]:
    """All events that runs listen to."""
    yield from journey.goal
    yield from journey.exits
    for step, _ in steps_of(journey):
        if isinstance(step, WaitFor):
            yield from step.events
        elif isinstance(step, Wait):
            yield from step.renewed_by


def written(journey: Journey) -> Any:
    """As JSON has it."""
    return msgspec.to_builtins(journey)
