"""Whole numbers from counters equal a recount, for random histories, days, windows and periods up to the window."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.retention.domain_counts import RetentionSums, counts_of, days_to_sum
from services.metrics.retention.domain_figures import Asked
from services.metrics.retention.read_store import lines_of
from tests.metrics_read.counting import counters_of, summed
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
    lines = lines_of(asked, at[0])
    days = days_to_sum(at, asked.window, asked.period)
    sums = dict(zip(lines, summed(rows, list(lines.values()), days), strict=True))
    expected = [recount(bought, asked, day) for day in at]
    first_day = expected[0].first_day
    assert counts_of(RetentionSums(days=days, first_day=first_day, **sums), at, asked) == expected


def test_a_period_longer_than_the_window_is_refused() -> None:
    asked = Asked(window=30, period=31, loyal_over=4, currency="USD")
    lines = lines_of(asked, DAY_ZERO)
    days = days_to_sum([DAY_ZERO], 30, 31)
    sums = dict(zip(lines, summed(counters_of([], (30,)), list(lines.values()), days), strict=True))
    with pytest.raises(ValueError, match="scan"):
        counts_of(RetentionSums(days=days, first_day=None, **sums), [DAY_ZERO], asked)
