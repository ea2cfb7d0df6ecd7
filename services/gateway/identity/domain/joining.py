"""Identities that are one person: who may be joined by what events say, and what a merge and its undoing move. Pure.

An identity never changes and its events go on naming it. A merge makes its pointer, `canonical`, point to another one;
what is known of each stays with each, so that undoing the merge leaves everything as if it had never been.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

from services.gateway.identity.domain.identifiers import Kind
from services.gateway.identity.domain.people import ALIASES_MAX, Person
from shared.kernel import CustomerId, ShopId

PersonKey = tuple[ShopId, CustomerId]
Pair = tuple[ShopId, CustomerId, CustomerId]
"""Two identities of a shop, the smaller number first."""


class Reason(StrEnum):
    """Why two identities are not joined, though an event names both."""

    TWO_CUSTOMER_IDS = "two_customer_ids"
    TOO_MANY_PHONES = "too_many_phones"
    TOO_MANY_EMAILS = "too_many_emails"
    KEPT_APART = "kept_apart"
    """Staff undid a merge of them."""


_OVER = {
    Kind.CUSTOMER_ID: Reason.TWO_CUSTOMER_IDS,
    Kind.PHONE: Reason.TOO_MANY_PHONES,
    Kind.EMAIL: Reason.TOO_MANY_EMAILS,
}


class Join(NamedTuple):
    """One identity was merged into another."""

    shop: ShopId
    customer: CustomerId
    into: CustomerId


def pair_of(one: Person, other: Person) -> Pair:
    """Both, the smaller number first."""
    low, high = sorted((one.customer, other.customer))
    return one.shop, low, high


class Groups:
    """People by whom they are: working copies, changed by each merge. All identities of each person must be given."""

    def __init__(self, people: Iterable[Person], apart: Collection[Pair] = ()) -> None:
        self._groups: dict[PersonKey, list[Person]] = {}
        self._apart = set(apart)
        for person in people:
            self._groups.setdefault((person.shop, person.canonical), []).append(person)

    def add(self, person: Person) -> None:
        """Somebody new."""
        self._groups[person.shop, person.customer] = [person]

    def of(self, person: Person) -> list[Person]:
        """All identities of the person, this one among them."""
        return self._groups[person.shop, person.canonical]

    def count(self, person: Person, kind: Kind) -> int:
        """How many identifiers of a kind lead to the person."""
        return sum(one.aliases(kind) for one in self.of(person))

    def has_room(self, person: Person, kind: Kind) -> bool:
        """Whether one more identifier of that kind may lead to the person."""
        return self.count(person, kind) < ALIASES_MAX[kind]

    def refusal(self, one: Person, other: Person) -> Reason | None:
        """Why events alone do not join two people; None where they do. Staff may join them all the same."""
        for kind, reason in _OVER.items():
            if self.count(one, kind) + self.count(other, kind) > ALIASES_MAX[kind]:
                return reason
        if self._apart and any(pair_of(a, b) in self._apart for a in self.of(one) for b in self.of(other)):
            return Reason.KEPT_APART
        return None

    def join(self, person: Person, into: Person) -> list[Person]:
        """Merge somebody who is not merged yet, with all who are merged into them; whose pointers moved."""
        moved = self._groups.pop((person.shop, person.canonical))
        person.merged_into = into.customer
        for one in moved:
            one.canonical = into.canonical
        self._groups[into.shop, into.canonical] += moved
        return moved

    def join_by_event(self, found: Person, other: Person) -> tuple[Join, list[Person]]:
        """The same for two whom an event names: whoever has a customer id of the shop is the one to go on."""
        if self.count(other, Kind.CUSTOMER_ID) and not self.count(found, Kind.CUSTOMER_ID):
            found, other = other, found
        first = next(one for one in self.of(other) if one.customer == other.canonical)
        return Join(first.shop, first.customer, found.customer), self.join(first, found)

    def part(self, person: Person) -> list[Person]:
        """Undo the merge of one identity. Who was merged into it goes with it; whose pointers moved."""
        every = self.of(person)
        into = {one.customer: one.merged_into for one in every}
        moved = [one for one in every if _leads_to(one.customer, person.customer, into)]
        stays = [one for one in every if one not in moved]
        self._groups[person.shop, person.canonical] = stays
        person.merged_into = None
        for one in moved:
            one.canonical = person.customer
        self._groups[person.shop, person.customer] = moved
        return moved


def _leads_to(customer: CustomerId, end: CustomerId, into: dict[CustomerId, CustomerId | None]) -> bool:
    step: CustomerId | None = customer
    for _ in range(len(into) + 1):  # merges form no circle: one step for each identity at most
        if step is None or step == end:
            return step is not None
        step = into.get(step)
    return False
