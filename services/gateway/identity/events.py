"""What others are told of a customer: domain → contract."""

from __future__ import annotations

from datetime import datetime

from services.gateway.identity.domain import Profile
from shared.contracts.customers import Customer, CustomerUpdated
from shared.contracts.envelope import Origin
from shared.kernel import customer_id_text, derive_event_id

SOURCE = "mandegar/gateway"


def customer_updated(
    profile: Profile,
    *,
    shop: str,
    cause: str,
    cause_id: str,
    occurred: datetime,
    occurred_ms: int,
    received: datetime,
    origin: Origin,
    sequence: int,
) -> CustomerUpdated:
    """Full state of a customer after an event. `cause` names that event, `cause_id` is its public form."""
    customer = customer_id_text(profile.customer)
    return CustomerUpdated(
        id=derive_event_id(occurred_ms, shop, cause, "customer.updated"),
        source=SOURCE,
        subject=customer,
        time=occurred,
        shop=shop,
        origin=origin,
        sequence=sequence,
        causationid=cause_id,
        correlationid=cause_id,
        receivedat=received,
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
