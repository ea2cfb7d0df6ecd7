"""Where somebody stands: tables of cases, and any life against a count of its days one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loyalty.programmes import CalendarWindow, Level, Programme, Rate, RollingWindow, Rule, Tiers, Version
from services.loyalty.tiers import Day, Plan, Stage, climbing, keeping, plan_of, walk
from shared.contracts.shops import Shop
from shared.kernel import Zone
from tests.loyalty_tiers.recount import brute

BEGIN = date(2026, 1, 10).toordinal()
LEVELS = (
    Level(id="regular", name="Regular", threshold=0),
    Level(id="silver", name="Silver", threshold=100, percent=120),
    Level(id="gold", name="Gold", threshold=300, percent=150),
)
ROLLING = RollingWindow(days=30)
QUARTER = CalendarWindow(unit="quarter")
YEAR = CalendarWindow(unit="year")


def tiers(**more: object) -> Tiers:
    """Three levels by spend in 30 days, unless said otherwise."""
    return Tiers(**({"levels": LEVELS, "window": ROLLING} | more))  # type: ignore[arg-type]  # fields by name


def plan(*stages: Stage | Tiers) -> Plan:
    """From the first day on."""
    found = [one if isinstance(one, Stage) else Stage(BEGIN, 1, one) for one in stages]
    return Plan("laleh", Zone("UTC"), "gregorian", stages=tuple(found))


def spent(day: int, amount: int) -> Day:
    """So many days after the beginning."""
    return Day(BEGIN + day, spend=amount, points=amount, orders=1)


def levels(days: list[Day], of: Plan, *at: int) -> list[str]:
    """The level at the end of some days after the beginning."""
    found = [walk(days, of, BEGIN + day).standing.level for day in at]
    return ["" if level is None else level.id for level in found]


def test_a_level_is_reached_at_once_and_held_for_a_whole_window_after() -> None:
    days = [spent(0, 60), spent(10, 60)]
    assert levels(days, plan(tiers()), 9, 10, 40, 41) == ["regular", "silver", "silver", "regular"]
    changes = walk(days, plan(tiers()), BEGIN + 100).changes
    assert [(one.day - BEGIN, one.before, one.after, one.why) for one in changes] == [
        (10, "", "silver", "reached"),
        (41, "silver", "", "reviewed"),
    ]


def test_what_a_level_was_reached_by_does_not_keep_it_and_what_came_after_does() -> None:
    days = [spent(0, 100), spent(30, 100)]
    assert levels(days, plan(tiers()), 30, 31, 60, 61) == ["silver", "silver", "silver", "regular"]


@pytest.mark.parametrize(
    ("downgrade", "expected"),
    [
        ("none", ["gold", "gold", "gold", "gold"]),
        ("one_step", ["gold", "silver", "silver", "regular"]),
        ("reassess", ["gold", "regular", "regular", "regular"]),
    ],
)
def test_a_review_lowers_as_the_programme_says(downgrade: str, expected: list[str]) -> None:
    assert levels([spent(0, 500)], plan(tiers(downgrade=downgrade)), 30, 31, 60, 61) == expected


def test_reassessing_stops_at_what_is_still_there() -> None:
    days = [spent(0, 500), spent(20, 150)]
    assert levels(days, plan(tiers(downgrade="reassess")), 30, 31) == ["gold", "silver"]


def test_grace_keeps_a_level_that_was_missed_and_what_is_done_in_it_counts() -> None:
    graceful = plan(tiers(grace_days=10))
    assert levels([spent(0, 100)], graceful, 31, 40, 41) == ["silver", "silver", "regular"]
    saved = [spent(0, 100), spent(35, 100)]
    assert levels(saved, graceful, 41, 65, 66, 75, 76) == ["silver", "silver", "silver", "silver", "regular"]


def test_calendar_windows_are_reviewed_when_a_period_begins() -> None:
    quarterly = plan(tiers(window=QUARTER))
    first, second = date(2026, 4, 1).toordinal() - BEGIN, date(2026, 7, 1).toordinal() - BEGIN
    days = [spent(5, 100)]
    assert levels(days, quarterly, first - 1, first, second - 1, second) == ["silver", "silver", "silver", "regular"]


def test_periods_are_those_of_the_shops_own_calendar() -> None:
    jalali = Plan("laleh", Zone("Asia/Tehran"), "jalali", stages=(Stage(BEGIN, 1, tiers(window=QUARTER)),))
    nowruz = date(2026, 3, 21).toordinal()
    course = walk([spent(5, 100)], jalali, BEGIN + 5)
    assert course.standing.due == nowruz


def test_orders_and_points_count_as_well() -> None:
    by_orders = tiers(by="orders", levels=(LEVELS[0], Level(id="twice", name="Twice", threshold=2)))
    assert levels([spent(0, 1), spent(1, 1)], plan(by_orders), 0, 1) == ["regular", "twice"]
    assert levels([Day(BEGIN, points=300)], plan(tiers(by="points")), 0) == ["gold"]


def test_a_new_version_keeps_levels_that_are_still_there_and_lifts_who_reached_more() -> None:
    easier = Stage(BEGIN + 5, 2, tiers(levels=(LEVELS[0], LEVELS[1], Level(id="gold", name="Gold", threshold=150))))
    harder = Stage(BEGIN + 5, 2, tiers(levels=(LEVELS[0], Level(id="silver", name="Silver", threshold=900))))
    days = [spent(0, 200)]
    assert levels(days, plan(tiers(), easier), 4, 5) == ["silver", "gold"]
    assert levels(days, plan(tiers(), harder), 4, 5, 30, 31) == ["silver", "silver", "silver", "regular"]
    assert levels(days, plan(tiers(), Stage(BEGIN + 5, 2, None)), 4, 5) == ["silver", ""]


def test_what_keeps_a_level_and_what_leads_to_the_next_is_told() -> None:
    of, days = plan(tiers(grace_days=5)), [spent(0, 100), spent(20, 40)]
    course = walk(days, of, BEGIN + 21)
    assert keeping(days, of, course, BEGIN + 21) == (BEGIN + 30, 60, False)
    found = climbing(days, of, course, BEGIN + 21)
    assert found is not None
    assert (found.level.id, found.missing, found.by) == ("gold", 160, BEGIN + 29)
    late = walk(days, of, BEGIN + 33)
    assert keeping(days, of, late, BEGIN + 33) == (BEGIN + 35, 60, True)
    kept = [*days, spent(25, 60)]
    assert keeping(kept, of, walk(kept, of, BEGIN + 26), BEGIN + 26) == (BEGIN + 30, 0, False)


def test_points_count_once_they_can_be_spent_and_a_review_counts_those_of_its_morning() -> None:
    by_points = plan(tiers(by="points"))
    early = [Day(BEGIN, points=100)]
    morning = [*early, Day(BEGIN + 31, points=100, opening=100)]
    assert levels(morning, by_points, 30, 31, 60, 61) == ["silver", "silver", "silver", "regular"]
    assert walk(morning, by_points, BEGIN + 31).changes == walk(early, by_points, BEGIN + 30).changes
    noon = [*early, Day(BEGIN + 31, points=100)]
    assert [one.why for one in walk(noon, by_points, BEGIN + 31).changes] == ["reached", "reviewed", "reached"]
    waits = [*early, Day(BEGIN + 31, points=90, opening=90)]
    assert levels(waits, by_points, 30, 31) == ["silver", "regular"]
    course = walk(waits, by_points, BEGIN + 20)
    assert keeping(waits, by_points, course, BEGIN + 20) == (BEGIN + 30, 10, False)


def test_what_lifts_as_a_day_begins_is_told_apart_from_what_is_done_on_it() -> None:
    days = [Day(BEGIN + 1, points=100, opening=100), Day(BEGIN + 1, points=300)]
    changes = walk(days, plan(tiers(by="points")), BEGIN + 1).changes
    assert [(one.before, one.after, one.opening) for one in changes] == [
        ("", "silver", True),
        ("silver", "gold", False),
    ]


def test_versions_of_one_day_are_one_and_those_never_in_force_none() -> None:
    bare = Programme(name="P", currency="USD", rules=(Rule(id="a", name="A", earn=Rate(points=1, per=100)),))
    shop = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="USD")
    hours = (datetime(2026, 1, 10, 4, tzinfo=UTC), datetime(2026, 1, 10, 9, tzinfo=UTC))
    versions = [Version(at, hour, bare, "test", "", hour) for at, hour in enumerate(hours, 1)]
    assert plan_of(shop, versions).stages == (Stage(BEGIN, 2, None),)
    assert not plan_of(shop, versions).has_tiers


DAYS = st.lists(
    st.builds(Day, *(st.integers(low, high) for low, high in ((BEGIN, BEGIN + 250), *((0, 250),) * 2, (0, 2), (0, 0))))
    # Points that waited, and count from the moment that the day begins.
    | st.builds(
        lambda at, points: Day(at, points=points, opening=points),
        st.integers(BEGIN, BEGIN + 250),
        st.integers(1, 250),
    ),
    max_size=25,
)
TIERS = st.builds(
    Tiers,
    levels=st.sampled_from([LEVELS, (*LEVELS, Level(id="top", name="Top", threshold=600)), LEVELS[:2]]),
    by=st.sampled_from(["spend", "points", "orders"]),
    window=st.sampled_from(
        [RollingWindow(days=one) for one in (1, 7, 30, 90)] + [QUARTER, CalendarWindow(unit="year")]
    ),
    downgrade=st.sampled_from(["none", "one_step", "reassess"]),
    grace_days=st.sampled_from([0, 1, 10, 100]),
)


@settings(max_examples=200, deadline=None)
@given(DAYS, TIERS)
def test_any_life_stands_where_a_count_of_its_days_puts_it(days: list[Day], of: Tiers) -> None:
    if of.by == "orders":
        of = Tiers(
            levels=tuple(Level(id=one.id, name=one.name, threshold=place * 2) for place, one in enumerate(of.levels)),
            by="orders",
            window=of.window,
            downgrade=of.downgrade,
            grace_days=of.grace_days,
        )
    expected = brute(days, of, BEGIN, BEGIN + 400)
    course = walk(days, plan(of), BEGIN + 400)
    ids = ["" if not place else of.levels[place].id for place in expected]
    assert [course.at(BEGIN + day) for day in range(401)] == ids
    for day in (0, 37, 120, 400):
        assert walk(days, plan(of), BEGIN + day).standing.place == expected[day]


@given(DAYS, TIERS, st.randoms(use_true_random=False))
def test_the_order_in_which_days_became_known_means_nothing(days: list[Day], of: Tiers, rng: Random) -> None:
    mixed = [*days, *(Day(one.day, *(-amount for amount in one[1:])) for one in days), *days]
    rng.shuffle(mixed)
    assert walk(mixed, plan(of), BEGIN + 300) == walk(days, plan(of), BEGIN + 300)
