"""What others are told of a customer: domain → contract."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.gateway.identity.domain import Profile
from shared.contracts.customers import Customer, CustomerUpdated
from shared.contracts.envelope import Origin
from shared.kernel import customer_id_text, derive_event_id

SOURCE = "mandegar/gateway"


class Cause(Protocol):
    """A raw event, as far as what it causes must name it. Drafts of all slices are such."""

    @property
    def shop(self) -> str: ...

    @property
    def cause(self) -> str:
        """Source and id of the raw event."""
        ...

    @property
    def cause_id(self) -> str:
        """Its public form."""
        ...

    @property
    def occurred(self) -> datetime: ...

    @property
    def occurred_ms(self) -> int: ...

    @property
    def received(self) -> datetime: ...

    @property
    def origin(self) -> Origin: ...


def customer_updated(profile: Profile, by: Cause, sequence: int) -> CustomerUpdated:
    """Full state of a customer after an event."""
    customer = customer_id_text(profile.customer)
    return CustomerUpdated(
        id=derive_event_id(by.occurred_ms, by.shop, by.cause, "customer.updated"),
        source=SOURCE,
        subject=customer,
        time=by.occurred,
        shop=by.shop,
        origin=by.origin,
        sequence=sequence,
        causationid=by.cause_id,
        correlationid=by.cause_id,
        receivedat=by.received,
        data=Customer(
            customer=customer,
            canonical=customer if profile.canonical == profile.customer else customer_id_text(profile.canonical),
            shop_customer_id=profile.shop_customer_id,
            name=profile.name,
            email=profile.email,
            phone=profile.phone,
            locale=profile.locale,
        ),
    )
