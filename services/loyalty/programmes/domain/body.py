"""A programme: what a shop promises its members, as one value of typed data. A version of it never changes.

`kind` tells which form a part has. Unknown fields are refused, so that a mistyped setting cannot be lost unseen.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.loyalty.programmes.domain.conditions import Condition, Ident, Name
from services.loyalty.programmes.domain.terms import AtOnce, Debt, Expiry, JoinBy, Never, Notices, Pending, Tiers

POINTS_MAX = 10**9
"""No posting is larger."""

Points = Annotated[int, Meta(ge=1, le=POINTS_MAX)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Rounding = Literal["down", "half_even", "half_up", "up"]
Stacking = Literal["sum", "best", "first"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What parts of a rule have in common."""


class Rate(_Part, frozen=True, kw_only=True, tag="rate"):
    """So many points for each `per` minor units of what the rule's lines cost after discounts, in proportion."""

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    per: Annotated[int, Meta(ge=1, le=10**12)]
    currency: Currency | None = None
    """Another than the programme's: only orders in this currency earn by the rule."""


class PerPiece(_Part, frozen=True, kw_only=True, tag="piece"):
    """So many points for each piece of the rule's lines."""

    points: Annotated[int, Meta(ge=1, le=1_000_000)]


class Fixed(_Part, frozen=True, kw_only=True, tag="fixed"):
    """So many points for the order, or for the interaction, whatever it costs."""

    points: Points


Earn = Rate | PerPiece | Fixed


class OnOrder(_Part, frozen=True, kw_only=True, tag="order"):
    """Orders that count."""


class OnInteraction(_Part, frozen=True, kw_only=True, tag="interaction"):
    """Interactions of one of these names, such as `product reviewed`; folded, as everywhere."""

    names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=50)]


class Cap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No more than so many points of one customer: for one order, on a local day, in a month, or ever."""

    points: Points
    per: Literal["order", "day", "month", "total"]
    over: Literal["trim", "reject"] = "trim"
    """What goes beyond is cut off, or nothing is earned."""


Caps = Annotated[tuple[Cap, ...], Meta(max_length=8)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For what points are given."""

    id: Ident
    """Stays the same from version to version: caps and histories go by it."""
    name: Name
    """As members read it."""
    earn: Earn
    on: OnOrder | OnInteraction = OnOrder()
    when: Condition | None = None
    caps: Caps = ()
    by_tier: bool = True
    """Whether tiers multiply what it gives."""


class Programme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. See docs/PROGRAMMES.md."""

    name: Name
    currency: Currency
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1, max_length=100)]
    stacking: Stacking = "sum"
    """How rules that meet on one line add up: all of them, the one that gives most, the first in the list.

    Fixed points are of the whole order: they stack among themselves.
    """
    rounding: Rounding = "down"
    """Of what a rule gives for an order, once, before it is parted among lines."""
    taken_back: Rounding = "down"
    """Of what a partial refund takes back of a line. A line that came back whole keeps nothing."""
    caps: Caps = ()
    """Of all rules together."""
    pending: Pending = AtOnce()
    expiry: Expiry = Never()
    reinstate_days: Annotated[int, Meta(ge=0, le=366)] = 30
    """So long an expired lot can be given back."""
    debt: Debt = "debt"
    joining: Annotated[tuple[JoinBy, ...], Meta(min_length=1, max_length=3)] = ("first_order", "event", "http")
    tiers: Tiers | None = None
    notices: Notices = (30, 7, 1)
    """So many days ahead members hear that points expire."""
    second_person_over: Points = 1_000
    """A correction by hand of more points takes a second person."""
