"""Counting by columns equals the definition, whatever comes and goes: appends, late orders, removals, moved firsts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.cohorts.domain import counting as cohorts
from services.metrics.counters import currency_code, merge
from services.metrics.orders import Fact, Frame
from services.metrics.orders.domain.changes import no_turns
from services.metrics.orders.domain.decide import END, Moves, Plan, States, Stretch, decide, owners_of, plan
from services.metrics.retention.domain import counting as retention
from tests.metrics.histories import array, as_counter, defined, difference, facts_of, frames


def moves_of(came: Sequence[Fact], went: Sequence[Fact]) -> Moves:
    facts = [*came, *went]
    return Moves(
        sign=array([1] * len(came) + [-1] * len(went)),
        shop=array([1] * len(facts)),
        customer=array([fact.customer for fact in facts]),
        day=array([fact.day for fact in facts]),
        currency=array([currency_code(fact.currency) for fact in facts]),
        net=array([fact.net for fact in facts]),
    )


def states_of(customers: Sequence[int], facts: Sequence[Fact], depth: int) -> States:
    days = {who: sorted(fact.day for fact in facts if fact.customer == who) for who in customers}
    return States(
        shop=array([1] * len(customers)),
        customer=array(customers),
        first_day=array([days[who][0] if days[who] else 0 for who in customers]),
        orders=array([len(days[who]) for who in customers]),
        version=array([0] * len(customers)),
        days=np.array([([0] * depth + days[who])[-depth:] for who in customers], np.int64).reshape(-1, depth),
    )


def read(plan: Plan, states: States, facts: Sequence[Fact], depth: int) -> Stretch:
    """What the store reads: `depth` orders on each side, and all between."""
    rows: list[tuple[int, int, Fact]] = []
    for at, (index, low, high) in enumerate(
        zip(plan.rewound.tolist(), plan.low.tolist(), plan.high.tolist(), strict=True)
    ):
        own = sorted((fact for fact in facts if fact.customer == states.customer[index]), key=lambda fact: fact.day)
        rows += [(at, 0, fact) for fact in [fact for fact in own if fact.day < low][-depth:]]
        rows += [(at, 1, fact) for fact in own if low <= fact.day <= high]
        rows += [(at, 2, fact) for fact in [fact for fact in own if fact.day > high][:depth]]
    return Stretch(
        array([at for at, _, _ in rows]),
        array([part for _, part, _ in rows]),
        array([fact.day for *_, fact in rows]),
        array([currency_code(fact.currency) for *_, fact in rows]),
        array([fact.net for *_, fact in rows]),
    )


histories = st.integers(1, 3).flatmap(
    lambda customers: st.lists(st.integers(0, customers).flatmap(facts_of), max_size=30)
)


@settings(max_examples=600, deadline=None)
@given(data=st.data(), frame=frames, before=histories, came=histories)
def test_changes_equal_contributions_after_less_contributions_before(
    data: st.DataObject, frame: Frame, before: list[Fact], came: list[Fact]
) -> None:
    gone = data.draw(st.lists(st.sampled_from(range(len(before))), unique=True, max_size=4) if before else st.just([]))
    went = [before[at] for at in gone]
    after = [fact for at, fact in enumerate(before) if at not in set(gone)] + came
    moves = moves_of(came, went)
    _, customers, owner, _ = owners_of(moves, no_turns())
    states = states_of(customers.tolist(), before, frame.depth)
    planned = plan(moves, owner, states)
    changes, left = decide(frame, moves, planned, read(planned, states, after, frame.depth))

    counted = merge([retention.count(changes), cohorts.count(changes)])
    assert dict(as_counter(counted)) == difference(defined(after, frame), defined(before, frame))
    wanted = states_of(customers.tolist(), after, frame.depth)
    for name in ("first_day", "orders", "days"):
        assert getattr(left, name).tolist() == getattr(wanted, name).tolist(), name


@settings(max_examples=300, deadline=None)
@given(frame=frames, before=histories, later=histories)
def test_orders_after_the_last_one_are_decided_without_reading_history(
    frame: Frame, before: list[Fact], later: list[Fact]
) -> None:
    last = max((fact.day for fact in before), default=0)
    came = [fact._replace(day=last + fact.day - 738_000) for fact in later] if before else later
    moves = moves_of(came, [])
    _, customers, owner, _ = owners_of(moves, no_turns())
    planned = plan(moves, owner, states_of(customers.tolist(), before, frame.depth))
    assert not len(planned.rewound)


def test_a_late_order_reads_its_neighbours_and_not_the_whole_history() -> None:
    frame = Frame((30,), (2, 5))
    before = [Fact(1, 738_000 + 3 * at, "USD", 1) for at in range(10_000)]
    moves = moves_of([Fact(1, 738_000 + 3 * 9_000 + 1, "USD", 1)], [])
    _, customers, owner, _ = owners_of(moves, no_turns())
    states = states_of(customers.tolist(), before, frame.depth)
    planned = plan(moves, owner, states)
    assert planned.high.tolist() != [END]
    assert len(read(planned, states, before, frame.depth).day) == 2 * frame.depth


def test_an_amount_that_changes_touches_no_order_day() -> None:
    frame = Frame((30,), (2, 5))
    before = [Fact(1, 738_000, "USD", 500), Fact(1, 738_010, "USD", 700)]
    moves = moves_of([Fact(1, 738_000, "USD", 300)], [before[0]])
    _, customers, owner, _ = owners_of(moves, no_turns())
    states = states_of(customers.tolist(), before, frame.depth)
    planned = plan(moves, owner, states)
    assert not len(planned.rewound)
    changes, after = decide(frame, moves, planned, read(planned, states, before, frame.depth))
    values = defaultdict(int, {key[0]: value for key, value in as_counter(merge([retention.count(changes)])).items()})
    assert dict(values) == {9: -200}
    assert after.version.tolist() == [0]
