"""Recognition as a pure function: who is found, who is new, and that the size of batches does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identity import Claim, Kind, Mark
from services.gateway.identity.domain import Known, OrderOwner, Person, Recognition, people_to_lock, recognise
from shared.kernel import CustomerId, ShopId

SHOP = ShopId(1)


def mark(kind: Kind, value: object) -> Mark:
    return Mark(kind, f"{int(kind)}{value}".encode(), str(value))


def claim(
    *marks: Mark, order: str = "o", at: int = 1, name: str | None = None, visitors: tuple[Mark, ...] = ()
) -> Claim:
    return Claim(SHOP, order, at, at, marks, name, None, visitors)


class Tables:
    """The tables, as dictionaries."""

    def __init__(self) -> None:
        self.owners: dict[bytes, CustomerId] = {}
        self.people: dict[tuple[ShopId, CustomerId], Person] = {}
        self.orders: dict[tuple[ShopId, str], OrderOwner] = {}
        self._ids: Iterator[int] = count(1)

    def take(self, claims: list[Claim]) -> Recognition:
        whole = {self.people[key].canonical for key in people_to_lock(claims, self.owners)}
        people = {key: copy(person) for key, person in self.people.items() if person.canonical in whole}
        decision = recognise(claims, Known(dict(self.owners), people, self.orders), lambda: CustomerId(next(self._ids)))
        self.people |= decision.created | decision.changed
        self.owners |= {alias.fingerprint: alias.customer for alias in (*decision.aliases, *decision.shared)}
        for key, owner in decision.orders.items():
            known = self.orders.get(key)
            if known is None or (known.at_us, known.tie) < (owner.at_us, owner.tie):
                self.orders[key] = owner
        return decision


def test_customer_id_comes_before_phone_and_phone_before_email() -> None:
    tables = Tables()
    a, b, c = mark(Kind.CUSTOMER_ID, "a"), mark(Kind.PHONE, "p"), mark(Kind.EMAIL, "e")
    one, two, three = tables.take([claim(a), claim(b), claim(c)]).customers
    assert len({one, two, three}) == 3
    assert tables.take([claim(a, b, c), claim(b, c), claim(c)]).customers == [one, two, three]


def test_a_person_with_a_customer_id_is_not_found_by_phone_for_another_id() -> None:
    tables = Tables()
    phone = mark(Kind.PHONE, "family")
    mother, child = tables.take(
        [claim(mark(Kind.CUSTOMER_ID, "m"), phone), claim(mark(Kind.CUSTOMER_ID, "c"), phone)]
    ).customers
    assert mother != child
    assert tables.take([claim(phone)]).customers == [mother]


def test_no_more_than_ten_phones_lead_to_one_customer() -> None:
    tables = Tables()
    me = mark(Kind.CUSTOMER_ID, "me")
    tables.take([claim(me, mark(Kind.PHONE, n)) for n in range(15)])
    found = tables.take([claim(mark(Kind.PHONE, n)) for n in range(15)]).customers
    assert len(set(found[:10])) == 1 and len(set(found)) == 6


def test_an_order_belongs_to_whom_the_latest_event_named() -> None:
    tables = Tables()
    late, early = claim(mark(Kind.CUSTOMER_ID, "b"), at=9), claim(mark(Kind.CUSTOMER_ID, "a"), at=3)
    decision = tables.take([late, early, claim()])
    assert decision.customers[2] == decision.customers[0]
    assert tables.take([claim()]).customers == [decision.customers[0]]


def test_a_known_shop_customer_id_alone_reads_and_writes_no_row() -> None:
    tables = Tables()
    tables.take([claim(mark(Kind.CUSTOMER_ID, "a"))])
    again = [claim(mark(Kind.CUSTOMER_ID, "a"))]
    assert people_to_lock(again, tables.owners) == []
    decision = tables.take(again)
    assert not decision.created and not decision.changed and not decision.aliases and decision.tellings == [None]


MARKS = st.tuples(
    st.none() | st.integers(0, 3).map(lambda n: mark(Kind.CUSTOMER_ID, n)),
    st.none() | st.integers(0, 3).map(lambda n: mark(Kind.PHONE, n)),
    st.none() | st.integers(0, 3).map(lambda n: mark(Kind.EMAIL, n)),
).map(lambda marks: [m for m in marks if m is not None])
CLAIMS = st.lists(
    st.builds(
        lambda marks, order, at, name, visitors: claim(
            *marks, order=order, at=at, name=name, visitors=tuple(mark(Kind.VISITOR, n) for n in visitors)
        ),
        MARKS,
        st.sampled_from("xyz"),
        st.integers(0, 5),
        st.none() | st.sampled_from(["Ali", "Sara"]),
        st.lists(st.integers(0, 2), max_size=2, unique=True),
    ),
    max_size=25,
)


@given(CLAIMS, st.lists(st.integers(1, 6), max_size=25))
def test_any_split_into_batches_gives_the_same_decisions(claims: list[Claim], sizes: list[int]) -> None:
    whole, parts = Tables(), Tables()
    expected = whole.take(claims)
    customers, tellings, moved, rest = [], [], [], claims
    for size in [*sizes, len(claims)]:
        part, rest = rest[:size], rest[size:]
        decision = parts.take(part)
        customers += decision.customers
        tellings += decision.tellings
        moved += decision.moved
    assert (customers, tellings, moved) == (expected.customers, expected.tellings, expected.moved)
    assert (parts.owners, parts.people, parts.orders) == (whole.owners, whole.people, whole.orders)


@given(CLAIMS)
def test_the_same_claims_again_change_nothing_that_is_told(claims: list[Claim]) -> None:
    tables = Tables()
    named = [one for one in claims if one.marks]
    tables.take(named)
    tables.take(named)
    people, owners = {key: copy(person) for key, person in tables.people.items()}, dict(tables.owners)
    decision = tables.take(named)
    assert decision.tellings == [None] * len(named) and not any(decision.moved)
    assert (tables.people, tables.owners) == (people, owners)


@given(CLAIMS)
def test_limits_and_owners_hold_whatever_comes(claims: list[Claim]) -> None:
    tables = Tables()
    decision = tables.take(claims)
    for person in tables.people.values():
        led = [alias for alias in decision.aliases if alias.customer == person.customer]
        assert sum(alias.kind is Kind.CUSTOMER_ID for alias in led) == (person.shop_customer_id is not None)
        assert sum(alias.kind is Kind.PHONE for alias in led) == person.phones
        assert sum(alias.kind is Kind.EMAIL for alias in led) == person.emails
        assert sum(alias.kind is Kind.VISITOR for alias in led) <= person.visitors
        group = [one for one in tables.people.values() if one.canonical == person.canonical]
        assert sum(one.shop_customer_id is not None for one in group) <= 1
    for one, customer in zip(claims, decision.customers, strict=True):
        first = one.marks[0] if one.marks else None
        if first is not None and first.kind is Kind.CUSTOMER_ID:
            assert tables.owners[first.fingerprint] == customer


@given(CLAIMS)
def test_a_browser_leads_to_whom_alone_was_seen_with_it(claims: list[Claim]) -> None:
    tables = Tables()
    decision = tables.take(claims)
    for visitor in (mark(Kind.VISITOR, n) for n in range(3)):
        pairs = zip(claims, decision.customers, strict=True)
        named = [customer for one, customer in pairs if visitor in one.visitors and one.marks]
        people = {tables.people[SHOP, customer].canonical for customer in named if customer is not None}
        owner = tables.owners.get(visitor.fingerprint)
        if owner:
            assert people == {tables.people[SHOP, owner].canonical}
        if len(people) > 1:
            assert owner == 0
