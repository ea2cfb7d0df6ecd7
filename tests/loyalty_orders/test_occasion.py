"""What stands of an order is all that its further life needs: nothing that later words replaced is missed."""

from __future__ import annotations

from functools import reduce
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.loyalty.members import How, Membership, memberships
from services.loyalty.members.domain import Member, Refused, State, Wish, changed
from services.loyalty.orders.domain.asking import given_back
from services.loyalty.orders.domain.occasion import Key, Kind, Known, joined, purchase_of
from shared.orders import merge, standing
from tests.orders.test_order import STATES

KEY = Key(1, Kind.ORDER, "a")
DELIVERED = st.none() | st.integers(1, 9)


@given(STATES, DELIVERED, st.randoms())
def test_what_stands_is_joined_in_any_order_to_the_same(
    states: list[object], delivered: int | None, random: Random
) -> None:
    told = [Known(state) for state in states] + [Known(delivered=delivered)]  # type: ignore[arg-type]  # hypothesis
    again = [*told, *random.sample(told, len(told) // 2)]
    random.shuffle(again)
    whole = reduce(joined, told, Known())
    assert reduce(joined, again, Known()) == whole
    assert joined(whole, whole) == whole
    assert whole.delivered == delivered


@given(STATES, STATES)
def test_it_may_be_cut_down_to_what_stands_at_any_time(one: list[object], other: list[object]) -> None:
    first, second = (reduce(merge, states, Known().state) for states in (one, other))  # type: ignore[arg-type]  # hypothesis
    assert standing(merge(first, second)) == standing(merge(standing(first), standing(second)))
    assert standing(standing(first)) == standing(first)


@given(STATES, st.integers(0, 10**9))
def test_no_more_comes_back_than_was_spent_and_all_of_what_does_not_stand(states: list[object], points: int) -> None:
    known = Known(standing(reduce(merge, states, Known().state)))  # type: ignore[arg-type]  # hypothesis
    back = given_back(points, known, purchase_of(KEY, known))
    assert 0 <= back <= points
    if known.last is not None and not known.last.completed:
        assert back == points
    if known.last is None:
        assert back == 0


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9), st.sampled_from(How)), max_size=12), st.randoms())
def test_joining_only_joins(told: list[tuple[int, int, How]], random: Random) -> None:
    said = [((1, customer), Membership(at, how)) for customer, at, how in told]
    again = [*said, *random.sample(said, len(said) // 2)]
    random.shuffle(again)
    assert memberships(again) == memberships(said)


@given(st.lists(st.tuples(st.sampled_from(("join", "leave", "block", "unblock")), st.integers(1, 20)), max_size=12))
def test_absences_follow_one_another_and_a_refusal_changes_nothing(steps: list[tuple[str, int]]) -> None:
    member, now = Member(7, Membership(0, How.EVENT)), 0
    for change, pause in steps:
        now += pause
        after = changed(member, 7, Wish(change, now, "why", "staff:u"))  # type: ignore[arg-type]  # one of four texts
        if isinstance(after, Refused):
            continue
        assert after.state is {"leave": State.LEFT, "block": State.BLOCKED}.get(change, State.ACTIVE)
        assert after.covers(now) == (after.state is State.ACTIVE)
        member = after
    ends = [end for one in member.absences for end in (one.since, one.until)]
    assert None not in ends[:-1] and [end for end in ends if end is not None] == sorted(filter(None, ends))
