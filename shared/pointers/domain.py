"""Pointers from identities to the customers they are counted as: what events say of them, and what moves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Key = tuple[int, int]
"""Shop and identity."""
Pointers = Mapping[Key, int]
"""Whom identities are counted as, of those that are counted as somebody else."""


class Pointer(NamedTuple):
    """What an event says of an identity. Of two, the one with the greater sequence holds."""

    shop: int
    customer: int
    canonical: int
    sequence: int
    position: int
    """Of the event in its batch."""
    moved: bool
    """Whether the event says that a merge, or its undoing, moved the pointer."""

    @property
    def key(self) -> Key:
        """Shop and identity."""
        return self.shop, self.customer


class Move(NamedTuple):
    """An identity that is counted as another customer from now on."""

    shop: int
    customer: int
    before: int
    after: int
    position: int


def newest(told: Iterable[Pointer]) -> dict[Key, Pointer]:
    """The last word on each identity. That it is itself means nothing of one that was never merged."""
    found: dict[Key, Pointer] = {}
    for one in told:
        known = found.get(one.key)
        if known is None or one.sequence > known.sequence:
            # That somebody was merged before is known once it was said, whatever comes behind it.
            found[one.key] = one._replace(moved=one.moved or (known is not None and known.moved))
        elif one.moved and not known.moved:
            found[one.key] = known._replace(moved=True)
    return found


def moves(told: Mapping[Key, Pointer], known: Mapping[Key, tuple[int, int]]) -> tuple[list[Pointer], list[Move]]:
    """(pointers to be kept, identities that are counted as somebody else now). `known`: canonical and sequence."""
    kept, found = [], []
    for key, one in sorted(told.items()):
        before, sequence = known.get(key, (one.customer, -1))
        if one.sequence <= sequence or (key not in known and not one.moved and one.canonical == one.customer):
            continue
        kept.append(one)
        if one.canonical != before:
            found.append(Move(one.shop, one.customer, before, one.canonical, one.position))
    return kept, found
