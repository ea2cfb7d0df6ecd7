"""A customer's stage as a function of their days of activity. Pure; days are ordinals of shop-local dates.

What the clock does (lapsing, lost, the end of onboarding) takes effect at the start of a day, before that day's orders.
So an order on the very day on which a customer is lost makes two changes: `lost` at its start, `reactivated` after. At
the end of each day, who is not lost is held, as the counters of retention have it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from services.metrics.lifecycle.domain.thresholds import (
    OWN_GAPS_MAX,
    Activity,
    Figure,
    Rules,
    Threshold,
    threshold,
)


class Stage(IntEnum):
    """Where a customer stands."""

    PROSPECT = 0
    NEW = 1
    ACTIVE = 2
    LAPSING = 3
    LOST = 4
    REACTIVATED = 5


class Reason(IntEnum):
    """Why a stage changed."""

    ORDER = 1
    ONBOARDED = 2
    THRESHOLD = 3
    WINDOW = 4
    VISIT = 5


HELD = frozenset({Stage.NEW, Stage.ACTIVE, Stage.LAPSING, Stage.REACTIVATED})
FRESH = frozenset({Stage.NEW, Stage.REACTIVATED})
"""Stages that end by a further order or after the onboarding days."""


class Transition(NamedTuple):
    """A change of stage."""

    day: int
    previous: Stage
    stage: Stage
    reason: Reason
    last_active: int | None
    """The last day of activity before it."""
    threshold: Threshold | None
    """In force before it; for a first order, from it on."""

    @property
    def key(self) -> tuple[int, Stage, Stage, Reason]:
        """What makes two transitions of a customer the same one."""
        return self.day, self.previous, self.stage, self.reason


class Standing(NamedTuple):
    """What of a customer's past decides what comes next."""

    stage: Stage = Stage.PROSPECT
    began: int = 0
    """Day of the order or visit that last changed the stage; 0 before the first."""
    last_order: int = 0
    last_visit: int = 0
    gaps: tuple[int, ...] = ()
    """Gaps between distinct days of activity, newest last, at most OWN_GAPS_MAX."""
    threshold: Threshold | None = None
    """Fixed at the last day of activity; None before the first order."""


NOBODY = Standing()


class _Met(NamedTuple):
    """An order or a visit."""

    day: int
    reason: Reason
    figure: Figure
    fixed: Threshold | None


def last_active(standing: Standing, rules: Rules) -> int:
    """The day from which days without activity are counted; 0 while there is none.

    By visits alone, an order that brings a customer in or back counts as one: they cannot lapse before they came.
    """
    if rules.activity is Activity.ORDERS:
        return standing.last_order
    if rules.activity is Activity.VISITS:
        return max(standing.last_visit, standing.began)
    return max(standing.last_order, standing.last_visit)


def next_due(standing: Standing, rules: Rules) -> int | None:
    """The day at whose start the clock changes the stage, if nothing comes before; None when it never does."""
    due = _due(standing, rules)
    return None if due is None else due[0]


def _due(standing: Standing, rules: Rules) -> tuple[int, Stage, Reason] | None:
    stage = standing.stage
    if stage not in HELD:
        return None
    # Of two on one day, lost beats lapsing, and lapsing the end of onboarding.
    day, leads, reason = standing.last_order + rules.lost_days, Stage.LOST, Reason.WINDOW
    if stage is not Stage.LAPSING and standing.threshold is not None:
        lapsing = last_active(standing, rules) + standing.threshold.days
        if lapsing < day:
            day, leads, reason = lapsing, Stage.LAPSING, Reason.THRESHOLD
    if stage in FRESH and standing.began + rules.onboarding_days < day:
        day, leads, reason = standing.began + rules.onboarding_days, Stage.ACTIVE, Reason.ONBOARDED
    return day, leads, reason


def fall_due(standing: Standing, rules: Rules, until: int) -> tuple[Standing, list[Transition]]:
    """What the clock does up to the start of day `until`."""
    changes = []
    while (due := _due(standing, rules)) is not None and due[0] <= until:
        day, stage, reason = due
        active = last_active(standing, rules)
        changes.append(Transition(day, standing.stage, stage, reason, active, standing.threshold))
        standing = standing._replace(stage=stage)
    return standing, changes


