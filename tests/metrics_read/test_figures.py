"""Figures from whole numbers: the published check, emptiness, rounding, maturity and contradictions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.retention.domain.figures import (
    Asked,
    Counts,
    Customers,
    InconsistentCounts,
    Quotient,
    Trade,
    figures_of,
    mean,
    return_rate,
)
from tests.metrics_read.recount import DAY_ZERO, HORIZON, Bought, histories, recount

ASKED = Asked(window=365, period=30, loyal_over=4, currency="USD")
TEXTBOOK = Counts(
    Customers(held=24, start=20, joined=5, new=5, lost=1, repeat=6, loyal=3),
    Trade(lifetime_customers=48, lifetime_repeat=12, customer_orders=36, orders=40, revenue=1_001, first_day=DAY_ZERO),
)
NOBODY = Counts(
    Customers(held=0, start=0, joined=0, new=0, lost=0, repeat=0, loyal=0),
    Trade(lifetime_customers=0, lifetime_repeat=0, customer_orders=0, orders=0, revenue=0, first_day=None),
)


def changed(counts: Counts, **numbers: int) -> Counts:
    who = {name: value for name, value in numbers.items() if hasattr(counts.customers, name)}
    trade = {name: value for name, value in numbers.items() if name not in who}
    return Counts(replace(counts.customers, **who), replace(counts.trade, **trade))


def test_twenty_customers_five_new_one_lost_keep_ninety_five_percent() -> None:
    figures = figures_of(ASKED, DAY_ZERO + 400, TEXTBOOK)
    assert (figures.crr, figures.churn, figures.won_back) == (0.95, 0.05, 0)
    assert (figures.rpr, figures.rpr_all, figures.lcr) == (6 / 24, 6 / 48, 3 / 24)
    assert (figures.lifetime_rpr, figures.frequency) == (12 / 48, 36 / 24)


def test_a_ratio_over_nobody_is_none_and_not_zero() -> None:
    figures = figures_of(ASKED, DAY_ZERO, NOBODY)
    ratios = (figures.rpr, figures.rpr_all, figures.lcr, figures.aov, figures.frequency, figures.lifetime_rpr)
    assert (*ratios, figures.crr, figures.churn) == (None,) * 8
    assert not figures.mature


def test_nobody_kept_of_somebody_is_zero_and_not_none() -> None:
    figures = figures_of(ASKED, DAY_ZERO, changed(NOBODY, start=2, lost=2, lifetime_customers=2))
    assert (figures.crr, figures.churn, figures.rpr, figures.rpr_all) == (0.0, 1.0, None, 0.0)


@pytest.mark.parametrize(
    ("total", "count", "amount"),
    [
        (5, 2, 2),
        (7, 2, 4),
        (1_001, 40, 25),
        (10**15 * 9 + 1, 2, 4_500_000_000_000_000),
        (0, 3, 0),
        (2, 3, 1),
        (-5, 2, -2),
        (-7, 2, -4),
    ],
)
def test_a_mean_is_rounded_half_even_without_a_float(total: int, count: int, amount: int) -> None:
    assert mean(total, count) == Quotient(amount, total, count)


@pytest.mark.parametrize("count", [0, -1])
def test_there_is_no_mean_where_no_more_was_sold_than_taken_back(count: int) -> None:
    assert mean(-700, count) is None


@pytest.mark.parametrize(("day", "mature"), [(393, False), (394, True), (10_000, True)])
def test_an_answer_is_mature_once_window_and_period_lie_in_the_history(day: int, mature: bool) -> None:
    assert figures_of(ASKED, DAY_ZERO + day, TEXTBOOK).mature is mature


@pytest.mark.parametrize(
    "broken",
    [
        {"held": 23},
        {"lost": 2},
        {"new": 6},
        {"repeat": 25},
        {"loyal": -1},
        {"lifetime_customers": 23},
        {"lifetime_repeat": 49},
        {"customer_orders": 23},
        {"start": 0, "lost": 1, "joined": 25},
    ],
)
def test_numbers_that_contradict_each_other_are_never_shown(broken: dict[str, int]) -> None:
    with pytest.raises(InconsistentCounts):
        figures_of(ASKED, DAY_ZERO + 400, changed(TEXTBOOK, **broken))


def test_more_returning_customers_than_customers_are_never_shown() -> None:
    assert return_rate(30, 4, 1).rate == 0.25
    assert return_rate(30, 0, 0).rate is None
    with pytest.raises(InconsistentCounts):
        return_rate(30, 1, 2)


@given(
    bought=histories,
    as_of=st.integers(DAY_ZERO - 5, DAY_ZERO + 2 * HORIZON),
    window=st.integers(1, HORIZON),
    period=st.integers(1, 2 * HORIZON),
)
def test_retention_and_churn_add_up_to_one_for_every_history(
    bought: list[Bought], as_of: int, window: int, period: int
) -> None:
    asked = Asked(window=window, period=period, loyal_over=4, currency="USD")
    counts = recount(bought, asked, as_of)
    figures = figures_of(asked, as_of, counts)
    if figures.crr is None or figures.churn is None:
        assert counts.customers.start == 0
    else:
        assert figures.crr == pytest.approx(1 - figures.churn)
        who = counts.customers
        assert who.start + who.new + figures.won_back - who.lost == who.held
