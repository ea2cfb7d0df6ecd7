"""`customers.v1`: full state of each customer, keyed by shop and surrogate id, compacted.

Each event of a key is the customer's full state, whatever its type: the last one tells all, also whom a merge joined
the customer to. Of two events of one key the one with the greater `sequence` holds.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts.envelope import Envelope


class Birthday(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody was born, as far as they told."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    year: Annotated[int, Meta(ge=1900, le=2199)] | None = None
    """With it the date is Gregorian, whatever calendar it was told in."""
    calendar: Literal["gregorian", "jalali"] = "gregorian"
    """Of month and day, where no year is known."""


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The person, as last known. The only contract that holds contacts."""

    customer: str
    """Surrogate id, thirteen characters."""
    canonical: str
    """The customer this one is counted as: the end of all merges; itself where there is none."""
    shop_customer_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    """E.164."""
    locale: str | None = None
    merged_into: str | None = None
    """The customer this one was merged into itself. Another than `canonical` where that one was merged further."""
    birthday: Birthday | None = None


class CustomerUpdated(Envelope, frozen=True, kw_only=True, tag="customer.updated"):
    """The customer was seen for the first time, or something known of them changed."""

    data: Customer


class CustomerMerged(Envelope, frozen=True, kw_only=True, tag="customer.merged"):
    """A merge moved `canonical` of this customer. Events go on naming the customer they are of."""

    data: Customer


class CustomerUnmerged(Envelope, frozen=True, kw_only=True, tag="customer.unmerged"):
    """A merge was undone, which moved `canonical` of this customer back."""

    data: Customer


CustomerEvent = CustomerUpdated | CustomerMerged | CustomerUnmerged
