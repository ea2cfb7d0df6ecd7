"""Stages of one customer, by tables with days worked out by hand and by properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.lifecycle.domain.stages import (
    NOBODY,
    Reason,
    Stage,
    Transition,
    compare,
    fall_due,
    history,
    next_due,
    order,
    visit,
)
from services.metrics.lifecycle.domain.thresholds import (
    NO_FIGURE,
    Activity,
    Figure,
    Rules,
    quantile,
    threshold,
)

FIXED = Rules(lost_days=100, onboarding_days=30, personal=False, fixed_days=40)
N, A, L, X, R, P = Stage.NEW, Stage.ACTIVE, Stage.LAPSING, Stage.LOST, Stage.REACTIVATED, Stage.PROSPECT

CASES = [
    ([1], 30, [(1, P, N)]),
    ([1], 31, [(1, P, N), (31, N, A)]),
    ([1], 41, [(1, P, N), (31, N, A), (41, A, L)]),
    ([1], 500, [(1, P, N), (31, N, A), (41, A, L), (101, L, X)]),
    ([1, 1], 2, [(1, P, N), (1, N, A)]),
    ([1, 10], 10, [(1, P, N), (10, N, A)]),
    ([1, 31], 31, [(1, P, N), (31, N, A)]),  # the clock comes first: nothing is left for the order to change
    ([1, 41], 41, [(1, P, N), (31, N, A), (41, A, L), (41, L, A)]),
    ([1, 60], 60, [(1, P, N), (31, N, A), (41, A, L), (60, L, A)]),
    ([1, 101], 101, [(1, P, N), (31, N, A), (41, A, L), (101, L, X), (101, X, R)]),
    ([1, 150, 151], 151, [(1, P, N), (31, N, A), (41, A, L), (101, L, X), (150, X, R), (151, R, A)]),
    ([1, 150], 180, [(1, P, N), (31, N, A), (41, A, L), (101, L, X), (150, X, R), (180, R, A)]),
    ([], 500, []),
]


def keys(orders: list[int], until: int, rules: Rules = FIXED) -> list[tuple[int, Stage, Stage]]:
    return [change.key[:3] for change in history(orders, [], rules, lambda _: NO_FIGURE, until)[1]]


@pytest.mark.parametrize(("orders", "until", "expected"), CASES)
def test_stages_follow_the_days_of_orders(
    orders: list[int], until: int, expected: list[tuple[int, Stage, Stage]]
) -> None:
    assert keys(orders, until) == expected


def test_whoever_lapses_before_onboarding_is_over_is_not_active_first() -> None:
    assert keys([1], 50, Rules(personal=False, fixed_days=10)) == [(1, P, N), (11, N, L)]


def test_a_threshold_past_the_window_lets_nobody_lapse() -> None:
    assert keys([1], 500, Rules(lost_days=50, personal=False, fixed_days=50)) == [(1, P, N), (31, N, A), (51, A, X)]


def test_visits_keep_a_customer_from_lapsing_and_never_from_being_lost() -> None:
    rules = Rules(lost_days=100, personal=False, fixed_days=40, activity=Activity.VISITS)
    found = history([1], [5, 30, 65, 90, 120], rules, lambda _: NO_FIGURE, 200)[1]
    assert [change.key[:3] for change in found] == [(1, P, N), (31, N, A), (101, A, X)]


def test_a_visit_brings_back_who_was_lapsing() -> None:
    rules = Rules(lost_days=100, personal=False, fixed_days=40, activity=Activity.EITHER)
    found = history([1], [60], rules, lambda _: NO_FIGURE, 70)[1]
    assert [(c.day, c.stage, c.reason) for c in found][-1] == (60, Stage.ACTIVE, Reason.VISIT)


def test_an_order_without_any_visit_does_not_lapse_on_the_spot() -> None:
    rules = Rules(lost_days=100, personal=False, fixed_days=40, activity=Activity.VISITS)
    found = history([1, 200], [2], rules, lambda _: NO_FIGURE, 239)[1]
    assert found[-1].key[:3] == (230, R, A)


@pytest.mark.parametrize(
    ("own", "figure", "days", "personal"),
    [
        ([], Figure(9, 500, 40, 100, 55), 55, True),
        ([], Figure(9, 500, 40, 19, 55), 90, False),
        ([10], Figure(9, 500, 40, 100, 55), 33, True),  # (1 * 10 + 3 * 40) / 4 = 32.5, rounded up
        ([2, 2, 2, 2, 2, 2], Figure(9, 500, 3, 100, 5), 7, True),  # the floor
        ([10, 20, 30, 40, 50], Figure(9, 20, 40, 0, None), 40, True),  # Q = the 4th of 5
        ([10, 20, 30], Figure(9, 19, 40, 0, None), 90, False),
        ([1000] + [10] * 20, Figure(9, 500, 10, 0, None), 10, True),  # only the newest twenty
    ],
)
def test_a_personal_threshold_blends_own_and_the_shops_gaps(
    own: list[int], figure: Figure, days: int, personal: bool
) -> None:
    found = threshold(Rules(), own, figure)
    assert (found.days, found.personal) == (days, personal)


def test_the_quantile_is_the_nearest_rank() -> None:
    assert [quantile(range(1, 11), percent) for percent in (1, 10, 11, 80, 81, 99)] == [1, 1, 2, 8, 9, 10]


DAYS = st.lists(st.integers(1, 400), max_size=12).map(sorted)
RULES = st.builds(
    Rules,
    lost_days=st.integers(1, 150),
    onboarding_days=st.integers(1, 60),
    personal=st.booleans(),
    fixed_days=st.integers(1, 120),
    activity=st.sampled_from(Activity),
)


@given(DAYS, DAYS, RULES, st.lists(st.integers(1, 500), max_size=5))
def test_stages_do_not_depend_on_how_often_the_clock_is_looked_at(
    orders: list[int], visits: list[int], rules: Rules, looks: list[int]
) -> None:
    figure = Figure(1, 100, 30, 50, 45)
    until = 500
    expected = history(orders, visits, rules, lambda _: figure, until)
    standing, changes = NOBODY, []
    for day, kind in sorted(
        [*((d, 1) for d in orders), *((d, 2) for d in visits), *((d, 0) for d in looks), (until, 0)]
    ):
        if kind == 0:
            standing, more = fall_due(standing, rules, day)
        else:
            standing, more = (order if kind == 1 else visit)(standing, day, rules, figure)
        changes += more
    assert (standing, changes) == expected


@given(DAYS, RULES)
def test_each_change_begins_where_the_last_one_ended_and_days_never_fall(orders: list[int], rules: Rules) -> None:
    standing, changes = history(orders, [], rules, lambda _: NO_FIGURE, 600)
    stages = [P, *(change.stage for change in changes)]
    assert [change.previous for change in changes] == stages[:-1]
    assert [change.day for change in changes] == sorted(change.day for change in changes)
    assert stages[-1] == standing.stage
    assert (next_due(standing, rules) or 601) > 600


@given(DAYS, RULES, st.integers(1, 450))
def test_who_is_not_lost_at_the_end_of_a_day_has_an_order_in_the_window(
    orders: list[int], rules: Rules, day: int
) -> None:
    known = [one for one in orders if one <= day]
    standing, _ = history(known, [], rules, lambda _: NO_FIGURE, day)
    held = any(day - rules.lost_days < one for one in known)
    assert held == (standing.stage in (N, A, L, R))


@given(DAYS, DAYS, RULES)
def test_retracting_the_untrue_and_adding_the_missing_gives_the_truth(
    before: list[int], after: list[int], rules: Rules
) -> None:
    published = history(before, [], rules, lambda _: NO_FIGURE, 500)[1]
    wanted = history(after, [], rules, lambda _: NO_FIGURE, 500)[1]
    untrue, missing = compare(published, wanted)
    left = [change for at, change in enumerate(published) if at not in untrue] + missing
    assert sorted(change.key for change in left) == sorted(change.key for change in wanted)


def test_who_was_told_of_a_visit_before_the_order_of_its_day_is_not_told_again() -> None:
    told = Transition(400, L, A, Reason.VISIT, 300, None)
    true = told._replace(reason=Reason.ORDER)
    assert compare([told], [true], [350, 400]) == ([], [])
    assert compare([told], [true], [350]) == ([0], [true]), "no visit of that day is left"
    assert compare([true], [told], [400]) == ([0], [told]), "the order was taken back"
