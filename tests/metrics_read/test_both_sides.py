"""What is written and what is read mean the same counters: two readings of one definition, compared."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.cohorts.domain.counting import contributions as cohort_contributions
from services.metrics.counters import CounterSet, Generation
from services.metrics.orders import GUEST, Fact, frame_of
from services.metrics.retention.domain.counting import contributions
from services.metrics.retention.domain.counts import CustomerSums, TradeSums, customers_of, days_to_sum, trade_of
from services.metrics.retention.domain.figures import Asked
from services.metrics.retention.store import lines_of_customers, lines_of_trade
from tests.metrics_read.counting import Row, counters_of, summed
from tests.metrics_read.recount import DAY_ZERO, HORIZON, Bought, histories, recount


def written(bought: list[Bought], windows: tuple[int, ...], loyal_over: int, calendar: str) -> Counter[Row]:
    """The counters that the write side's own definition gives a history."""
    frame = frame_of(Generation(CounterSet(1, 1), "UTC", calendar, windows, loyal_over))
    facts: dict[int | None, list[Fact]] = {}
    for order in bought:
        customer = GUEST if order.customer is None else order.customer
        facts.setdefault(order.customer, []).append(Fact(customer, order.day, order.currency, order.revenue))
    rows: Counter[Row] = Counter()
    for own in facts.values():
        for part in (contributions(own, frame), cohort_contributions(own, frame)):
            for (measure, param, currency, day, gap), value in part.items():
                rows[int(measure), param, currency, day, gap] += value
    return Counter({row: value for row, value in rows.items() if value})


@settings(max_examples=150, deadline=None)
@given(
    bought=histories,
    windows=st.lists(st.integers(1, HORIZON), min_size=1, max_size=3, unique=True).map(tuple),
    loyal_over=st.integers(0, 5),
    calendar=st.sampled_from(["gregorian", "jalali"]),
)
def test_the_write_sides_definition_gives_the_counters_that_are_read(
    bought: list[Bought], windows: tuple[int, ...], loyal_over: int, calendar: str
) -> None:
    least = tuple(sorted({2, loyal_over + 1} - {1}))
    expected = counters_of(bought, windows, least, calendar)
    assert written(bought, windows, loyal_over, calendar) == {row: value for row, value in expected.items() if value}


@settings(max_examples=150, deadline=None)
@given(
    bought=histories,
    day=st.integers(DAY_ZERO - 5, DAY_ZERO + 2 * HORIZON),
    window=st.integers(1, HORIZON),
    shorter=st.integers(0, HORIZON),
    loyal_over=st.integers(0, 5),
)
def test_figures_read_from_what_is_written_equal_a_recount(
    bought: list[Bought], day: int, window: int, shorter: int, loyal_over: int
) -> None:
    asked = Asked(window, max(1, window - shorter), loyal_over, "USD")
    rows = written(bought, (window,), loyal_over, "gregorian")
    days = days_to_sum([day], asked)
    trade, who = (
        dict(zip(lines, summed(rows, list(lines.values()), days), strict=True))
        for lines in (lines_of_trade(asked, day), lines_of_customers(asked, day))
    )
    expected = recount(bought, asked, day)
    assert customers_of(CustomerSums(**who), days, [day], asked) == [expected.customers]
    assert trade_of(TradeSums(**trade), days, [day], asked, expected.trade.first_day) == [expected.trade]
