"""Changes of a batch as columns, for the slices that count them. Pure.

A measure of single orders (orders, revenue) follows `Amounts`. A measure of a customer's order days in their order
follows `Runs`: stretches of days, each to be added (sign 1) or taken away (sign -1). A plain append is one stretch
behind the customer's last days. Anything else is the stretch as it is now less the stretch as it was, with enough
unchanged days at both its ends that whatever lies further out counts the same with either.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Generation, Ints


@dataclass(frozen=True, slots=True)
class Amounts:
    """Counted orders that came (1) or went (-1), a row for each. A changed order is one row of each kind.

    When a customer's first order moves, their unchanged orders are here too, both as gone and as come.
    """

    sign: Ints
    shop: Ints
    customer: Ints
    """0 for a guest."""
    first_day: Ints
    """The customer's first order day: after the batch for what came, before it for what went; 0 for a guest."""
    day: Ints
    currency: Ints
    """As `currency_code` gives it."""
    net: Ints


@dataclass(frozen=True, slots=True)
class Runs:
    """Stretches of order days (rising, same-day repeats kept), of which each stands behind a tail."""

    sign: Ints
    shop: Ints
    first_day: Ints
    """The customer's first order day; 0 when the stretch begins with it."""
    tail: Ints
    """(runs, depth): the order days just before the stretch, rising, 0 in front where there are fewer."""
    length: Ints
    days: Ints
    """All stretches one behind the other."""

    @property
    def depth(self) -> int:
        """How many days a tail holds."""
        return int(self.tail.shape[1])


@dataclass(frozen=True, slots=True, order=True)
class Frame:
    """Shops that count alike: the same windows, thresholds and calendar."""

    windows: tuple[int, ...]
    least: tuple[int, ...]
    """The k of "at least k orders in the window"."""
    calendar: str = "gregorian"
    periods: tuple[int, ...] = ()
    """Whose customers won and lost are counted on basis booked."""

    @property
    def depth(self) -> int:
        """How many last order days decide what one more order changes."""
        return max(self.least)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch changed for the shops of one frame."""

    frame: Frame
    amounts: Amounts
    runs: Runs


def frame_of(generation: Generation) -> Frame:
    """The frame that a generation's counters are built in."""
    least = {2, generation.loyal_over + 1} - {1}  # one order or more is being held: counted by FIRSTS, BACK and ENDS
    return Frame(
        windows=tuple(sorted(set(generation.windows))),
        least=tuple(sorted(least)),
        calendar=generation.calendar,
        periods=tuple(sorted(set(generation.periods))),
    )


@dataclass(frozen=True, slots=True)
class Steps:
    """The days of all runs, each beside the days before it in its customer's history."""

    sign: Ints
    shop: Ints
    day: Ints
    rank: Ints
    """Its number among the customer's orders, from 1; exact up to the depth, and above the depth when it is above."""
    first_day: Ints
    before: Ints
    """(days, depth + 1): column j is the day of the order j places earlier, itself for 0; 0 where there is none."""

    @property
    def previous(self) -> Ints:
        """The order day before; 0 where there is none."""
        return self.before[:, 1]

    def chosen(self, which: npt.NDArray[np.bool_]) -> Steps:
        """Some of the steps."""
        at = np.flatnonzero(which)
        before = np.take(self.before, at, axis=0)
        return Steps(self.sign[at], self.shop[at], self.day[at], self.rank[at], self.first_day[at], before)


def steps_of(runs: Runs) -> Steps:
    """Lay every run's days beside what came before them."""
    depth, count = runs.depth, len(runs.length)
    run = np.repeat(np.arange(count), runs.length)
    starts = np.cumsum(runs.length) - runs.length
    place = np.arange(len(runs.days)) - starts[run]
    laid = np.zeros(count * depth + len(runs.days), np.int64)
    heads = starts + np.arange(count) * depth
    laid[heads[:, None] + np.arange(depth)] = runs.tail
    at = np.arange(len(runs.days)) + (run + 1) * depth
    laid[at] = runs.days
    opening = runs.days[np.minimum(starts, max(len(runs.days) - 1, 0))] if len(runs.days) else np.zeros(count, np.int64)
    first_day = np.where(runs.first_day > 0, runs.first_day, opening)
    return Steps(
        sign=runs.sign[run],
        shop=runs.shop[run],
        day=runs.days,
        rank=(runs.tail > 0).sum(axis=1)[run] + place + 1,
        first_day=first_day[run],
        before=laid[at[:, None] - np.arange(depth + 1)],
    )


@dataclass(frozen=True, slots=True)
class Turns:
    """Counted orders of customers that came (1) or went (-1) by an event; columns of one length. No guests."""

    sign: Ints
    shop: Ints
    customer: Ints
    day: Ints
    """The order's day."""
    event_day: Ints
    """Local day on which the event occurred."""
    position: Ints
    """Where the event stood in the batch. Both rows of an order that moved have the same."""

    def __len__(self) -> int:
        return len(self.sign)

    def chosen(self, rows: Ints) -> Turns:
        """Some of the turns."""
        return Turns(*(getattr(self, field.name)[rows] for field in fields(self)))


def no_turns() -> Turns:
    """Nothing happened."""
    return Turns(*np.zeros((len(fields(Turns)), 0), np.int64))
