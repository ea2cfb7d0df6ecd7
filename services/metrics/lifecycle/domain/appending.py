"""Customers for whom nothing can happen but that time goes on: decided by columns, without a look at each. Pure.

They are active, all they did is order in time, and nothing fell due before. `Walk` would come to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.figures import Series
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.lifecycle.domain.thresholds import FIGURE_GAPS_MIN, OWN_GAPS_MAX, Activity, Figure, Rules
from services.metrics.orders import Lives

Flags = npt.NDArray[np.bool_]
_PULL = 3


@dataclass(frozen=True, slots=True)
class Appends:
    """Orders of a shop, sorted by customer and position; columns of one length, and the customers' own."""

    owner: Ints
    """Index among the customers."""
    sign: Ints
    day: Ints
    event_day: Ints
    position: Ints
    clock_day: Ints
    previous: Ints
    """The customer's last order day before it, were all of them appends; 0 for the first."""
    starts: Ints
    """By customer: place of the first row. Every customer has one."""

    def by_owner(self, flags: Flags) -> Flags:
        """Whether all of a customer's rows are so."""
        every: Flags = np.logical_and.reduceat(flags, self.starts) if len(self.starts) else flags
        return every


@dataclass(frozen=True, slots=True)
class Kinds:
    """Customers told apart, before any figure is known."""

    comes: Flags
    """Only orders on or after the last order day came."""
    in_time: Flags
    """And none of them late, so that facts need not be read."""
    seen: Ints
    """By row: the greatest day seen with it."""
    until: Ints
    """By row: up to where the clock lets things fall due before it."""


@dataclass(frozen=True, slots=True)
class _Thresholds:
    days: Ints
    figure_day: Ints
    gaps: Ints


def appends_of(owner: Ints, last_day: Ints, columns: tuple[Ints, Ints, Ints, Ints, Ints]) -> Appends:
    """From turns of one shop's customers; `columns`: sign, day, event_day, position, clock_day."""
    sign, day, event_day, position, clock_day = columns
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]])) if len(owner) else owner
    previous = np.concatenate([[0], day[:-1]]) if len(day) else day
    previous[starts] = last_day
    return Appends(owner, sign, day, event_day, position, clock_day, previous, starts)


def told_apart(appends: Appends, lives: Lives) -> Kinds:
    """Tell customers apart. `lives` by customer."""
    comes = appends.by_owner((appends.sign > 0) & (appends.day >= appends.previous))
    seen_before, seen = _seen(appends, lives)
    until = np.maximum(np.maximum(appends.clock_day, seen_before), appends.event_day)
    in_time = comes & appends.by_owner(appends.day >= until) & (lives.put_off == 0)
    return Kinds(comes, in_time, seen, until)


class Quiet(NamedTuple):
    """By customer: how far nothing happened but that time went on."""

    calm: Flags
    """Nothing happened at all."""
    since: Ints
    """The row from which on something may have happened."""
    lives: Lives
    """As they stood before that row."""
    last_day: Ints
    """The last order day before that row; 0 for none."""


def quiet(rules: Rules, appends: Appends, kinds: Kinds, lives: Lives, series: Sequence[tuple[Flags, Series]]) -> Quiet:
    """Tell who needs no look, and from where on the others do. `series`: figures, and for which rows they hold."""
    day, previous, until, starts = appends.day, appends.previous, kinds.until, appends.starts
    found = _thresholds(rules, appends, lives, series)
    threshold_before = np.concatenate([[0], found.days[:-1]]) if len(day) else day
    threshold_before[starts] = lives.threshold
    due_before = previous + np.minimum(threshold_before, rules.lost_days)
    # Late, but after an order since which the customer is active, and nothing fell due: it changes nothing either.
    began = lives.stage_began[appends.owner]
    harmless = (day >= until) | ((began < previous) & (day + np.minimum(found.days, rules.lost_days) > until))
    fine = (due_before > np.maximum(until, day)) & harmless
    ends = np.append(starts[1:], len(day))
    active = kinds.comes & (lives.stage == Stage.ACTIVE) & (lives.put_off == 0) & (rules.activity is Activity.ORDERS)
    first = np.minimum.reduceat(np.where(fine, len(day), np.arange(len(day))), starts)
    since = np.where(active, np.minimum(first, ends), starts)
    went, at = since > starts, np.maximum(since - 1, 0)
    changed = {
        "threshold": np.where(went, found.days[at], lives.threshold),
        "figure_day": np.where(went, found.figure_day[at], lives.figure_day),
        "seen": np.where(went, kinds.seen[at], lives.seen),
        "gaps": np.where(went[:, None], found.gaps[at], lives.gaps),
    }
    last_day = np.where(went, day[at], previous[starts])
    return Quiet(active & (since == ends), since, replace(lives, **changed), last_day)