def order(
    standing: Standing, day: int, rules: Rules, figure: Figure, fixed: Threshold | None = None
) -> tuple[Standing, list[Transition]]:
    """A counted order on `day`, not before the last one: what fell due until then, and what the order changes.

    `fixed` is the threshold that was fixed on that day before, if it is to stay.
    """
    standing, changes = fall_due(standing, rules, day)
    beats = rules.activity is not Activity.VISITS
    after = standing._replace(last_order=day, gaps=_gaps(standing, day, rules) if beats else standing.gaps)
    stage = _after_order(standing.stage)
    after, changed = _step(standing, after, stage, _Met(day, Reason.ORDER, figure, fixed), rules)
    return after, changes + changed


def visit(
    standing: Standing, day: int, rules: Rules, figure: Figure, fixed: Threshold | None = None
) -> tuple[Standing, list[Transition]]:
    """A visit on `day`, not before the last one. Nothing where visits do not count. Who is lost stays lost."""
    if rules.activity is Activity.ORDERS:
        return standing, []
    standing, changes = fall_due(standing, rules, day)
    after = standing._replace(last_visit=day, gaps=_gaps(standing, day, rules))
    stage = Stage.ACTIVE if standing.stage is Stage.LAPSING else standing.stage
    after, changed = _step(standing, after, stage, _Met(day, Reason.VISIT, figure, fixed), rules)
    return after, changes + changed


def _after_order(stage: Stage) -> Stage:
    if stage is Stage.PROSPECT:
        return Stage.NEW
    return Stage.REACTIVATED if stage is Stage.LOST else Stage.ACTIVE


def _gaps(standing: Standing, day: int, rules: Rules) -> tuple[int, ...]:
    """The gaps, with the one before a further day of activity."""
    if rules.activity is Activity.EITHER:
        previous = max(standing.last_order, standing.last_visit)
    else:
        previous = standing.last_visit if rules.activity is Activity.VISITS else standing.last_order
    return (*standing.gaps, day - previous)[-OWN_GAPS_MAX:] if 0 < previous < day else standing.gaps


def _step(
    before: Standing, after: Standing, stage: Stage, met: _Met, rules: Rules
) -> tuple[Standing, list[Transition]]:
    was_active = last_active(before, rules)
    if stage is not before.stage:
        after = after._replace(stage=stage, began=met.day)
    # By visits, an order may have made the day an active one, and the day's first visit ends a gap.
    moved = last_active(after, rules) > was_active or after.gaps != before.gaps
    anew = moved or after.threshold is None
    if anew and after.stage is not Stage.PROSPECT:
        after = after._replace(threshold=met.fixed or threshold(rules, after.gaps, met.figure))
    if stage is before.stage:
        return after, []
    evidence = before.threshold or after.threshold
    return after, [Transition(met.day, before.stage, stage, met.reason, was_active or None, evidence)]


def history(
    orders: Sequence[int],
    visits: Sequence[int],
    rules: Rules,
    figure_of: Callable[[int], Figure],
    until: int,
    *,
    fixed: Mapping[int, Threshold] | None = None,
) -> tuple[Standing, list[Transition]]:
    """Everything from the first day to the start of day `until`: standing at the end, and all changes in order.

    `orders`: days of counted orders, rising, same-day repeats kept; `visits`: days, rising. On one day orders come
    first. `figure_of` gives the figure in force on a day; `fixed`: thresholds that were fixed before, by day.
    """
    standing, changes = NOBODY, []
    kept = fixed or {}
    for day, is_visit in sorted([*((day, 0) for day in orders), *((day, 1) for day in visits)]):
        move = visit if is_visit else order
        standing, changed = move(standing, day, rules, figure_of(day), kept.get(day))
        changes += changed
    standing, changed = fall_due(standing, rules, until)
    return standing, changes + changed


def compare(
    published: Sequence[Transition], wanted: Sequence[Transition], visits: Collection[int] = ()
) -> tuple[list[int], list[Transition]]:
    """Which of the published ones are not true (their places, rising), and which true ones are missing, in order.

    `visits`: their days. An order beats a visit of its day; yet who was told first that the visit had brought somebody
    back was told the truth, and is not told again.
    """
    true, known = by_key(wanted, visits), {change.key for change in published}
    met = {id(true[key]) for key in known if key in true}
    untrue = [at for at, change in enumerate(published) if change.key not in true]
    return untrue, [change for change in wanted if id(change) not in met]


def by_key(wanted: Iterable[Transition], visits: Collection[int]) -> dict[tuple[int, Stage, Stage, Reason], Transition]:
    """True changes, by each key under which they may have been told."""
    found: dict[tuple[int, Stage, Stage, Reason], Transition] = {}
    for change in wanted:
        if change.reason is Reason.ORDER and change.previous is Stage.LAPSING and change.day in visits:
            found[change.day, change.previous, change.stage, Reason.VISIT] = change
        found[change.key] = change
    return found
