"""Identities that are one person: what joins them, what does not, and that undoing a merge leaves no trace."""

from __future__ import annotations

from copy import copy

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identity import Kind
from services.gateway.identity.domain.joining import Groups, Join, Reason, pair_of
from services.gateway.identity.domain.people import Person
from shared.kernel import CustomerId, ShopId
from tests.gateway.test_recognition import Tables, claim, mark

ID, PHONE, EMAIL = (mark(kind, "x") for kind in (Kind.CUSTOMER_ID, Kind.PHONE, Kind.EMAIL))


def person(number: int) -> Person:
    return Person(ShopId(1), CustomerId(number), CustomerId(number))


def test_a_guest_joins_the_customer_whom_an_event_names_with_it() -> None:
    tables = Tables()
    customer, guest = tables.take([claim(ID), claim(PHONE)]).customers
    decision = tables.take([claim(ID, PHONE)])
    assert decision.customers == [customer]
    [[moved]] = decision.moved
    assert (moved.customer, moved.canonical, moved.merged_into) == (guest, customer, customer)
    assert tables.take([claim(PHONE)]).customers == [guest], "events go on naming whom they are of"


def test_the_one_with_a_customer_id_goes_on_whoever_was_found_first() -> None:
    tables = Tables()
    customer = tables.take([claim(ID, EMAIL)]).customers[0]
    guest = tables.take([claim(PHONE)]).customers[0]
    decision = tables.take([claim(PHONE, EMAIL)])
    assert decision.customers == [guest] and decision.joined == [Join(ShopId(1), guest, customer)]


def test_two_customer_ids_are_never_joined_by_events_and_it_is_noted() -> None:
    tables = Tables()
    other = mark(Kind.CUSTOMER_ID, "y")
    one, two = tables.take([claim(ID, PHONE), claim(other, EMAIL)]).customers
    decision = tables.take([claim(ID, EMAIL), claim(PHONE, EMAIL), claim(other, PHONE)])
    assert decision.customers == [one, one, two] and not any(decision.moved)
    assert decision.refused == {((ShopId(1), one, two), Reason.TWO_CUSTOMER_IDS)}


def test_a_guest_who_is_merged_into_a_customer_is_not_found_for_another_customer_id() -> None:
    tables = Tables()
    tables.take([claim(ID), claim(PHONE)])
    tables.take([claim(ID, PHONE)])
    new = tables.take([claim(mark(Kind.CUSTOMER_ID, "y"), PHONE)])
    assert len(new.created) == 1 and not any(new.moved) and len(new.refused) == 1


def test_more_than_ten_phones_are_not_joined() -> None:
    tables = Tables()
    for owner, some in ((EMAIL, range(6)), (mark(Kind.EMAIL, "z"), range(6, 11))):
        tables.take([claim(mark(Kind.PHONE, n), owner) for n in some])
    decision = tables.take([claim(mark(Kind.PHONE, 0), mark(Kind.EMAIL, "z"))])
    assert {reason for _, reason in decision.refused} == {Reason.TOO_MANY_PHONES}


def test_whom_staff_parted_no_event_joins() -> None:
    one, other = person(1), person(2)
    assert Groups([one, other], {pair_of(one, other)}).refusal(one, other) is Reason.KEPT_APART
    assert Groups([one, other]).refusal(one, other) is None


def test_undoing_the_middle_merge_takes_those_along_who_were_merged_into_it() -> None:
    a, b, c = person(1), person(2), person(3)
    groups = Groups([a, b, c])
    groups.join(a, b)
    groups.join(b, c)
    assert [one.canonical for one in (a, b, c)] == [3, 3, 3]
    assert {one.customer for one in groups.part(b)} == {1, 2}
    assert [(one.canonical, one.merged_into) for one in (a, b, c)] == [(2, 2), (2, None), (3, None)]


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=20)


@given(STEPS, st.integers(0, 5), st.integers(0, 5))
def test_merge_then_unmerge_equals_never_merged(steps: list[tuple[bool, int, int]], one: int, other: int) -> None:
    people = [person(number + 1) for number in range(6)]
    groups = Groups(people)
    for merges, a, b in steps:
        if not merges and people[a].merged_into is not None:
            groups.part(people[a])
        elif merges and people[a].merged_into is None and people[a].canonical != people[b].canonical:
            groups.join(people[a], people[b])
    before = [copy(each) for each in people]
    if people[one].merged_into is None and people[one].canonical != people[other].canonical:
        groups.join(people[one], people[other])
        groups.part(people[one])
    assert people == before
    for each in people:  # the pointer is where the steps end, and says the same of all
        end = each
        while end.merged_into is not None:
            end = people[end.merged_into - 1]
        assert each.canonical == end.customer and each in groups.of(end)
