"""Customers whose orders come in time, by columns: what becomes of each is told by the days between their orders. Pure.

An order makes a customer new, brings them back after the window, or leaves them active: which of these needs no look at
what came before it but the last order day. What the clock did since that day follows from the stage that order left.
`Walk` would come to the same, one order after the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.appending import Kinds
from services.metrics.lifecycle.domain.evidence import Thresholds
from services.metrics.lifecycle.domain.places import Appends, Flags
from services.metrics.lifecycle.domain.stages import Reason, Stage
from services.metrics.lifecycle.domain.thresholds import Rules
from services.metrics.orders import GAP_MAX, Lives

_REASONS = np.array([Reason.ONBOARDED, Reason.THRESHOLD, Reason.WINDOW, Reason.ORDER], np.int64)


class Changed(NamedTuple):
    """Changes of stages: columns of one length, by customer and in order."""

    owner: Ints
    """Index among the customers."""
    n: Ints
    day: Ints
    previous: Ints
    stage: Ints
    reason: Ints
    last_active: Ints
    """0: none."""
    evidence: Ints
    """Place of the threshold."""
    row: Ints
    """Of the order that made it known."""


class Timely(NamedTuple):
    """What becomes of customers, and how they stand afterwards (of those who were chosen)."""

    changed: Changed
    lives: Lives
    due: Ints
    """The day on which something falls due next."""


class _Between(NamedTuple):
    """By row, what happened between the order before and this one, and by this one."""

    base: Ints
    """The stage that the order before left, or in which the customer stood before the batch."""
    onboarded: Flags
    lapsed: Flags
    lost: Flags
    onboarding_day: Ints
    lapsing_day: Ints
    lost_day: Ints
    met: Ints
    """The stage that the order found."""
    after: Ints


def timely(
    rules: Rules, appends: Appends, kinds: Kinds, lives: Lives, thresholds: Thresholds, *, chosen: Flags
) -> Timely:
    """Follow the chosen customers, all of whose rows are appends in time, and who lapse by orders."""
    between = _between(rules, appends, lives, thresholds)
    changed = _changed(appends, lives, thresholds, between, chosen)
    last = np.append(appends.starts[1:], len(appends.day)) - 1
    moved = np.where(between.met != between.after, np.arange(len(appends.day)), -1)
    began = np.maximum.reduceat(moved, appends.starts)
    place = thresholds.after[last]
    after = replace(
        lives,
        stage=between.after[last],
        stage_began=np.where(began >= 0, appends.day[began], lives.stage_began),
        threshold=thresholds.days[place],
        figure_day=thresholds.figure_day[place],
        seen=kinds.seen[last],
        changes=lives.changes + np.bincount(changed.owner, minlength=len(last)),
        gaps=np.minimum(thresholds.gaps[last], GAP_MAX),
    )
    due = appends.day[last] + np.minimum(after.threshold, rules.lost_days)
    fresh = after.stage != Stage.ACTIVE
    due = np.where(fresh, np.minimum(due, after.stage_began + rules.onboarding_days), due)
    return Timely(changed, after, due)


def _between(rules: Rules, appends: Appends, lives: Lives, thresholds: Thresholds) -> _Between:
    day, previous, starts = appends.day, appends.previous, appends.starts
    after = np.where(previous == 0, Stage.NEW, Stage.ACTIVE)
    after[(previous > 0) & (day - previous >= rules.lost_days)] = Stage.REACTIVATED
    base = np.concatenate([[0], after[:-1]])
    base[starts] = lives.stage
    began = previous.copy()  # who is new or back is so by their last order
    began[starts] = lives.stage_began
    onboarding_day = began + rules.onboarding_days
    lapsing_day = previous + thresholds.days[thresholds.before]
    lost_day = previous + rules.lost_days
    fresh = (base == Stage.NEW) | (base == Stage.REACTIVATED)
    lapses = (fresh | (base == Stage.ACTIVE)) & (lapsing_day < lost_day)
    first = np.where(lapses, lapsing_day, lost_day)
    onboarded = fresh & (onboarding_day <= day) & (onboarding_day < first)
    lapsed = lapses & (lapsing_day <= day)
    lost = (fresh | (base == Stage.ACTIVE) | (base == Stage.LAPSING)) & (lost_day <= day)
    met = np.where(onboarded, Stage.ACTIVE, base)
    met = np.where(lapsed, Stage.LAPSING, met)
    met = np.where(lost, Stage.LOST, met)
    return _Between(base, onboarded, lapsed, lost, onboarding_day, lapsing_day, lost_day, met, after)


def _changed(appends: Appends, lives: Lives, thresholds: Thresholds, between: _Between, chosen: Flags) -> Changed:
    rows = np.flatnonzero(chosen[appends.owner])
    by_order = between.met != between.after
    flags = np.stack([between.onboarded, between.lapsed, between.lost, by_order], axis=1)[rows]
    places = np.flatnonzero(flags)
    row, kind = rows[places // 4], places % 4
    onboarded = np.where(between.onboarded, Stage.ACTIVE, between.base)
    lapsed = np.where(between.lapsed, Stage.LAPSING, onboarded)
    previous = np.stack([between.base, onboarded, lapsed, between.met])
    leads = np.full((4, len(appends.day)), Stage.ACTIVE, np.int64)
    leads[1], leads[2], leads[3] = Stage.LAPSING, Stage.LOST, between.after
    days = np.stack([between.onboarding_day, between.lapsing_day, between.lost_day, appends.day])
    owner = appends.owner[row]
    first = np.concatenate([[True], owner[1:] != owner[:-1]]) if len(owner) else np.zeros(0, bool)
    count = np.arange(len(owner)) - np.maximum.accumulate(np.where(first, np.arange(len(owner)), 0)) + 1
    last_active = appends.previous[row]
    return Changed(
        owner=owner,
        n=lives.changes[owner] + count,
        day=days[kind, row],
        previous=previous[kind, row],
        stage=leads[kind, row],
        reason=_REASONS[kind],
        last_active=last_active,
        evidence=np.where(last_active > 0, thresholds.before[row], thresholds.after[row]),
        row=row,
    )
