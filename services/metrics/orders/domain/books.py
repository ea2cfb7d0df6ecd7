"""What the books say of an order, day by day: basis `booked`. Pure.

Each thing that is told of an order is booked on a day: that on which it occurred, or that of its receipt where the
month of the former had closed. What the books say at a day is what `shared.orders.order` makes of
all that was booked until then; nothing that is told later changes it, once the month has closed. Within a day things
are told as they occurred, at one instant a cancellation first and the rest by event id, so an order that is cancelled
and completed again lives a new spell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.orders import Content, Fact, Mark, OrderState, Refund, status, worth

END = 2**31 - 1
"""The end of a step that has none."""


class Step(NamedTuple):
    """What the books say of one living order from the day `since` on, before the day `until`.

    Steps of one order follow each other. Those of one spell, a life without a break in one customer's hands, have one
    `start`: the day since which it has lived. On it the order counts for its customer.
    """

    customer: int
    start: int
    since: int
    until: int
    currency: str
    net: int


class Told(NamedTuple):
    """One thing known of an order, with the instants of its occurrence and receipt."""

    at: int
    received: int
    thing: Mark | Content | Refund
    refund_id: str = ""

    @property
    def rank(self) -> tuple[int, int, str]:
        """What is booked on one day is told in this order. That of contents beside a mark makes no difference."""
        if isinstance(self.thing, Mark):
            return self.at, int(self.thing.completed), ""
        return self.at, 2, self.thing.event_id


@dataclass(frozen=True, slots=True)
class Life:
    """An order beside its books."""

    fact: Fact | None
    """What it counts for on basis `restated`."""
    booked_day: int | None
    """Of its first completion."""
    steps: tuple[Step, ...]
    """What it is worth on basis `booked`, in order."""

    @property
    def restated(self) -> tuple[Step, ...]:
        """The steps that it would have if nothing were ever late or taken back."""
        return () if self.fact is None else (whole(self.fact, self.fact.day),)

    @property
    def is_told_by_row(self) -> bool:
        """Whether the order's own row says all: it lives from its booked day on, or never did."""
        if self.fact is None or self.booked_day is None:
            return not self.steps
        return self.steps == (whole(self.fact, self.booked_day),)


NO_LIFE = Life(None, None, ())


def whole(fact: Fact, day: int) -> Step:
    """The one step of an order that lives from a day on, without end."""
    return Step(fact.customer, day, day, END, fact.currency, fact.net)


def is_simple(state: OrderState) -> bool:
    """Whether all that is known is one completion, so that the order's own row says when it was received."""
    content, last = state.content, status(state)
    return (
        content is not None
        and len(state.contents) == len(state.marks) == 1
        and not state.tellings
        and last is not None
        and last.completed
        and state.marks[last] == content.received
        and last.at == content.at
    )


def told_of(state: OrderState) -> list[Told]:
    """All that is known of an order."""
    found = [Told(mark.at, received, mark) for mark, received in state.marks.items()]
    found += [Told(one.at, one.received, one) for one in state.contents.values()]
    found += [Told(one.at, one.received, one, key[0]) for key, one in state.tellings.items()]
    return found


def steps_of(told: Sequence[Told], booked: Sequence[int]) -> tuple[Step, ...]:
    """The life of an order by its books. `booked`: the day of each thing told."""
    known = _Books()
    steps: list[Step] = []
    stands: Step | None = None
    for day, one in sorted(zip(booked, told, strict=True), key=lambda entry: (entry[0], entry[1].rank)):
        known.enter(one)
        said = known.says(day, stands)
        if stands is not None:
            _close(steps, stands._replace(until=day))
        stands = said
    if stands is not None:
        _close(steps, stands)
    return tuple(steps)


class _Books:
    """What has been entered of one order so far."""

    def __init__(self) -> None:
        self._last: Mark | None = None
        self._content: Content | None = None
        self._refunds: dict[str, Refund] = {}

    def enter(self, told: Told) -> None:
        thing = told.thing
        if isinstance(thing, Mark):
            self._last = thing if self._last is None else max(self._last, thing)
        elif isinstance(thing, Content):
            self._content = thing if self._content is None else max(self._content, thing, key=_age)
        else:
            self._refunds[told.refund_id] = max(thing, self._refunds.get(told.refund_id, thing), key=_age)

    def says(self, day: int, before: Step | None) -> Step | None:
        """The step that begins on a day, after the one before it; None while the order does not live."""
        net = worth(self._last, self._content, self._refunds.values())
        if self._content is None or net is None:
            return None
        customer = self._content.customer
        start = before.start if before is not None and before.customer == customer else day
        return Step(customer, start, day, END, self._content.currency, net)


def _close(steps: list[Step], step: Step) -> None:
    """Add a step, unless it lasted for no day; one that says what the step before it said prolongs that."""
    if step.since >= step.until:
        return
    if steps and steps[-1]._replace(since=step.since, until=step.until) == step and steps[-1].until == step.since:
        steps[-1] = steps[-1]._replace(until=step.until)
    else:
        steps.append(step)


def _age(told: Content | Refund) -> tuple[int, str]:
    return told.at, told.event_id


def entries_of(steps: Iterable[Step]) -> Iterable[tuple[int, str, int, int]]:
    """(day, currency, orders, revenue) of each entry that steps make in the books."""
    for step in steps:
        yield step.since, step.currency, 1, step.net
        if step.until < END:
            yield step.until, step.currency, -1, -step.net
