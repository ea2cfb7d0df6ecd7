"""`customers.v1`: full state of each customer, keyed by shop and surrogate id, compacted."""

from __future__ import annotations

import msgspec

from shared.contracts.envelope import Envelope


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The person, as last known. The only contract that holds contacts."""

    customer: str
    """Surrogate id, thirteen characters."""
    canonical: str
    """The customer this one is joined to by a merge; itself where none."""
    shop_customer_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    """E.164."""
    locale: str | None = None


class CustomerUpdated(Envelope, frozen=True, kw_only=True, tag="customer.updated"):
    """The customer was seen for the first time, or something known of them changed."""

    data: Customer


CustomerEvent = CustomerUpdated
