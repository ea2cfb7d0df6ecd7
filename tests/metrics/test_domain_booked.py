"""Counting the books by columns equals the definition, and the definition applied to what is restated is `restated`."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.cohorts.domain import booked as cohorts
from services.metrics.counters import Measure, currency_code, merge
from services.metrics.orders import END, Accounts, Fact, Frame, Step
from services.metrics.orders.domain.accounts import Owned, Shifts, accounts_of
from services.metrics.orders.domain.books import Told, steps_of, told_of, whole
from services.metrics.orders.domain.decide import Moves
from services.metrics.retention.domain import booked as retention
from services.metrics.retention.domain.figures import RETURN_DAYS
from shared.orders import Content, Mark, OrderState, Refund, fact
from shared.orders import merge as join
from tests.metrics.histories import DAY0, array, as_counter, facts_of

Key = tuple[int, int, str, int, int]

frames = st.builds(
    Frame,
    windows=st.sampled_from([(3,), (2, 7), (5, 30)]),
    least=st.sampled_from([(2,), (2, 5), (2, 3)]),
    calendar=st.sampled_from(["gregorian", "jalali"]),
    periods=st.sampled_from([(), (1,), (4, 30), (40,)]),
)


@st.composite
def steps(draw: st.DrawFn, customer: int = 7) -> Step:
    start = draw(st.integers(DAY0, DAY0 + 70))
    since = start + draw(st.sampled_from([0, 0, 0, 1, 20]))
    until = draw(st.sampled_from([END, END, since + 1, since + 5, since + 40]))
    return Step(customer, start, since, until, draw(st.sampled_from(["USD", "EUR"])), draw(st.integers(0, 10**15)))


def defined(own: list[Step], frame: Frame) -> Counter[Key]:
    total: Counter[Key] = Counter()
    for part in (retention.contributions(own, frame), cohorts.contributions(own, frame)):
        for (measure, param, currency, day, gap), value in part.items():
            total[int(measure), param, currency, day, gap] += value
    return Counter({key: value for key, value in total.items() if value})


def owned(customer: int, restated: list[Step], booked: list[Step]) -> Owned:
    worths = [
        Counter((*step[1:4], currency_code(step.currency), step.net) for step in each) for each in (restated, booked)
    ]
    return Owned(1, customer, *worths)


def counted(accounts: Accounts) -> dict[Key, int]:
    return dict(as_counter(merge([retention.count(accounts), cohorts.count(accounts)])))


NO_SHIFTS = Shifts(*(array([]) for _ in range(8)))


@settings(max_examples=400, deadline=None)
@given(data=st.data(), frame=frames)
def test_counting_by_columns_equals_booked_less_restated_now_less_before(data: st.DataObject, frame: Frame) -> None:
    restated = data.draw(st.lists(facts_of(7), max_size=6))
    booked = data.draw(st.lists(steps(), max_size=8))
    came = data.draw(st.lists(facts_of(7), max_size=2))  # plain orders of this batch, in both
    plain = [whole(one, one.day) for one in restated]
    new = [whole(one, one.day) for one in came]
    moves = Moves(
        sign=array([1] * len(came)), shop=array([1] * len(came)), customer=array([7] * len(came)),
        day=array([one.day for one in came]), currency=array([currency_code(one.currency) for one in came]),
        net=array([one.net for one in came]),
    )  # fmt: skip
    accounts = accounts_of(frame, [owned(7, plain + new, booked + new)], moves, NO_SHIFTS)
    wanted: Counter[Key] = Counter()
    for sign, own in ((1, booked + new), (-1, plain + new), (-1, booked), (1, plain)):
        for key, value in defined(own, frame).items():
            wanted[key] += sign * value
    assert counted(accounts) == {key: value for key, value in wanted.items() if value}


@settings(max_examples=200, deadline=None)
@given(frame=frames, own=st.lists(facts_of(7), min_size=1, max_size=8), day=st.integers(DAY0 - 2, DAY0 + 130))
def test_of_restated_orders_the_books_definition_says_what_restated_says(
    frame: Frame, own: list[Fact], day: int
) -> None:
    counts = defined([whole(one, one.day) for one in own], frame)
    days = sorted(one.day for one in own)

    def until(measure: Measure, param: int, gap: int) -> int:
        return sum(
            value
            for (kind, of, _, at, k), value in counts.items()
            if (kind, of, k) == (measure, param, gap) and at <= day
        )

    for window in frame.windows:
        inside = sum(day - window < one <= day for one in days)
        for least in (1, *frame.least):
            assert until(Measure.AT_LEAST, window, least) == (inside >= least)
        for period in frame.periods:
            then = any(day - period - window < one <= day - period for one in days)
            assert until(Measure.PERIOD_LOST, window, period) == (then and not inside)
            new = inside > 0 and not then and days[0] > day - period
            assert until(Measure.PERIOD_NEW, window, period) == new
    distinct = sorted(set(days))
    for days_after in RETURN_DAYS:
        old = days[0] <= day - days_after
        back = old and len(distinct) > 1 and distinct[1] - distinct[0] <= days_after
        assert until(Measure.RETURN_OLD, days_after, 0) == old
        assert until(Measure.RETURN_BACK, days_after, 0) == back


@st.composite
def states(draw: st.DrawFn) -> OrderState:
    """All sorts of things told of one order within a few days, some of them at one instant."""
    state = OrderState()
    for number in range(draw(st.integers(1, 7))):
        at, received, name = draw(st.integers(0, 6)), draw(st.integers(0, 12)), f"e{number}"
        if draw(st.integers(0, 3)) == 0:
            refund = Refund(at, name, received, draw(st.sampled_from([None, 1, 60])), "", draw(st.booleans()))
            told = OrderState(tellings={(draw(st.sampled_from(["r", "q"])), at, name): refund})
        else:
            content = Content(
                at, name, received, draw(st.sampled_from([7, 7, 7, 8, 0])), "USD", draw(st.sampled_from([0, 50, 100]))
            )
            completed = draw(st.sampled_from([None, True, True, False]))
            marks = {} if completed is None else {Mark(at, completed): received}
            told = OrderState(marks, {(at, name): content})
        state = join(state, told)
    return state


def booked_of(told: list[Told], closing: int) -> list[int]:
    """Weeks stand for months: one closes `closing` days after its end."""
    return [one.received if one.received > one.at // 3 * 3 + 2 + closing else one.at for one in told]


@settings(max_examples=600, deadline=None)
@given(state=states(), closing=st.integers(0, 4))
def test_in_the_end_the_books_say_what_is_restated(state: OrderState, closing: int) -> None:
    told = told_of(state)
    life = steps_of(told, booked_of(told, closing))
    for one, other in pairwise(life):
        assert one.since < one.until <= other.since
    assert all(step.start <= step.since < step.until for step in life)
    assert all(step.until == END for step in life[-1:]) or fact(state, 1) is None
    now = fact(state, 1)
    standing = [(step.customer, step.currency, step.net) for step in life if step.until == END]
    assert standing == ([] if now is None else [(now.customer, now.currency, now.net)])


@settings(max_examples=400, deadline=None)
@given(state=states(), more=states(), closing=st.integers(0, 4), now=st.integers(0, 12))
def test_what_is_received_later_changes_no_day_of_a_closed_month(
    state: OrderState, more: OrderState, closing: int, now: int
) -> None:
    """Known until `now` and then more: days of months that had closed by then say the same."""
    told = told_of(join(state, more))
    early = [one for one in told if one.received <= now]
    before = steps_of(early, booked_of(early, closing))
    after = steps_of(told, booked_of(told, closing))
    for day in range(14):
        if now >= day // 3 * 3 + 2 + closing:
            said = [
                [(step.customer, step.start, step.net) for step in life if step.since <= day < step.until]
                for life in (before, after)
            ]
            assert said[0] == said[1], day


def test_an_order_that_is_what_it_seems_costs_the_books_nothing() -> None:
    frame = Frame((30,), (2, 5), periods=(30,))
    one = [whole(Fact(7, DAY0, "USD", 5), DAY0)]
    accounts = accounts_of(frame, [owned(7, one, one)], Moves(*(np.zeros(0, np.int64),) * 6), NO_SHIFTS)
    assert not len(accounts)
