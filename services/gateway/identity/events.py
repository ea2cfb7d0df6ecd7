"""What others are told of a customer: domain → contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from services.gateway.identity.domain import Profile
from shared.contracts.customers import (
    Birthday,
    Customer,
    CustomerEvent,
    CustomerMerged,
    CustomerUnmerged,
    CustomerUpdated,
)
from shared.contracts.envelope import Origin, message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id, read_birthday
from shared.messaging.handling import OutboxKey

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


def customer_key(shop: ShopId, slug: str, customer: CustomerId) -> OutboxKey:
    """Key of the messages on one identity."""
    return OutboxKey(shop, message_key(slug, customer_id_text(customer)))


def customer_updated(profile: Profile, by: Cause, sequence: int) -> CustomerUpdated:
    """Full state of a customer after an event."""
    return CustomerUpdated(
        id=derive_event_id(by.occurred_ms, by.shop, by.cause, "customer.updated"),
        **_caused(profile, by, sequence),
    )


def customer_merged(profile: Profile, by: Cause, sequence: int) -> CustomerMerged:
    """Full state of a customer whose pointer an event moved."""
    customer = customer_id_text(profile.customer)
    return CustomerMerged(
        id=derive_event_id(by.occurred_ms, by.shop, f"{by.cause}\x1f{customer}", "customer.merged"),
        **_caused(profile, by, sequence),
    )


def joined_by_staff(profile: Profile, shop: str, now: datetime, sequence: int, *, merged: bool) -> CustomerEvent:
    """Full state of a customer whose pointer a member of staff moved: by a merge, or by undoing one."""
    customer = customer_id_text(profile.customer)
    kind = "customer.merged" if merged else "customer.unmerged"
    event_id = derive_event_id(int(now.timestamp() * 1000), shop, f"staff/{customer}/{sequence}", kind)
    return (CustomerMerged if merged else CustomerUnmerged)(
        id=event_id,
        source=SOURCE,
        subject=customer,
        time=now,
        shop=shop,
        sequence=sequence,
        receivedat=now,
        data=_customer(profile),
    )


def _caused(profile: Profile, by: Cause, sequence: int) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "subject": customer_id_text(profile.customer),
        "time": by.occurred,
        "shop": by.shop,
        "origin": by.origin,
        "sequence": sequence,
        "causationid": by.cause_id,
        "correlationid": by.cause_id,
        "receivedat": by.received,
        "data": _customer(profile),
    }


def _customer(profile: Profile) -> Customer:
    customer = customer_id_text(profile.customer)
    return Customer(
        customer=customer,
        canonical=customer if profile.canonical == profile.customer else customer_id_text(profile.canonical),
        shop_customer_id=profile.shop_customer_id,
        name=profile.name,
        email=profile.email,
        phone=profile.phone,
        locale=profile.locale,
        merged_into=None if profile.merged_into is None else customer_id_text(profile.merged_into),
        birthday=None if profile.birthday is None else Birthday(**read_birthday(profile.birthday)._asdict()),
    )
