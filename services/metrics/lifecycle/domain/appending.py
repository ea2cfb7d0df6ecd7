"""Customers for whom nothing can happen but that time goes on: decided by columns, without a look at each. Pure.

They are active, all they did is order in time, and nothing fell due before. `Walk` would come to the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.evidence import Thresholds
from services.metrics.lifecycle.domain.places import Appends, Flags
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.lifecycle.domain.thresholds import Activity, Rules
from services.metrics.orders import GAP_MAX, Lives


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


def told_apart(appends: Appends, lives: Lives) -> Kinds:
    """Tell customers apart. `lives` by customer."""
    comes = appends.by_owner((appends.sign > 0) & (appends.day >= appends.previous))
    seen_before, seen = _seen(appends, lives)
    until = np.maximum(np.maximum(appends.clock_day, seen_before), appends.event_day)
    # Visits of merged identities come by other partitions, whose clock may be ahead of that of the orders.
    in_time = comes & appends.by_owner(appends.day >= np.maximum(until, lives.last_visit[appends.owner]))
    in_time &= lives.put_off == 0
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


def quiet(rules: Rules, appends: Appends, kinds: Kinds, lives: Lives, found: Thresholds) -> Quiet:
    """Tell who needs no look, and from where on the others do."""
    day, previous, until, starts = appends.day, appends.previous, kinds.until, appends.starts
    threshold_after = found.days[found.after]
    threshold_before = np.concatenate([[0], threshold_after[:-1]]) if len(day) else day
    threshold_before[starts] = lives.threshold
    due_before = previous + np.minimum(threshold_before, rules.lost_days)
    # Late, but after an order since which the customer is active, and nothing fell due: it changes nothing either.
    began = lives.stage_began[appends.owner]
    harmless = (day >= until) | ((began < previous) & (day + np.minimum(threshold_after, rules.lost_days) > until))
    fine = (due_before > np.maximum(until, day)) & harmless
    ends = np.append(starts[1:], len(day))
    active = kinds.comes & (lives.stage == Stage.ACTIVE) & (lives.put_off == 0) & (rules.activity is Activity.ORDERS)
    first = np.minimum.reduceat(np.where(fine, len(day), np.arange(len(day))), starts)
    since = np.where(active, np.minimum(first, ends), starts)
    went, at = since > starts, np.maximum(since - 1, 0)
    changed = {
        "threshold": np.where(went, threshold_after[at], lives.threshold),
        "figure_day": np.where(went, found.figure_day[found.after][at], lives.figure_day),
        "seen": np.where(went, kinds.seen[at], lives.seen),
        "gaps": np.where(went[:, None], np.minimum(found.gaps[at], GAP_MAX), lives.gaps),
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
