"""Generated lives: the same for a seed, full of edges, and expected alike by two ways of counting."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from mandegar.recount import ShopRules, account_of_events
from mandegar.recount.stages import HELD, stage_at
from tests.oracle.lives import START, Life, counted_days, events_of, expected, lives

CUSTOMER = "1k9d0v3mq7c2e"


@pytest.fixture(scope="module")
def many() -> list[Life]:
    return list(lives(seed=1, count=1000))


def test_a_seed_gives_the_same_lives(many: list[Life]) -> None:
    assert [life.steps for life in lives(seed=1, count=50)] == [life.steps for life in many[:50]]
    assert [life.steps for life in lives(seed=2, count=50)] != [life.steps for life in many[:50]]


def test_every_way_from_stage_to_stage_is_gone(many: list[Life]) -> None:
    ways = Counter((change.previous, change.stage, change.reason) for life in many for change in expected(life))
    wanted = {
        ("prospect", "new", "order"), ("new", "active", "order"), ("new", "active", "onboarded"),
        ("new", "lapsing", "threshold"), ("new", "lost", "window"), ("active", "lapsing", "threshold"),
        ("active", "lost", "window"), ("lapsing", "active", "order"), ("lapsing", "active", "visit"),
        ("lapsing", "lost", "window"), ("lost", "reactivated", "order"), ("reactivated", "active", "order"),
        ("reactivated", "active", "onboarded"), ("reactivated", "lapsing", "threshold"),
        ("reactivated", "lost", "window"),
    }  # fmt: skip
    assert set(ways) == wanted
    assert min(ways.values()) >= 20


def test_personal_and_fixed_thresholds_and_lives_out_of_order_are_many(many: list[Life]) -> None:
    passed = [change.patience for life in many for change in expected(life) if change.patience]
    assert sum(one.personal and one.own_gaps > 0 for one in passed) > 100
    assert sum(one.personal and one.own_gaps == 20 for one in passed) >= 1
    assert sum(one.personal and one.own_gaps == 0 for one in passed) > 30
    assert sum(not one.personal for one in passed) > 100
    assert 150 < sum(life.in_order for life in many) < 900
    assert all(life.in_order for life in lives(seed=3, count=100, late=False))
    assert all(life.steps[-1].day == life.end and life.steps[-1].kind == "clock" for life in many)
    assert all(step.day >= START for life in many for step in life.steps)


def test_changes_are_a_chain_that_held_days_explain(many: list[Life]) -> None:
    for life in many[:300]:
        changes = expected(life)
        assert [c.previous for c in changes] == ["prospect", *[c.stage for c in changes]][: len(changes)]
        assert [c.day for c in changes] == sorted(c.day for c in changes)
        days = counted_days(life.steps)
        for day in range(START, life.end + 1):
            held = any(day - life.rules.lost_days < order <= day for order in days)
            assert (stage_at(changes, day) in HELD) == held


def test_counted_days_are_those_of_the_recount_of_the_events_in_any_order(many: list[Life]) -> None:
    for life in many[:300]:
        events = [msgspec.json.encode(event) for topic, event in events_of(life, "s", CUSTOMER) if topic == "orders.v1"]
        Random(1).shuffle(events)
        account = account_of_events(events, {"s": ShopRules("UTC", "USD")}, datetime(2030, 1, 1, tzinfo=UTC))
        assert sorted(p.day.toordinal() for p in account.purchases) == counted_days(life.steps)
