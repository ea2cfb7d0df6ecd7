"""Runs: one customer's way through one version of a journey, and all that runs of one person hear. Pure.

    RUNNING → COMPLETED | GOAL | EXIT | KILLED | ERASED

Events enter runs, end them and wake those that wait; nothing else. What a run does next it does in a transaction of its
own, when its timer fires (`moving.py`), so what it finds there does not depend on which events came in one batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

import msgspec

from services.campaigns.journeys.domain.chance import is_held_out
from services.campaigns.journeys.domain.happening import Happening, any_means, means, passes
from services.campaigns.journeys.domain.journey import (
    AfterDays,
    AfterEnd,
    Never,
    OnEvent,
    OnSegment,
    Wait,
    WaitFor,
)
from services.campaigns.journeys.domain.program import BY_HAND, OVER, Program
from services.campaigns.journeys.domain.waiting import due_of
from shared.kernel import CustomerId, customer_id_text, derive_event_id

_TEXT_MAX = 200


class State(IntEnum):
    """Of a run."""

    RUNNING = 0
    COMPLETED = 1
    GOAL = 2
    EXIT = 3
    KILLED = 4
    ERASED = 5


class Run(NamedTuple):
    """A run as it stands."""

    shop: int
    id: str
    journey: str
    version: int
    customer: int
    key: str
    state: State
    control: bool
    step: str
    """At which it stands; empty: at its end."""
    due: datetime | None
    """Until when it waits in that step; None: it is to do the step."""
    met: bool
    """What it waits for has come."""
    since: datetime
    """When that occurred which it was entered by."""
    entered_at: datetime
    changed_at: datetime
    variant: str
    cause: str
    trigger: str
    partition: int
    """Whose owner fires its timers."""
    context: bytes
    """JSON: what it was entered with."""


class Told(NamedTuple):
    """Something that is to be told of a run."""

    run: Run
    happening: Happening | None = None


class Past(NamedTuple):
    """Runs of a person in a journey, up to now."""

    last: datetime | None = None
    """When the last one began."""
    keys: frozenset[str] = frozenset()
    """Of those that were asked for: the keys that had one."""


class Mark(NamedTuple):
    """The last event that would end runs of a journey, which may come before what enters one."""

    at: datetime
    cause: str


@dataclass
class Book:
    """All that is kept of one person's runs, and what becomes of it while events are heard."""

    runs: dict[str, Run]
    """That go on."""
    pasts: dict[str, Past] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    """By journey, and what the event was for, where that matters."""
    erased: bool = False
    told: list[Told] = field(default_factory=list)
    entered: dict[str, Run] = field(default_factory=dict)
    changed: dict[str, Run] = field(default_factory=dict)
    """Those that were there before."""
    marked: set[tuple[str, str]] = field(default_factory=set)

    def put(self, run: Run) -> None:
        """Keep a change of a run that goes on, or ends."""
        (self.entered if run.id in self.entered else self.changed)[run.id] = run
        if run.state is State.RUNNING:
            self.runs[run.id] = run
        else:
            self.runs.pop(run.id, None)


class Around(NamedTuple):
    """What is known beside the person."""

    slug: str
    zone: str
    now: datetime
    programs: Mapping[tuple[str, int], Program]
    """All versions that runs may have."""
    open: Sequence[Program]
    """Those that new runs enter: none of journeys that rest."""


def hear(book: Book, happening: Happening, around: Around) -> None:
    """What one event does to the runs of a person."""
    for run in sorted(book.runs.values()):
        program = around.programs.get((run.journey, run.version))
        if program is not None and happening.name in program.listens:
            _heard_by(book, run, program, happening, around.now)
    for program in around.open:
        _mark(book, program, happening, around.now)
        if (run_ := _entering(book, program, happening, around)) is not None:
            book.entered[run_.id] = run_
            book.runs[run_.id] = run_
            past = book.pasts.get(program.id, Past())
            book.pasts[program.id] = Past(around.now, past.keys | {run_.key})
            book.told.append(Told(run_, happening))


def run_id(slug: str, journey: str, customer: int, happening: Happening) -> str:
    """The same however often it is told."""
    about = "\x1f".join((journey, customer_id_text(CustomerId(customer)), happening.cause))
    return derive_event_id(int(happening.at.timestamp() * 1000), slug, about, "journey.run")


