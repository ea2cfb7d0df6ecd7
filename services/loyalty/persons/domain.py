"""A person: the identities of a shop's customer. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Person(NamedTuple):
    """A customer with all identities that point to them, sorted; most have one."""

    shop: int
    customer: int
    """Whom they are counted as."""
    identities: tuple[int, ...]


Persons = Mapping[tuple[int, int], Person]
"""By shop and identity."""


def alone(shop: int, identity: int) -> Person:
    """A person of one identity."""
    return Person(shop, identity, (identity,))


def gathered(shop: int, canonical: Mapping[int, int], others: Mapping[int, Collection[int]]) -> dict[int, Person]:
    """By identity, for every key of `canonical`. `others`: further identities, by the customer they point to."""
    persons = {
        customer: Person(shop, customer, tuple(sorted({customer, *others.get(customer, ())})))
        for customer in set(canonical.values())
    }
    return {identity: persons[customer] for identity, customer in canonical.items()}
