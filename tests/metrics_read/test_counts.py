"""Whole numbers from counters equal a recount, for random histories, days, windows and periods up to the window."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.counters import Line, Sums
from services.metrics.retention.domain.counts import (
    CustomerSums,
    TradeSums,
    customers_of,
    days_to_sum,
    trade_of,
)
from services.metrics.retention.domain.figures import Asked
from services.metrics.retention.store import lines_of_customers, lines_of_trade
from tests.metrics_read.counting import Row, counters_of, summed
from tests.metrics_read.recount import DAY_ZERO, HORIZON, Bought, histories, recount


@settings(max_examples=300, deadline=None)
@given(
    bought=histories,
    at=st.lists(st.integers(DAY_ZERO - 5, DAY_ZERO + 2 * HORIZON), min_size=1, max_size=4, unique=True).map(sorted),
    window=st.integers(1, HORIZON),
    shorter=st.integers(0, HORIZON),
    loyal_over=st.sampled_from([0, 1, 4]),
)
def test_counters_answer_every_day_window_and_shorter_period_like_a_recount(
    bought: list[Bought], at: list[int], window: int, shorter: int, loyal_over: int
) -> None:
    asked = Asked(window=window, period=max(1, window - shorter), loyal_over=loyal_over, currency="USD")
    rows = counters_of(bought, windows=(window,))
    days = days_to_sum(at, asked)
    trade = TradeSums(**by_name(rows, lines_of_trade(asked, at[0]), days))
    customers = CustomerSums(**by_name(rows, lines_of_customers(asked, at[0]), days))
    expected = [recount(bought, asked, day) for day in at]
    assert customers_of(customers, days, at, asked) == [counts.customers for counts in expected]
    assert trade_of(trade, days, at, asked, expected[0].trade.first_day) == [counts.trade for counts in expected]


def by_name(rows: Counter[Row], lines: dict[str, Line], days: list[int]) -> dict[str, Sums]:
    return dict(zip(lines, summed(rows, list(lines.values()), days), strict=True))


def test_a_period_longer_than_the_window_is_refused() -> None:
    asked = Asked(window=30, period=31, loyal_over=4, currency="USD")
    days = days_to_sum([DAY_ZERO], asked)
    sums = CustomerSums(**by_name(Counter(), lines_of_customers(asked, DAY_ZERO), days))
    with pytest.raises(ValueError, match="scan"):
        customers_of(sums, days, [DAY_ZERO], asked)
