"""Knowledge of an order only ever joins: no order of events, no repetition and no grouping changes what it comes to."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from shared.orders import (
    GUEST,
    Content,
    Mark,
    OrderState,
    Refund,
    fact,
    first_completion,
    is_counted,
    merge,
    net,
    resolved,
    status,
)

LINES = (("a", 2), ("b", 1))
TIMES, IDS, AMOUNTS = st.integers(1, 9), st.sampled_from("xyz"), st.integers(0, 120)


@st.composite
def told(draw: st.DrawFn) -> OrderState:
    """What one event tells. What it says follows from its instant and its id, as it does of the events of a topic."""
    at, event, received = draw(TIMES), draw(IDS), draw(st.integers(1, 20))
    kind = draw(st.sampled_from(("completed", "cancelled", "updated", "refunded")))
    if kind == "refunded":
        pieces = (("a", at % 3),)
        refund = Refund(at, event, received, at * 11, "USD", whole=at == 9, items=pieces)
        return OrderState(tellings={(draw(st.sampled_from(("r", "s"))), at, event): refund})
    content = {(at, event): Content(at, event, received, at % 4, "USD", 100, LINES)}
    if kind == "updated":
        return OrderState(contents=content)
    return OrderState({Mark(at, kind == "completed"): received}, content)


STATES = st.lists(told(), max_size=8)


def joined(states: list[OrderState]) -> OrderState:
    return reduce(merge, states, OrderState())


@given(STATES, st.randoms())
def test_any_order_and_any_repetition_tell_the_same(states: list[OrderState], random) -> None:  # type: ignore[no-untyped-def]  # hypothesis gives its own Random
    again = [*states, *random.sample(states, len(states) // 2)]
    random.shuffle(again)
    assert joined(again) == joined(states)


@given(STATES, STATES, STATES)
def test_it_does_not_matter_what_is_joined_first(
    one: list[OrderState], two: list[OrderState], three: list[OrderState]
) -> None:
    a, b, c = joined(one), joined(two), joined(three)
    assert merge(merge(a, b), c) == merge(a, merge(b, c)) == merge(merge(c, b), a)
    assert merge(a, a) == a == merge(a, OrderState())


@given(STATES)
def test_an_order_counts_exactly_when_it_has_a_fact(states: list[OrderState]) -> None:
    state = joined(states)
    first = first_completion(state)
    found = fact(state, None if first is None else 7)
    assert (found is not None) == is_counted(state)
    if found is not None:
        last = status(state)
        assert last is not None and last.completed and found.net == net(state) <= 100


@given(STATES)
def test_a_merge_that_is_undone_leaves_the_order_as_it_was(states: list[OrderState]) -> None:
    state = joined(states)
    moved = resolved(state, {1: 3, 2: 3})
    assert all(one.customer in (GUEST, 3) for one in moved.contents.values())
    assert resolved(moved, {1: 1, 2: 2}) == state


def test_at_one_instant_a_completion_stands_over_a_cancellation() -> None:
    both = joined([OrderState({Mark(5, completed=True): 5}), OrderState({Mark(5, completed=False): 5})])
    assert status(both) == Mark(5, completed=True)
