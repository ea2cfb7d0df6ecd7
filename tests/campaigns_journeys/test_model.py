"""Step by step a run goes as the tree says: a model walks it in one go, with all that will happen known before."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.campaigns.journeys.domain.chance import drawn
from services.campaigns.journeys.domain.journey import (
    Branch,
    End,
    Filter,
    Journey,
    Match,
    Send,
    Split,
    Step,
    Variant,
    Wait,
    WaitFor,
)
from services.campaigns.journeys.domain.moving import advance
from services.campaigns.journeys.domain.program import program_of
from services.campaigns.journeys.domain.reading import read_journey
from services.campaigns.journeys.domain.run import Around, Book, State, hear
from tests.campaigns_journeys.happenings import HAND, NOW, a_run, happening


class Event(NamedTuple):
    """Something that happens so many seconds after the run began, at an instant of its own."""

    second: int
    name: str


class Over(Exception):
    """The way ends here."""


NAMES = ("page read", "page left")


def steps(depth: int) -> st.SearchStrategy[tuple[Step, ...]]:
    """Lists of steps; ids are given afterwards."""
    plain = st.one_of(
        st.just(Send(id="x", channel="email", template="t", purpose="p")),
        st.integers(1, 9).map(lambda minutes: Wait(id="x", minutes=minutes)),
        st.just(End(id="x")) if depth < 3 else st.nothing(),
    )
    if depth == 0:
        return st.lists(plain, max_size=2).map(tuple)
    below = steps(depth - 1)
    deciding = st.one_of(
        st.builds(
            lambda name, minutes, met, missed: WaitFor(
                id="x", events=(Match(event=name),), minutes=minutes, met=met, missed=missed
            ),
            *(st.sampled_from(NAMES), st.integers(1, 9), below, below),
        ),
        st.builds(
            lambda value, yes, no: Branch(id="x", trigger=(Filter(field="n", value=value),), yes=yes, no=no),
            *(st.integers(0, 1), below, below),
        ),
        st.builds(_split, below, below),
    )
    return st.lists(st.one_of(plain, deciding), min_size=1, max_size=3).map(tuple)


def _split(first: tuple[Step, ...], second: tuple[Step, ...]) -> Split:
    return Split(id="x", variants=(Variant(name="a", steps=first), Variant(name="b", weight=2, steps=second)))


def named(found: tuple[Step, ...], count: list[int]) -> tuple[Step, ...]:
    """The same with ids of their own."""
    made: list[Step] = []
    for step in found:
        count[0] += 1
        change: dict[str, Any] = {"id": f"s{count[0]}"}
        match step:
            case WaitFor():
                change |= {"met": named(step.met, count), "missed": named(step.missed, count)}
            case Branch():
                change |= {"yes": named(step.yes, count), "no": named(step.no, count)}
            case Split():
                variants = tuple(msgspec.structs.replace(one, steps=named(one.steps, count)) for one in step.variants)
                change |= {"variants": variants}
            case _:
                pass
        made.append(msgspec.structs.replace(step, **change))
    return tuple(made)


def walked(journey: Journey, events: list[Event], goal: int | None, n: int) -> list[tuple[str, str]]:
    """(step, outcome) of a run with the key `k-7`, entered with this `n`, whose goal is reached at that second."""
    found: list[tuple[str, str]] = []

    def walk(steps_: tuple[Step, ...], second: int) -> int:
        for step in steps_:
            outcome: str = "planned"
            under: tuple[Step, ...] = ()
            match step:
                case Wait():
                    second, outcome = second + 60 * step.minutes, "over"
                case WaitFor():
                    until = second + 60 * step.minutes
                    names = {one.event for one in step.events}
                    came = next((e.second for e in events if e.name in names and second < e.second < until), None)
                    second, outcome = (until, "missed") if came is None else (came, "met")
                    under = step.missed if came is None else step.met
                case Branch():
                    outcome = "yes" if step.trigger[0].value == n else "no"
                    under = step.yes if outcome == "yes" else step.no
                case Split():
                    variant = step.variants[drawn("j", step.id, "k-7", [one.weight for one in step.variants])]
                    outcome, under = variant.name, variant.steps
                case End():
                    outcome = "over"
                case _:
                    pass
            if goal is not None and second > goal:
                raise Over
            found.append((step.id, outcome))
            if isinstance(step, End):
                raise Over
            second = walk(under, second)
        return second

    with suppress(Over):
        walk(journey.steps, 0)
    return found


@settings(max_examples=300)
@given(
    tree=steps(3),
    events=st.lists(st.builds(Event, st.integers(0, 1_000), st.sampled_from(NAMES)), max_size=8),
    goal=st.one_of(st.none(), st.integers(0, 1_500)),
    n=st.integers(0, 1),
    early=st.lists(st.integers(0, 3_000), max_size=6),
)
def test_step_by_step_a_run_goes_as_the_tree_says(
    tree: tuple[Step, ...], events: list[Event], goal: int | None, n: int, early: list[int]
) -> None:
    # Events and the goal at odd seconds of their own, waits of whole minutes: nothing falls on one instant.
    events = sorted({Event(one.second * 4 + 1, one.name) for one in events})
    goal = None if goal is None else goal * 4 + 3
    journey = Journey(
        name="J", trigger=read_journey(HAND).trigger, steps=named(tree, [0]), goal=(Match(event="order.completed"),)
    )
    if not journey.steps:
        return
    program = program_of("j", 1, journey)
    around = {("j", 1): program}
    run = a_run(program.first, context=b'{"n": %d}' % n)
    done: list[tuple[str, str]] = []
    happenings = [(one.second, one.name) for one in events] + ([] if goal is None else [(goal, "order.completed")])
    wakes = sorted({*(2 * one for one in early)})

    def move(now: datetime) -> None:
        nonlocal run
        if run.state is not State.RUNNING:
            return
        killed, _ = advance(run, program, lambda _: False, now, "UTC")
        run, more = advance(run, program, lambda _: False, now, "UTC")
        assert run == killed, "what died before its commit is done again, alike"
        done.extend((one.step.id, one.outcome) for one in more)

    move(NOW)
    for _ in range(500):
        if run.state is not State.RUNNING:
            break
        due = None if run.due is None else (run.due - NOW).total_seconds()
        coming = [(at, name) for at, name in happenings] + [(at, "") for at in wakes]
        first = min(coming, default=None)
        if first is not None and (due is None or first[0] < due):
            at, name = first
            now = NOW + timedelta(seconds=at)
            if name:
                happenings.remove((at, name))
                for _ in range(2):  # told twice
                    book = Book({run.id: run} if run.state is State.RUNNING else {})
                    hear(book, happening(name, at=now, cause=f"{name} {at}"), Around("laleh", "UTC", now, around, []))
                    run = book.changed.get(run.id, run)
            else:
                wakes.remove(at)
            move(now)
        else:
            assert due is not None
            move(NOW + timedelta(seconds=due))
    assert done == walked(journey, events, goal, n)
    assert run.state in (State.COMPLETED, State.GOAL)
    assert len(done) == len(set(done)), "a step is done once"
