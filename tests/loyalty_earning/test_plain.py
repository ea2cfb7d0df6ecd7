"""Orders by columns earn what they earn one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loyalty.earning import PlainRule, entitlement
from services.loyalty.programmes import ready_programme
from tests.loyalty_earning.ground import TIERS, context, fixed, order, programme, roundings, rule

TIER = st.sampled_from(["", "regular", "gold", "iron"])
REVENUE = st.one_of(st.integers(0, 10**6), st.integers(0, 10**15))


@given(
    st.integers(1, 10**6),
    st.one_of(st.integers(1, 10**4), st.integers(1, 10**12)),
    roundings,
    st.booleans(),
    st.lists(st.tuples(REVENUE, TIER), max_size=30),
)
@settings(max_examples=400)
def test_columns_agree_with_the_general_way(points, per, rounding, by_tier, told) -> None:  # type: ignore[no-untyped-def]  # of hypothesis
    rules = programme(
        rule("rate", {"kind": "rate", "points": points, "per": per}, by_tier=by_tier), rounding=rounding, tiers=TIERS
    )
    plain = PlainRule.of(rules)
    assert plain is not None
    revenue = np.array([amount for amount, _ in told], np.int64)
    percent = np.array([plain.percent_of(tier) for _, tier in told], np.int64)
    expected = [entitlement(order(amount), rules, context(tier=tier)).points for amount, tier in told]
    assert plain.points_of(revenue, percent).tolist() == expected


def test_the_ready_programme_goes_by_columns() -> None:
    assert PlainRule.of(ready_programme("EUR")) is not None


@pytest.mark.parametrize(
    "rules",
    [
        programme(rule(), rule("more")),
        programme(rule(caps=[{"points": 5, "per": "day"}])),
        programme(caps=[{"points": 5, "per": "day"}]),
        programme(rule(when={"kind": "spend", "least": 5})),
        programme(rule(earn=fixed(5))),
    ],
)
def test_what_must_be_judged_one_by_one_does_not(rules) -> None:  # type: ignore[no-untyped-def]  # of pytest
    assert PlainRule.of(rules) is None