def _seen(appends: Appends, lives: Lives) -> tuple[Ints, Ints]:
    """The greatest day seen before each row, and with it."""
    own = np.maximum(appends.event_day, appends.day)
    # A running maximum within each customer: customers are lifted apart by more than any day.
    lift = appends.owner * _APART
    before_first = lives.seen[appends.owner]
    with_it = np.maximum.accumulate(np.maximum(own, before_first) + lift) - lift
    before = np.concatenate([[0], with_it[:-1]]) if len(own) else own
    before[appends.starts] = lives.seen
    return before, with_it


_APART = 2**32


def _thresholds(rules: Rules, appends: Appends, lives: Lives, series: Sequence[tuple[Flags, Series]]) -> _Thresholds:
    """The threshold after each row, the figure it rests on, and the gaps."""
    gaps = _windows(appends, lives)
    count = len(appends.day)
    figures = np.zeros((5, count), np.int64)  # day, gaps, gap_days (0: none), the same of first gaps
    for rows, one in series:
        if not one.figures:
            continue
        table = np.array([_numbers(figure) for figure in one.figures], np.int64)
        at = one.places(appends.day[rows], appends.position[rows])
        figures[:, rows] = np.where(at >= 0, table[at].T, 0)
    own = (gaps > 0).sum(axis=1)
    rank = -(-rules.quantile * own // 100)
    own_days = np.take_along_axis(np.sort(gaps, axis=1), np.maximum(OWN_GAPS_MAX - own + rank - 1, 0)[:, None], axis=1)
    known, days = np.where(own > 0, figures[1:3], figures[3:5])
    blended = np.where(own > 0, -(-(own * own_days[:, 0] + _PULL * days) // (own + _PULL)), days)
    personal = np.full(count, rules.personal) & (days > 0) & (known >= FIGURE_GAPS_MIN)
    found = np.where(personal, np.maximum(rules.floor, blended), rules.fixed_days)
    figure_day = np.where(personal, figures[0], 0)
    # A further order on the same day leaves the threshold as it was fixed by the first.
    again = appends.day == appends.previous
    if again.any():
        first = np.maximum.accumulate(np.where(~again, np.arange(count), -1))
        kept = first < appends.starts[np.searchsorted(appends.starts, np.arange(count), side="right") - 1]
        old = again & kept
        found = np.where(again, found[first], found)
        figure_day = np.where(again, figure_day[first], figure_day)
        found[old], figure_day[old] = lives.threshold[appends.owner[old]], lives.figure_day[appends.owner[old]]
    return _Thresholds(found, figure_day, gaps)


def _numbers(figure: Figure) -> tuple[int, ...]:
    return (figure.day or 0, figure.gaps, figure.gap_days or 0, figure.first_gaps, figure.first_gap_days or 0)


def _windows(appends: Appends, lives: Lives) -> Ints:
    """(rows, OWN_GAPS_MAX): the newest gaps after each row."""
    count, customers = len(appends.day), len(appends.starts)
    new = (appends.previous > 0) & (appends.day > appends.previous)
    so_far = np.cumsum(new)
    before = np.concatenate([[0], so_far])[appends.starts]  # of other customers
    sizes = np.append(before[1:], so_far[-1] if count else 0) - before
    heads = before + np.arange(customers) * OWN_GAPS_MAX
    laid = np.zeros(customers * OWN_GAPS_MAX + int(sizes.sum()), np.int64)
    laid[heads[:, None] + np.arange(OWN_GAPS_MAX)] = lives.gaps
    rows = np.flatnonzero(new)
    index = np.repeat(np.arange(customers), np.diff(np.append(appends.starts, count)))
    laid[so_far[rows] - 1 + (index[rows] + 1) * OWN_GAPS_MAX] = (appends.day - appends.previous)[rows]
    ends = so_far + (index + 1) * OWN_GAPS_MAX
    newest: Ints = laid[ends[:, None] - np.arange(OWN_GAPS_MAX, 0, -1)]
    return newest
