"""Thresholds of many customers at once, with what they rest on: `thresholds.threshold` by columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints
from services.metrics.lifecycle.domain.figures import Series
from services.metrics.lifecycle.domain.places import Appends, Flags
from services.metrics.lifecycle.domain.thresholds import FIGURE_GAPS_MIN, OWN_GAPS_MAX, OWN_GAPS_PULL, Figure, Rules
from services.metrics.orders import Lives


class Thresholds(NamedTuple):
    """First those that each row's order fixes, then those in force before the batch, by customer."""

    days: Ints
    """0: none before the batch."""
    personal: Flags
    own_gaps: Ints
    own_gap_days: Ints
    """Means something with own gaps and a personal threshold, as those below with a personal one."""
    shop_gaps: Ints
    shop_gap_days: Ints
    figure_day: Ints
    """0: the threshold is not personal."""
    after: Ints
    """By row: place of the one in force after it."""
    before: Ints
    """By row: place of the one in force before it."""
    gaps: Ints
    """(rows, OWN_GAPS_MAX): the newest gaps after each row."""


def thresholds_of(rules: Rules, appends: Appends, lives: Lives, series: Sequence[tuple[Flags, Series]]) -> Thresholds:
    """All thresholds, were all rows appends. `series`: figures, and for which rows they hold."""
    rows, customers = len(appends.day), len(appends.starts)
    windows = _windows(appends, lives)
    figures = np.zeros((5, rows + customers), np.int64)  # day, gaps, gap_days (0: none), the same of first gaps
    for chosen, one in series:
        if one.figures:
            table = np.array([_numbers(figure) for figure in one.figures], np.int64)
            at = one.places(appends.day[chosen], appends.position[chosen])
            figures[:, :rows][:, chosen] = np.where(at >= 0, table[at].T, 0)
            owners = np.flatnonzero(chosen[appends.starts])
            at = one.places_of(lives.figure_day[owners])
            figures[:, rows + owners] = np.where(at >= 0, table[at].T, 0)
    found = _thresholds(rules, np.concatenate([windows, lives.gaps]), figures)
    old = np.zeros(rows + customers, np.int64)
    old[rows:] = lives.threshold
    # What a threshold rested on may have been cleared away since: then the number stands for itself.
    alone = (old != found.days) & (np.arange(rows + customers) >= rows)
    after, before = _places(appends)
    return found._replace(
        days=np.where(alone, old, found.days),
        personal=found.personal & ~alone,
        figure_day=np.where(alone, 0, found.figure_day),
        after=after,
        before=before,
        gaps=windows,
    )


def _thresholds(rules: Rules, gaps: Ints, figures: Ints) -> Thresholds:
    own = np.count_nonzero(gaps, axis=1)
    count = len(own)
    own_days = np.zeros(count, np.int64)
    known, days = np.where(own > 0, figures[1:3], figures[3:5])
    personal = np.full(count, rules.personal) & (days > 0) & (known >= FIGURE_GAPS_MIN)
    if personal.any():
        rank = -(-rules.quantile * own // 100)
        rising = np.sort(gaps.astype(np.int32), axis=1)
        own_days = rising[np.arange(count), np.maximum(OWN_GAPS_MAX - own + rank - 1, 0)].astype(np.int64)
    blended = np.where(own > 0, -(-(own * own_days + OWN_GAPS_PULL * days) // (own + OWN_GAPS_PULL)), days)
    found = np.where(personal, np.maximum(rules.floor, blended), rules.fixed_days)
    figure_day = np.where(personal, figures[0], 0)
    return Thresholds(found, personal, own, own_days, known, days, figure_day, own, own, gaps)


def _places(appends: Appends) -> tuple[Ints, Ints]:
    """By row, whose threshold is in force after it and before it: a further order on a day fixes none."""
    count = len(appends.day)
    rows = np.arange(count)
    after = rows
    again = appends.day == appends.previous
    if again.any():
        first = np.maximum.accumulate(np.where(~again, rows, -1))
        after = np.where(again, first, rows)
        old = first < appends.starts[appends.owner]
        after = np.where(again & old, count + appends.owner, after)
    before = np.concatenate([[0], after[:-1]]) if count else after
    before[appends.starts] = count + np.arange(len(appends.starts))
    return after, before


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
