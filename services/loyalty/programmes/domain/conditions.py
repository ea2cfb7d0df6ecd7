"""When a rule applies: a tree of typed conditions. `kind` tells which one a node is.

Conditions on a line (`product`, `category`, `brand`) choose lines of an order; all others say yes or no to the whole
order, or to the interaction. Names are compared folded: case, Persian and Arabic letters and digits do not matter.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=500)]
Ident = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""Id of a rule or a tier, as the shop names it."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Amount = Annotated[int, Meta(ge=0, le=10**15)]
"""Minor units of the programme's currency."""
Count = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all conditions have in common."""


class Product(_Node, frozen=True, kw_only=True, tag="product"):
    """Lines of these products, by product id or SKU, exactly as the shop writes them."""

    ids: Names


class Category(_Node, frozen=True, kw_only=True, tag="category"):
    """Lines of these categories."""

    names: Names


class Brand(_Node, frozen=True, kw_only=True, tag="brand"):
    """Lines of these brands."""

    names: Names


class Channel(_Node, frozen=True, kw_only=True, tag="channel"):
    """Orders by these channels, what Segment calls `affiliation`."""

    names: Names


class Spend(_Node, frozen=True, kw_only=True, tag="spend"):
    """Orders in the rule's currency whose revenue, before refunds, lies between the two; null is no limit."""

    least: Amount | None = None
    most: Amount | None = None


class Dates(_Node, frozen=True, kw_only=True, tag="dates"):
    """Local days of the shop, from the first to the last, both included; null is no limit."""

    since: date | None = None
    until: date | None = None


class Hours(_Node, frozen=True, kw_only=True, tag="hours"):
    """Local time of day, `HH:MM`, the first included and the second not; 22:00 to 02:00 goes past midnight."""

    since: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    until: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Weekdays(_Node, frozen=True, kw_only=True, tag="weekdays"):
    """Local days of the week."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)]


class Segment(_Node, frozen=True, kw_only=True, tag="segment"):
    """Customers who were in one of these segments when it happened."""

    names: Names


class Tier(_Node, frozen=True, kw_only=True, tag="tier"):
    """Members who were on one of these tiers when it happened."""

    ids: Annotated[tuple[Ident, ...], Meta(min_length=1, max_length=20)]


class Nth(_Node, frozen=True, kw_only=True, tag="nth"):
    """The customer's n-th order, or n-th interaction of the name: exactly that one, or every n-th."""

    at: Count | None = None
    every: Count | None = None


class FirstOnes(_Node, frozen=True, kw_only=True, tag="first"):
    """The customer's first orders, or first interactions of the name: so many."""

    count: Count


class All(_Node, frozen=True, kw_only=True, tag="all"):
    """All of them hold."""

    of: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=20)]


class Any(_Node, frozen=True, kw_only=True, tag="any"):
    """At least one of them holds."""

    of: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=20)]


class Not(_Node, frozen=True, kw_only=True, tag="not"):
    """It does not hold."""

    that: Condition = field()


Condition = (
    Product
    | Category
    | Brand
    | Channel
    | Spend
    | Dates
    | Hours
    | Weekdays
    | Segment
    | Tier
    | Nth
    | FirstOnes
    | All
    | Any
    | Not
)
OfLines = Product | Category | Brand
"""Those that choose lines."""
