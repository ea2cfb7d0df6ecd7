"""Customers as surveys see them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

Key = tuple[int, int]
"""Shop and identity."""


class Customer(NamedTuple):
    """What is known of one identity."""

    customer: int
    locale: str | None = None
    stage: str | None = None
    tier: str | None = None
    first_order_at: datetime | None = None
    """Of the orders that were told live."""
    place: int = 0
    """The partition by which their events come."""
    erased: bool = False


class Standing(NamedTuple):
    """How a person stands."""

    locale: str | None
    stage: str | None
    tier: str | None
    erased: bool


class StageTold(NamedTuple):
    """A change of stage, or that one is taken back."""

    number: int
    day: int
    stage: str
    retracted: bool


def standing_of(canonical: int, identities: Sequence[Customer]) -> Standing:
    """A person of these identities: each thing from the canonical one, and where that has none, from the identity with
    the greatest number that has."""
    ranked = sorted(identities, key=lambda one: (one.customer == canonical, one.customer), reverse=True)
    return Standing(
        next((one.locale for one in ranked if one.locale is not None), None),
        next((one.stage for one in ranked if one.stage is not None), None),
        next((one.tier for one in ranked if one.tier is not None), None),
        bool(ranked) and all(one.erased for one in ranked),
    )
