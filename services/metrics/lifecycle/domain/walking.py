"""One customer through the events of a batch, one after the other: what is to be told. Pure.

An event first lets fall due what falls due until its own day. An order in time then takes one step. What comes late, is
taken away or moved has everything worked out anew from the facts as they were at that event, and compared with what was
told. So what is told follows from the customer's events in their order, whatever batches they came in.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.metrics.lifecycle.domain.stages import (
    NOBODY,
    Reason,
    Standing,
    Transition,
    compare,
    fall_due,
    history,
    order,
    visit,
)
from services.metrics.lifecycle.domain.thresholds import Figure, Rules

FigureOf = Callable[[int, int], Figure]
"""The figure in force on a day, of those that were frozen before a position of the batch."""
LIVE, BACKFILL = "live", "backfill"


class Happening(NamedTuple):
    """What one event changes of a customer's days."""

    position: int
    day: int
    """On which it occurred."""
    origin: str
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    visited: int | None = None
    clock_day: int = 0
    """The shop's clock when it came; 0: not yet known."""
    clock_origin: str = LIVE
    reason: str = ""
    """Why what was told before is not true, where that does not follow from what changed."""


class Told(NamedTuple):
    """A change of stage that stands: told, and not taken back."""

    n: int
    transition: Transition
    published: bool = True
    """Not so where it was caught up silently."""
    event_id: str | None = None
    """Of its event, where it was read: in another zone the same change would be told under another one."""


class Change(NamedTuple):
    """A change of stage to be told."""

    n: int
    transition: Transition
    late: bool
    origin: str
    position: int | None
    """Of the event that caused it; None: the clock."""


class Retraction(NamedTuple):
    """A change that is not true."""

    told: Told
    reason: str
    origin: str
    position: int | None


class Owed(NamedTuple):
    """A change that stands in the table, or was taken back there, and nobody was told: other settings made it so."""

    told: Told
    is_gone: bool
    origin: str = LIVE


Act = Change | Retraction | Owed


@dataclass(slots=True)
class Person:
    """A customer as they stand, and, where late or vanished orders need them, their facts."""

    standing: Standing = NOBODY
    seen: int = 0
    changes: int = 0
    put_off: bool = False
    orders: list[int] = field(default_factory=list)
    """All days of counted orders, rising, repeats kept. Kept up only where `told` is loaded."""
    visits: list[int] = field(default_factory=list)
    told: list[Told] | None = None
    """None: not loaded, as nothing has to be worked out anew."""
    owed: Sequence[Owed] = ()
    """What is to be told before anything else is; loaded for who is put off."""
    acts: list[Act] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Walk:
    """The rules and figures that hold for a shop's customers of one partition."""

    rules: Rules
    figure_of: FigureOf
    defers: bool = False
    """On wall time, history is put off to a timer: what comes of it need not be told at each step."""

    def go(self, person: Person, happenings: Sequence[Happening]) -> None:
        """All events in order; what is to be told is added to `person.acts`."""
        for one in happenings:
            if self.defers and one.origin == BACKFILL:
                person.put_off = True
                _know(person, one)
                person.seen = max(person.seen, one.day, *one.added)
                continue
            if person.put_off:
                self.catch_up(person, one.clock_day, one.position, one.clock_origin)
            self._step(person, one)

    def fall_due(self, person: Person, until: int, origin: str) -> None:
        """What the clock does up to a day."""
        if person.put_off:
            self.catch_up(person, until, _LAST, origin)
            return
        person.standing, changes = fall_due(person.standing, self.rules, until)
        for change in changes:
            _tell(person, change, late=False, origin=origin)

    def catch_up(self, person: Person, clock_day: int, position: int, origin: str) -> None:
        """What was put off. First what other settings have changed, which the table says already."""
        person.put_off = False
        person.acts += [one._replace(origin=origin) for one in person.owed]
        person.owed = ()
        horizon = max(clock_day, person.seen)
        self._anew(person, horizon, position, _Cause("late_order", BACKFILL, None, horizon))

    def _step(self, person: Person, one: Happening) -> None:
        horizon = max(one.clock_day, person.seen)
        until = max(horizon, one.day)
        if in_time(person.standing, one, until):
            move = order if one.visited is None else visit
            day = one.added[0] if one.visited is None else one.visited
            figure = self.figure_of(day, one.position)
            person.standing, changes = move(person.standing, day, self.rules, figure)
            _know(person, one)
            for change in changes:
                if change.reason is Reason.ORDER or change.reason is Reason.VISIT:
                    _tell(person, change, late=False, origin=one.origin, position=one.position)
                else:
                    _tell(person, change, late=False, origin=one.clock_origin)
        else:
            person.standing, changes = fall_due(person.standing, self.rules, until)
            for change in changes:
                _tell(person, change, late=False, origin=one.clock_origin)
            _know(person, one)
            moved = "order_moved" if one.added and one.removed else "order_gone" if one.removed else "late_order"
            reason = one.reason or moved
            self._anew(person, until, one.position, _Cause(reason, one.origin, one.position, horizon))
        person.seen = max(person.seen, one.day, *one.added)

    def _anew(self, person: Person, until: int, position: int, cause: _Cause) -> None:
        told = person.told
        assert told is not None, "facts are loaded for whoever has something to be worked out anew"
        until = max([until, *person.orders[-1:], *person.visits[-1:]])
        person.standing, wanted = history(
            person.orders, person.visits, self.rules, lambda day: self.figure_of(day, position), until
        )
        untrue, missing = compare([one.transition for one in told], wanted, person.visits)
        for at in untrue:
            person.acts.append(Retraction(told[at], cause.reason, cause.origin, cause.position))
        person.told = [one for at, one in enumerate(told) if at not in set(untrue)]
        # Facts of merged identities may lie ahead of the clock that judges this: they are judged with it.
        person.seen = max(person.seen, person.standing.last_order, person.standing.last_visit)
        for change in missing:
            _tell(person, change, late=change.day < cause.horizon, origin=cause.origin, position=cause.position)


def _tell(person: Person, change: Transition, *, late: bool, origin: str, position: int | None = None) -> None:
    person.changes += 1
    # Events of merged identities come by several partitions, of which one may be behind the clock that judged this.
    person.seen = max(person.seen, change.day)
    person.acts.append(Change(person.changes, change, late, origin, position))
    if person.told is not None:
        person.told.append(Told(person.changes, change))


class _Cause(NamedTuple):
    reason: str
    origin: str
    position: int | None
    horizon: int


_LAST = 2**62


def in_time(standing: Standing, one: Happening, until: int) -> bool:
    """Whether it is one more day of activity, not before anything that was judged: `until` that day."""
    if one.removed or one.reason:
        return False
    days = one.added if one.visited is None else (one.visited,)
    return len(days) == 1 and days[0] >= max(until, standing.last_order, standing.last_visit)


def _know(person: Person, one: Happening) -> None:
    if person.told is None:
        return
    for day in one.removed:
        person.orders.remove(day)
    for day in one.added:
        insort(person.orders, day)
    if one.visited is not None:
        insort(person.visits, one.visited)
