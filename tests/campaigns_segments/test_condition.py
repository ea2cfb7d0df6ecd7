"""Conditions: what is one, whom one holds for, and when that changes by itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.audience import Answered, Contacts
from services.campaigns.consent import Word
from services.campaigns.segments import (
    HISTORY,
    History,
    belongs,
    changes_on,
    facts_of,
    holds,
    needed,
    parse,
    timed,
    written,
)
from services.campaigns.segments.domain.condition import DEPTH_MAX, NODES_MAX
from services.campaigns.segments.domain.history import Kept, Reply, Sent
from services.campaigns.segments.domain.judging import day_at, next_turn
from shared.kernel import Zone, us_of
from tests.campaigns_segments.ground import (
    NOW,
    TEHRAN,
    condition,
    known,
    some_condition,
    some_past,
    some_profile,
)

TODAY = day_at(TEHRAN, NOW)
EVERYBODY = condition("all", of=[])
_TOO_DEEP: dict[str, Any] = EVERYBODY
for _ in range(DEPTH_MAX):
    _TOO_DEEP = condition("not", of=_TOO_DEEP)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (None, "condition: Expected `object`"),
        ({"kind": "secret-kind"}, "condition.kind: none of those"),
        ({}, "condition: Object missing required field `kind`"),
        (condition("number", field="secret", least=1), "condition.field: none of those"),
        (condition("number", field="orders", least=1, secret=2), "condition: none of those"),
        (condition("number", field="orders", least=-1), "condition.least: Expected `int` >= 0"),
        (condition("number", field="orders", least="3"), "condition.least: Expected `int | null`"),
        (condition("number", field="orders"), "condition: `least` or `most` is needed"),
        (condition("all", of=[condition("age", since="last_order", least=3, most=2)]), "condition: `least` lies above"),
        (condition("bought", field="brand", values=["a"]), "condition.field: none of those"),
        (condition("bought", field="product", values=["a"], least=0), "condition.least: Expected `int` >= 1"),
        (condition("responded", did="sent"), "condition.did: none of those"),
        (condition("responded", did="opened", campaign="No Name"), "condition.campaign: Expected `str` matching"),
        (condition("dates", field="last_order"), "condition: `since` or `until`"),
        (
            condition("dates", field="last_order", since="2026-02-02", until="2026-02-01"),
            "condition: `since` lies above",
        ),
        (condition("money", field="revenue", currency="usd", least=1), "condition.currency: Expected `str` matching"),
        (condition("among", field="stage", values=[]), "condition.values: Expected `array` of length >= 1"),
        (condition("among", field="tier", values=["a\0"]), "condition.values[0]: Expected `str` matching"),
        (_TOO_DEEP, "condition: at most"),
        (condition("any", of=[EVERYBODY] * NODES_MAX), "condition: at most"),
    ],
)
def test_what_is_no_condition_is_refused_by_field_and_never_repeated(wrong: Any, where: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(where)}") as refused:
        parse(wrong)
    assert "secret" not in str(refused.value)


def test_what_is_nested_without_end_is_refused() -> None:
    endless: dict[str, Any] = {}
    for _ in range(100_000):
        endless = {"kind": "not", "of": endless}
    with pytest.raises(ValueError, match="at most"):
        parse(endless)


@given(st.integers())
def test_a_condition_is_read_as_it_was_written(seed: int) -> None:
    one = some_condition(Random(seed))
    assert parse(written(one)) == one


_REGULAR: dict[str, Any] = {
    "contacts": Contacts(email="s@example.com", locale="fa-IR"),
    "orders": 3,
    "money": {"USD": 100},
    "counts": {"USD": 3},
    "first_order_at": us_of(NOW - timedelta(days=90)),
    "last_order_at": us_of(NOW - timedelta(days=30)),
    "stage": "active",
    "points": 10,
    "tier": "gold",
    "member": "active",
    "last_nps": Answered(us_of(NOW - timedelta(days=5)), "a-1", "after-purchase", "nps", 8),
    "last_answer": Answered(us_of(NOW - timedelta(days=5)), "a-1", "after-purchase", "nps", 8),
}


@pytest.mark.parametrize(
    ("node", "regular", "stranger"),
    [
        (EVERYBODY, True, True),
        (condition("any", of=[]), False, False),
        (condition("not", of=condition("known", field="stage")), False, True),
        (condition("number", field="orders", least=3), True, False),
        (condition("number", field="orders", most=2), False, True),
        (condition("number", field="points", least=10, most=10), True, False),
        (condition("money", field="revenue", currency="USD", least=100), True, False),
        (condition("money", field="revenue", currency="EUR", most=0), True, True),
        (condition("money", field="average_order", currency="USD", least=33), True, False),
        (condition("money", field="average_order", currency="USD", least=34), False, False),
        (condition("money", field="average_order", currency="USD", most=33), False, False),
        (condition("among", field="stage", values=["lost", "active"]), True, False),
        (condition("among", field="language", values=["fa"]), True, False),
        (condition("among", field="tier", values=["silver"]), False, False),
        (condition("known", field="email"), True, False),
        (condition("known", field="first_order"), True, False),
        (condition("age", since="last_order", least=30, most=30), True, False),
        (condition("age", since="first_order", most=89), False, False),
        (condition("dates", field="last_order", since="2026-02-18", until="2026-02-18"), True, False),
        (condition("dates", field="last_order", since="2026-02-19"), False, False),
        (condition("consent", channel="email", purpose="news"), False, False),
        (condition("number", field="nps_score", least=8, most=8), True, False),
        (condition("number", field="nps_score", most=10), True, False),
        (condition("among", field="nps_group", values=["passive"]), True, False),
        (condition("among", field="nps_group", values=["detractor", "promoter"]), False, False),
        (condition("known", field="nps_score"), True, False),
        (condition("age", since="last_answer", least=5, most=5), True, False),
    ],
)
def test_a_condition_says_yes_or_no_of_everybody(node: Any, regular: bool, stranger: bool) -> None:
    one = parse(node)
    assert (holds(one, known(**_REGULAR), TODAY), holds(one, known(), TODAY)) == (regular, stranger)
    assert not belongs(one, known(**{**_REGULAR, "erased": True}), TODAY)


_TEA = frozenset({"tea"})
_HISTORY = History(
    orders=(
        Kept(us_of(NOW - timedelta(days=9)), "o-1", _TEA, frozenset({"drinks"})),
        Kept(us_of(NOW - timedelta(days=1)), "o-2", _TEA, frozenset()),
        Kept(us_of(NOW), "o-3", frozenset({"cup"}), frozenset()),
    ),
    sent=(
        Sent(us_of(NOW - timedelta(days=16)), "m-1", "winter"),
        Sent(us_of(NOW - timedelta(days=6)), "m-2", "spring"),
        Sent(us_of(NOW - timedelta(days=2)), "m-3", "sale"),
    ),
    replies=(Reply(us_of(NOW - timedelta(days=5)), "clicked", "spring"),),
)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (condition("bought", field="product", values=["tea", "pot"], least=2), True),
        (condition("bought", field="product", values=["tea"], least=2, days=8), False),
        (condition("bought", field="product", values=["tea"], least=2, days=9), True),
        (condition("bought", field="category", values=["drinks"], days=8), False),
        (condition("bought", field="category", values=["tea"]), False),
        (condition("responded", did="clicked"), True),
        (condition("responded", did="clicked", campaign="spring", days=5), True),
        (condition("responded", did="clicked", campaign="spring", days=4), False),
        (condition("responded", did="clicked", campaign="sale"), False),
        (condition("responded", did="opened"), False),
        (condition("responded", did="converted", campaign="sale"), True),
        (condition("responded", did="converted", campaign="spring"), False),  # sale came after it
        (condition("responded", did="converted", campaign="winter"), False),  # exactly seven days before the order
    ],
)
def test_single_orders_and_what_came_of_messages_can_be_asked_for(node: Any, expected: bool) -> None:
    facts = facts_of(known().profile, [], TEHRAN, _HISTORY)
    assert holds(parse(node), facts, TODAY) is expected
    assert HISTORY in needed(parse(node)) and timed(parse(node)) == ("days" in node)


def test_a_consent_of_any_identity_holds_until_it_is_withdrawn() -> None:
    one = parse(condition("consent", channel="email", purpose="news"))
    given_ = Word(1, 7, "email", "news", "given", NOW, "r1", "checkout")
    ended = Word(1, 8, "email", "all", "withdrawn", NOW + timedelta(seconds=1), "r2", "unsubscribe-link")
    profile = known().profile
    assert holds(one, facts_of(profile, [given_], TEHRAN), TODAY)
    assert not holds(one, facts_of(profile, [given_, ended], TEHRAN), TODAY)


def test_what_a_condition_asks_for_is_known_before_it_is_asked() -> None:
    late = condition("age", since="last_order", least=30)
    one = parse(condition("all", of=[late, condition("not", of=condition("consent", channel="sms", purpose="news"))]))
    assert needed(one) == {"age", "last_order", "consent"}
    assert timed(one)
    assert not timed(parse(condition("dates", field="last_order", since="2026-01-01")))


@given(st.integers(), st.sampled_from(["Asia/Tehran", "America/St_Johns", "Africa/Cairo", "Pacific/Apia"]))
def test_the_day_on_which_an_answer_changes_is_the_first_on_which_it_differs(seed: int, zone: str) -> None:
    rng = Random(seed)
    facts = facts_of(some_profile(rng, 1), [], Zone(zone), some_past(rng, [1]).of(1))
    one = some_condition(rng)
    now = belongs(one, facts, TODAY)
    differs = next((day for day in range(TODAY + 1, TODAY + 150) if belongs(one, facts, day) != now), None)
    assert changes_on(one, facts, TODAY) == differs
    turn = next_turn(one, facts, TODAY)
    assert differs is None or (turn is not None and turn <= differs)


def test_a_day_lasts_until_the_next_begins_also_where_clocks_go_back_over_midnight() -> None:
    zone = Zone("America/St_Johns")
    night = datetime(2009, 11, 1, 2, 30, tzinfo=UTC)  # 0:00 came at 2:30; a minute later it was 23:01 again
    first = day_at(zone, night)
    assert [day_at(zone, night + timedelta(minutes=late)) - first for late in (-1, 0, 1, 5, 59, 61)] == [
        -1,
        0,
        0,
        0,
        0,
        0,
    ]
    assert zone.day_of(night + timedelta(minutes=5)) == first - 1, "the case is one"
