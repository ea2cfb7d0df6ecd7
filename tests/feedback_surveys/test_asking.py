"""The rule of asking, against what it promises: never too often, never idle, and nobody starves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.surveys.domain.asking import Wish, decide

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Asked(NamedTuple):
    """Who was asked when."""

    at: datetime
    wish: Wish


class Course(NamedTuple):
    """What became of wishes."""

    asked: list[Asked]
    lapsed: dict[str, datetime]


def run(wishes: Sequence[Wish], again: dict[str, timedelta], rest: timedelta, late: Sequence[int] = ()) -> Course:
    """As timers would have it: each wish is looked at when it is due, and whenever the rule says so. `late`: hours by
    which timers fire late, in turn."""
    asked: list[Asked] = []
    lapsed: dict[str, datetime] = {}
    looks = sorted({wish.due for wish in wishes})
    delays = list(late)
    for _ in range(10_000):
        if not looks:
            return Course(asked, lapsed)
        now = looks.pop(0) + HOUR * (delays.pop(0) if delays else 0)
        now = max([now, *(one.at for one in asked[-1:]), *lapsed.values()])  # time goes forward
        gone = {one.wish.id for one in asked} | lapsed.keys()
        known = [one for one in wishes if one.id not in gone]
        before = {one.wish.survey: one.at for one in asked}
        decision = decide(known, before, again, rest, now)
        if decision.ask is not None:
            asked.append(Asked(now, decision.ask))
        lapsed |= {one.id: now for one in decision.lapsed}
        if decision.look is not None and decision.look not in looks:
            looks = sorted({*looks, max(decision.look, now)})
    raise AssertionError("the rule never ends")


SURVEYS = ("csat", "nps", "form")
wish_lists = st.lists(
    st.tuples(st.sampled_from(SURVEYS), st.integers(0, 24 * 200), st.integers(1, 24 * 120)), max_size=25
).map(
    lambda rows: [
        Wish(f"w{at}", survey, START + HOUR * due, START + HOUR * (due + patience))
        for at, (survey, due, patience) in enumerate(rows)
    ]
)
agains = st.fixed_dictionaries({name: st.integers(0, 60).map(lambda days: timedelta(days=days)) for name in SURVEYS})
rests = st.integers(1, 45).map(lambda days: timedelta(days=days))


def ready_at(wish: Wish, asked: Sequence[Asked], again: dict[str, timedelta], rest: timedelta) -> datetime:
    """From when on nothing but others' turns keeps a wish waiting, as far as was asked so far."""
    own = [one.at + again[wish.survey] for one in asked if one.wish.survey == wish.survey]
    return max([wish.due, *own, *(one.at + rest for one in asked)])


@given(wish_lists, agains, rests, st.lists(st.integers(0, 72), max_size=30))
def test_nobody_is_asked_too_often_nor_out_of_time(
    wishes: list[Wish], again: dict[str, timedelta], rest: timedelta, late: list[int]
) -> None:
    course = run(wishes, again, rest, late)
    for before, after in pairwise(course.asked):
        assert after.at - before.at >= rest
    for name in SURVEYS:
        own = [one.at for one in course.asked if one.wish.survey == name]
        assert all(after - before >= again[name] for before, after in pairwise(own))
    assert all(one.wish.due <= one.at < one.wish.until for one in course.asked)
    ids = [one.wish.id for one in course.asked]
    assert len(ids) == len(set(ids)) and not set(ids) & course.lapsed.keys()
    assert set(ids) | course.lapsed.keys() == {one.id for one in wishes}, "each is asked or given up"
    assert all(at >= next(one.until for one in wishes if one.id == wish) for wish, at in course.lapsed.items())


@given(wish_lists, agains, rests)
def test_no_turn_is_left_unused_and_each_goes_to_whom_it_is_owed(
    wishes: list[Wish], again: dict[str, timedelta], rest: timedelta
) -> None:
    course = run(wishes, again, rest)
    for place, one in enumerate(course.asked):
        before = course.asked[:place]
        last = {name: max((each.at for each in before if each.wish.survey == name), default=START) for name in SURVEYS}
        never = {name for name in SURVEYS if name not in {each.wish.survey for each in before}}
        later = {each.wish.id for each in course.asked[place:]} | course.lapsed.keys()
        others = [wish for wish in wishes if wish.id in later and wish.due <= one.at < wish.until]
        rivals = [wish for wish in others if ready_at(wish, before, again, rest) <= one.at]
        assert one.wish in rivals
        for rival in rivals:
            turn, own = (
                (rival.survey not in never, last[rival.survey]),
                (one.wish.survey not in never, last[one.wish.survey]),
            )
            assert turn >= own, "a survey that was asked longer ago goes first"
    for wish in wishes:  # whoever is given up was never ready while the window was free and unused
        if wish.id in course.lapsed:
            ready = ready_at(wish, [one for one in course.asked if one.at < wish.until], again, rest)
            assert ready >= wish.until


@settings(deadline=None, max_examples=40)
@given(wish_lists, rests)
def test_a_rare_survey_waits_for_each_of_the_others_once_at_most(wishes: list[Wish], rest: timedelta) -> None:
    often = [Wish(f"o{n}", "csat", START + HOUR * n * 12, START + timedelta(days=900)) for n in range(60)]
    rare = Wish("rare", "form", START + timedelta(days=100), START + timedelta(days=100) + rest * len(SURVEYS) + HOUR)
    kept = [one for one in wishes if one.survey != "form"]
    course = run([*often, *kept, rare], dict.fromkeys(SURVEYS, timedelta(0)), rest)
    asked = next(one for one in course.asked if one.wish.id == "rare")
    between = [one.wish.survey for one in course.asked if rare.due <= one.at < asked.at]
    assert len(between) == len(set(between)), "nobody goes twice before it"


@pytest.mark.parametrize("active", [True, False])
def test_a_survey_that_nobody_asks_any_more_is_given_up(active: bool) -> None:
    wish = Wish("w", "nps", START, START + timedelta(days=9))
    decision = decide([wish], {}, {"nps": timedelta(0)} if active else {}, timedelta(days=1), START)
    assert (decision.ask, decision.lapsed, decision.look) == ((wish, (), None) if active else (None, (wish,), None))


def test_the_window_that_a_message_kept_shut_is_told() -> None:
    wish = Wish("w", "nps", START, START + timedelta(days=90))
    asked = {"csat": START - timedelta(days=10)}
    decision = decide([wish], asked, {"nps": timedelta(days=5)}, timedelta(days=30), START)
    assert (decision.ask, decision.look) == (None, START + timedelta(days=20))
