"""What holds of every programme, order and context."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loyalty.earning import Context, GivenBack, Purchase, entitlement
from services.loyalty.earning.domain.allotting import allot, rounded
from services.loyalty.earning.domain.purchase import parts_of
from services.loyalty.programmes import Programme
from tests.loyalty_earning.ground import changed, contexts, orders, programmes, roundings, with_refunds

pytestmark = pytest.mark.filterwarnings("error")


@given(orders(), programmes(), contexts, st.randoms(use_true_random=False))
def test_refunds_and_lines_in_any_order_leave_the_same_points(
    purchase: Purchase, rules: Programme, beside: Context, rng: random.Random
) -> None:
    refunds, lines = list(purchase.refunds), list(purchase.lines)
    rng.shuffle(refunds)
    rng.shuffle(lines)
    told = {name: getattr(purchase, name) for name in Purchase.__dataclass_fields__}
    shuffled = Purchase(**told | {"refunds": tuple(refunds), "lines": tuple(lines)})
    assert entitlement(shuffled, rules, beside).by_line() == entitlement(purchase, rules, beside).by_line()


@given(orders(), programmes(), contexts)
def test_no_refund_ever_gives_points_back_on_any_line(purchase: Purchase, rules: Programme, beside: Context) -> None:
    steps = [
        entitlement(with_refunds(purchase, *purchase.refunds[:count]), rules, beside)
        for count in range(len(purchase.refunds) + 1)
    ]
    for before, after in pairwise(steps):
        left = before.by_line()
        assert all(points <= left[key] for key, points in after.by_line().items())


@given(orders(), programmes(), contexts, st.integers(0, 4))
def test_an_order_that_came_back_whole_keeps_nothing_however_it_came(
    purchase: Purchase, rules: Programme, beside: Context, place: int
) -> None:
    refunds = list(purchase.refunds)
    refunds.insert(min(place, len(refunds)), GivenBack(None, whole=True))
    assert entitlement(with_refunds(purchase, *refunds), rules, beside).by_line() == {}


@given(orders(refunds_max=0), programmes(), contexts, st.lists(st.integers(1, 5_000), min_size=1, max_size=30))
def test_money_given_back_bit_by_bit_ends_at_nothing(
    purchase: Purchase, rules: Programme, beside: Context, bits: list[int]
) -> None:
    rest = max(0, purchase.revenue - sum(bits))
    refunds = [GivenBack(bit) for bit in bits] + [GivenBack(rest)]
    assert entitlement(with_refunds(purchase, *refunds), rules, beside).points == 0


@given(orders(), programmes(), contexts)
def test_nothing_is_negative_and_shares_add_up(purchase: Purchase, rules: Programme, beside: Context) -> None:
    found = entitlement(purchase, rules, beside)
    for outcome in found.outcomes:
        assert 0 <= outcome.kept <= outcome.earned <= outcome.rounded
        assert sum(share.earned for share in outcome.shares) == outcome.earned
        assert sum(share.kept for share in outcome.shares) == outcome.kept
        assert all(0 <= share.kept <= share.earned for share in outcome.shares)
    assert found.points == sum(found.by_rule().values()) == sum(found.by_line().values())


@given(orders(), programmes(), contexts)
def test_what_caps_count_does_not_depend_on_refunds(purchase: Purchase, rules: Programme, beside: Context) -> None:
    whole = entitlement(with_refunds(purchase), rules, beside)
    assert entitlement(purchase, rules, beside).earned == whole.earned


@given(orders(refunds_max=0), programmes(caps=[]), contexts, st.integers(0, 200))
def test_more_room_in_a_rules_caps_never_gives_it_less(
    purchase: Purchase, rules: Programme, beside: Context, less: int
) -> None:
    freer = changed(beside, used={key: max(0, used - less) for key, used in beside.used.items()})
    more, fewer = (entitlement(purchase, rules, one).outcomes for one in (freer, beside))
    assert all(one.earned >= other.earned for one, other in zip(more, fewer, strict=True))


@given(orders(refunds_max=0), programmes(), contexts, st.integers(0, 200))
def test_more_room_in_the_caps_of_all_rules_never_gives_less_in_all(
    purchase: Purchase, rules: Programme, beside: Context, less: int
) -> None:
    used = {key: max(0, used - less) if key.startswith(":") else used for key, used in beside.used.items()}
    assert (
        entitlement(purchase, rules, changed(beside, used=used)).earned >= entitlement(purchase, rules, beside).earned
    )


@given(orders(refunds_max=0), programmes(caps=[], rounding="down"), contexts)
def test_all_rules_together_give_no_less_than_the_best_and_the_best_no_less_than_the_first(
    purchase: Purchase, rules: Programme, beside: Context
) -> None:
    without = changed(rules, rules=tuple(changed(rule, caps=()) for rule in rules.rules))

    # Each rule is rounded by itself, so exact values are compared.
    def exact(stacking: str) -> float:
        found = entitlement(purchase, changed(without, stacking=stacking), beside)
        return sum(one.exact[0] / one.exact[1] for one in found.outcomes)

    assert exact("sum") >= exact("best") - 1e-6
    assert exact("best") >= exact("first") - 1e-6


@given(orders())
def test_amounts_of_lines_add_up_to_the_revenue(purchase: Purchase) -> None:
    assert sum(part.amount for part in parts_of(purchase)) == purchase.revenue


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_parts_add_up_and_each_is_within_one_of_its_share(whole: int, weights: list[int]) -> None:
    parts = allot(whole, weights)
    assert sum(parts) == whole
    total = sum(weights)
    if total:
        assert all(abs(part * total - whole * weight) < total for part, weight in zip(parts, weights, strict=True))


@given(st.fractions(0, 10**9), st.fractions(0, 10**9), roundings)
@settings(max_examples=300)
def test_rounding_keeps_the_order_of_numbers_and_stays_within_one(one, other, how) -> None:  # type: ignore[no-untyped-def]  # of hypothesis
    low, high = sorted((one, other))
    down, up, near = (rounded(number.numerator, number.denominator, how) for number in (low, high, one))
    assert down <= up
    assert abs(near - one) < 1