def _heard_by(book: Book, run: Run, program: Program, happening: Happening, now: datetime) -> None:
    if happening.at <= run.since or happening.cause == run.cause:
        return
    journey = program.journey
    ends = ((journey.goal, State.GOAL), (journey.exits, State.EXIT))
    for matches, state in ends:
        if any_means(matches, happening, run.key, run.id):
            ended = run._replace(state=state, changed_at=now, due=None)
            book.put(ended)
            book.told.append(Told(ended, happening))
            return
    if run.due is None:
        return
    step = program.nodes[run.step].step
    if isinstance(step, WaitFor) and not run.met and any_means(step.events, happening, run.key, run.id):
        book.put(run._replace(met=True, due=now, changed_at=now))
    elif isinstance(step, Wait) and any_means(step.renewed_by, happening, run.key, run.id):
        due = max(run.due, now + timedelta(minutes=step.minutes))
        book.put(run._replace(due=due, changed_at=now))


def _mark(book: Book, program: Program, happening: Happening, now: datetime) -> None:
    """Remember what would end a run, for one whose trigger is still on its way."""
    journey = program.journey
    if happening.at < now - timedelta(hours=journey.max_age_hours):
        return
    for match in (*journey.goal, *journey.exits):
        value = "" if match.same is None else str(happening.fields.get(match.same, ""))[:_TEXT_MAX]
        if match.event == happening.name and match.same != "run" and means(match, happening, value):
            place = (program.id, value)
            mark = Mark(happening.at, happening.cause)
            if place not in book.marks or book.marks[place] < mark:
                book.marks[place] = mark
                book.marked.add(place)


def key_of(program: Program, happening: Happening) -> str | None:
    """What a run would be for; None where the event does not say so."""
    if program.journey.key is None:
        return ""
    found = happening.fields.get(program.journey.key)
    return None if found is None or found == "" else str(found)[:_TEXT_MAX]


def enters(program: Program, happening: Happening, now: datetime) -> bool:
    """Whether this is what a journey is entered by, whoever it is of."""
    trigger, oldest = program.journey.trigger, now - timedelta(hours=program.journey.max_age_hours)
    if happening.journey not in ("", program.id) or happening.origin != "live" or happening.at < oldest:
        return False
    if happening.name == BY_HAND:
        return happening.journey == program.id and key_of(program, happening) is not None
    if happening.name != program.entered_by or key_of(program, happening) is None:
        return False
    match trigger:
        case OnEvent(where=where):
            return passes(happening.fields, where)
        case OnSegment(segment=segment, published=published):
            told = happening.fields
            return told.get("segment") == segment and (published or told.get("reason") != "published")
        case _:
            return happening.journey == program.id


def _entering(book: Book, program: Program, happening: Happening, around: Around) -> Run | None:
    if book.erased or not enters(program, happening, around.now):
        return None
    key = key_of(program, happening)
    if key is None or not _may_enter(book, program, key, around.now) or _is_over(book, program, key, happening):
        return None
    name = customer_id_text(CustomerId(happening.customer))
    return Run(
        shop=happening.shop,
        id=run_id(around.slug, program.id, happening.customer, happening),
        journey=program.id,
        version=program.version,
        customer=happening.customer,
        key=key,
        state=State.RUNNING,
        control=is_held_out(program.id, name, program.journey.control_percent),
        step=program.first,
        due=None if program.first == OVER else due_of(program.nodes[program.first].step, around.now, around.zone),
        met=False,
        since=happening.at,
        entered_at=around.now,
        changed_at=around.now,
        variant="",
        cause=happening.cause,
        trigger=happening.name,
        partition=happening.partition,
        context=msgspec.json.encode(dict(sorted(happening.fields.items()))),
    )


def _may_enter(book: Book, program: Program, key: str, now: datetime) -> bool:
    past, rule = book.pasts.get(program.id, Past()), program.journey.reentry
    running = any(run.journey == program.id for run in book.runs.values())
    match rule:
        case Never():
            return past.last is None
        case AfterEnd():
            return not running
        case AfterDays(days=days):
            return not running and (past.last is None or past.last + timedelta(days=days) <= now)
        case _:
            return key not in past.keys


def _is_over(book: Book, program: Program, key: str, happening: Happening) -> bool:
    """Whether what ends such a run has come before it."""
    found: Iterable[Mark | None] = (book.marks.get((program.id, value)) for value in {"", key})
    return any(one is not None and one.at > happening.at and one.cause != happening.cause for one in found)
