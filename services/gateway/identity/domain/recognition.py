"""Recognition: which customer each claim of a batch belongs to, one claim after another, whatever the batch size."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.gateway.identity.domain.identifiers import Kind, Mark
from services.gateway.identity.domain.joining import Groups, Join, Pair, PersonKey, Reason, pair_of
from services.gateway.identity.domain.people import Person, Profile
from shared.kernel import CustomerId, ShopId

OrderKey = tuple[ShopId, str]
NOBODY = CustomerId(0)
"""Whom a browser leads to that was seen with two people."""


class Claim(NamedTuple):
    """What one event says of who it was. Without marks it is a guest, or an event that names nobody."""

    shop: ShopId
    order_id: str
    """"" where it is about no order."""
    at_us: int
    """When it was said: microseconds since 1970, UTC."""
    tie: int
    """Decides between claims of one instant; the same in every replay."""
    marks: tuple[Mark, ...]
    """Identifiers, the strongest kind first, at most one of each."""
    name: str | None
    locale: str | None
    visitors: tuple[Mark, ...] = ()
    """Browsers and devices that it came from."""
    birthday: str | None = None
    """As `shared.kernel.Birthday.text` writes it."""


class Alias(NamedTuple):
    """An identifier that leads to a customer. Sorting them gives the order in which rows are written."""

    shop: ShopId
    kind: Kind
    fingerprint: bytes
    customer: CustomerId


class OrderOwner(NamedTuple):
    """Whose an order is, by the latest claim that named somebody. Sorts by when that was said."""

    at_us: int
    tie: int
    customer: CustomerId


@dataclass
class Known:
    """What the tables say about the claims of a batch."""

    owners: Mapping[bytes, CustomerId]
    """Customer by fingerprint."""
    people: Mapping[PersonKey, Person]
    """The customers of `people_to_lock` with all identities of each, locked."""
    orders: Mapping[OrderKey, OrderOwner]
    """Owners of the orders whose claims name nobody."""
    apart: Collection[Pair] = ()
    """Those of `people` whom staff keep apart."""


@dataclass
class Recognition:
    """The decision. The first three lists run parallel to the claims."""

    customers: list[CustomerId | None] = field(default_factory=list)
    """None for a guest."""
    tellings: list[Profile | None] = field(default_factory=list)
    """What `customers.v1` must say after that claim; None where nothing that others see has changed."""
    moved: list[Sequence[Profile]] = field(default_factory=list)
    """Identities whose pointers that claim moved, by a merge."""
    created: dict[PersonKey, Person] = field(default_factory=dict)
    changed: dict[PersonKey, Person] = field(default_factory=dict)
    """Known before, and to be written again."""
    aliases: list[Alias] = field(default_factory=list)
    orders: dict[OrderKey, OrderOwner] = field(default_factory=dict)
    joined: list[Join] = field(default_factory=list)
    """Merges, in their order."""
    shared: list[Alias] = field(default_factory=list)
    """Known browsers that lead to nobody from now on."""
    refused: set[tuple[Pair, Reason]] = field(default_factory=set)
    """Two whom a claim names and who are not joined, and why."""


def says_only_customer_id(claim: Claim) -> bool:
    """Whether a known shop customer id settles the claim, so that no row of the person need be read or written."""
    marks, said = claim.marks, (claim.name, claim.locale, claim.birthday)
    return len(marks) == 1 and marks[0].kind is Kind.CUSTOMER_ID and said == (None, None, None)


def people_to_lock(claims: Iterable[Claim], owners: Mapping[bytes, CustomerId]) -> list[PersonKey]:
    """Customers whose rows the decision may read or change, sorted: the order in which they must be locked."""
    keys = {
        (claim.shop, owner)
        for claim in claims
        if claim.marks and not _is_settled(claim, owners)
        for mark in (*claim.marks, *claim.visitors)
        if (owner := owners.get(mark.fingerprint))  # neither unknown nor nobody
    }
    return sorted(keys)


def _is_settled(claim: Claim, owners: Mapping[bytes, CustomerId]) -> bool:
    if not says_only_customer_id(claim):
        return False
    owner = owners.get(claim.marks[0].fingerprint)
    return all(owners.get(mark.fingerprint) in (owner, NOBODY) for mark in claim.visitors)


def recognise(claims: Sequence[Claim], known: Known, draw: Callable[[], CustomerId]) -> Recognition:
    """Decide for all claims in their order. `draw` gives a new random customer id.

    Found by the shop's own customer id first, else by phone, else by e-mail; a person who already has a customer id
    of the shop is not found by phone or e-mail for another one. Every identifier that is free then leads to the
    customer, within the limits. One that leads to somebody else keeps its owner: if nothing speaks against it, both are
    joined by a merge; else it is noted why not. Splitting the claims into batches gives the same decisions.

    A browser leads to whom it was first seen with, and to nobody once it was seen with somebody else: it says who came
    where nothing else does. It finds nobody for a phone or an e-mail, and joins no two people.
    """
    decision = Recognition()
    desk = _Desk(known, decision, draw)
    customer: CustomerId | None
    moved: Sequence[Profile]
    for claim in claims:
        telling, moved = None, ()
        if not claim.marks:
            customer = _owner_of(claim, known, decision) or desk.visitor_of(claim)
        else:
            owner = desk.owners.get(claim.marks[0].fingerprint)
            if owner is not None and says_only_customer_id(claim):
                customer = owner
            else:
                customer, telling, moved = desk.settle(claim)
            desk.see(claim, customer)
            _own(claim, customer, decision)
        decision.customers.append(customer)
        decision.tellings.append(telling)
        decision.moved.append(moved)
    return decision


def _owner_of(claim: Claim, known: Known, decision: Recognition) -> CustomerId | None:
    if not claim.order_id:
        return None
    key = (claim.shop, claim.order_id)
    owners = [owner for owner in (known.orders.get(key), decision.orders.get(key)) if owner is not None]
    return max(owners, key=_said).customer if owners else None


def _own(claim: Claim, customer: CustomerId, decision: Recognition) -> None:
    if not claim.order_id:
        return
    key = (claim.shop, claim.order_id)
    owner = OrderOwner(claim.at_us, claim.tie, customer)
    before = decision.orders.get(key)
    if before is None or _said(owner) > _said(before):
        decision.orders[key] = owner


def _said(owner: OrderOwner) -> tuple[int, int]:
    return owner.at_us, owner.tie


class _Desk:
    """State while the claims of one batch are gone through."""

    def __init__(self, known: Known, decision: Recognition, draw: Callable[[], CustomerId]) -> None:
        self.owners = dict(known.owners)
        self._people = dict(known.people)
        self._groups = Groups(known.people.values(), known.apart)
        self._decision = decision
        self._draw = draw

    def settle(self, claim: Claim) -> tuple[CustomerId, Profile | None, Sequence[Profile]]:
        """The customer of a claim with at least one mark, what is to be told of them, and whose pointers moved."""
        person = self._find(claim)
        if person is None:
            person = self._create(claim.shop)
            before, is_known = None, False
        else:
            before, is_known = person.profile(), (claim.shop, person.customer) not in self._decision.created
        stored = self._link(claim, person)
        email = next((mark.value for mark in claim.marks if mark.kind is Kind.EMAIL), None)
        phone = next((mark.value for mark in claim.marks if mark.kind is Kind.PHONE), None)
        stored |= person.learn(claim.name, email, phone, claim.locale, claim.at_us, birthday=claim.birthday)
        if stored and is_known:
            self._decision.changed[claim.shop, person.customer] = person
        moved = self._join(claim, person)
        after = person.profile()
        told = after if after != before and all(one.customer != person.customer for one in moved) else None
        return person.customer, told, moved

    def visitor_of(self, claim: Claim) -> CustomerId | None:
        """Whose browser it is; None where it is nobody's."""
        return next((owner for mark in claim.visitors if (owner := self.owners.get(mark.fingerprint))), None)

    def see(self, claim: Claim, customer: CustomerId) -> None:
        """Have the claim's browsers lead to the customer, or to nobody where they lead to somebody else."""
        for mark in claim.visitors:
            owner = self.owners.get(mark.fingerprint)
            if owner in (customer, NOBODY):
                continue
            person = self._people[claim.shop, customer]
            alias = Alias(claim.shop, mark.kind, mark.fingerprint, customer)
            if owner is None and self._groups.has_room(person, Kind.VISITOR):
                self.owners[mark.fingerprint] = customer
                person.add_alias(mark)
                self._decision.aliases.append(alias)
                if (claim.shop, customer) not in self._decision.created:
                    self._decision.changed[claim.shop, customer] = person
            elif owner is not None and self._people[claim.shop, owner].canonical != person.canonical:
                self.owners[mark.fingerprint] = NOBODY
                self._share(alias._replace(customer=owner))

    def _share(self, alias: Alias) -> None:
        nobodys = alias._replace(customer=NOBODY)
        if alias in self._decision.aliases:
            self._decision.aliases[self._decision.aliases.index(alias)] = nobodys
        else:
            self._decision.shared.append(nobodys)

    def _link(self, claim: Claim, person: Person) -> bool:
        """Have identifiers that are free lead to the person; whether there was any."""
        linked = False
        for mark in claim.marks:
            if mark.fingerprint not in self.owners and self._groups.has_room(person, mark.kind):
                self.owners[mark.fingerprint] = person.customer
                person.add_alias(mark)
                self._decision.aliases.append(Alias(claim.shop, mark.kind, mark.fingerprint, person.customer))
                linked = True
        return linked

    def _join(self, claim: Claim, person: Person) -> Sequence[Profile]:
        """Join whoever else the identifiers lead to, or note why not; the identities whose pointers moved."""
        moved: dict[CustomerId, Person] = {}
        for mark in claim.marks:
            owner = self.owners.get(mark.fingerprint)
            other = None if owner is None else self._people[claim.shop, owner]
            if other is None or other.canonical == person.canonical:
                continue
            reason = self._groups.refusal(person, other)
            if reason is not None:
                self._decision.refused.add((pair_of(person, other), reason))
                continue
            merged, every = self._groups.join_by_event(person, other)
            self._decision.joined.append(merged)
            for one in every:
                moved[one.customer] = one
                if (claim.shop, one.customer) not in self._decision.created:
                    self._decision.changed[claim.shop, one.customer] = one
        return [one.profile() for one in moved.values()]

    def _find(self, claim: Claim) -> Person | None:
        marks = claim.marks
        first = marks[0]
        names_id = first.kind is Kind.CUSTOMER_ID
        for mark in marks:
            owner = self.owners.get(mark.fingerprint)
            if owner is None:
                continue
            person = self._people[claim.shop, owner]
            if mark is first or not names_id or not self._groups.count(person, Kind.CUSTOMER_ID):
                return person
        return None

    def _create(self, shop: ShopId) -> Person:
        customer = self._draw()
        while (shop, customer) in self._people:
            customer = self._draw()
        person = Person(shop=shop, customer=customer, canonical=customer)
        self._people[shop, customer] = self._decision.created[shop, customer] = person
        self._groups.add(person)
        return person
