"""Erasures on `erasures.v1`, and what `customers.v1` says of whom nothing is known any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.gateway.identity import Joined
from shared.contracts.customers import Customer, CustomerUpdated
from shared.contracts.erasures import (
    CustomerErased,
    Erased,
    ErasureAnswer,
    ErasureCompleted,
    ErasureRequest,
    ErasureRequested,
)
from shared.kernel import CustomerId, customer_id_text, derive_event_id

SOURCE = "mandegar/gateway"


def erasure_id_of(slug: str, customer: CustomerId, now: datetime) -> str:
    """A new erasure's id."""
    return derive_event_id(_ms(now), slug, customer_id_text(customer), "erasure")


def requested(slug: str, customer: CustomerId, erasure_id: str, now: datetime, sequence: int) -> ErasureRequested:
    """Somebody asks for it."""
    data = ErasureRequest(erasure_id=erasure_id, customer=customer_id_text(customer))
    return ErasureRequested(**_attributes("requested", slug, (customer, erasure_id), now, sequence), data=data)


def erased(
    slug: str, erasure_id: str, customer: CustomerId, customers: Sequence[CustomerId], *, now: datetime, sequence: int
) -> CustomerErased:
    """Contacts and identifiers are gone; all services are asked."""
    data = Erased(
        erasure_id=erasure_id,
        customer=customer_id_text(customer),
        customers=[customer_id_text(one) for one in customers],
    )
    return CustomerErased(**_attributes("erased", slug, (customer, erasure_id), now, sequence), data=data)


def completed(
    slug: str,
    customer: CustomerId,
    erasure_id: str,
    now: datetime,
    sequence: int,
    *,
    removed: Mapping[str, int],
    kept: Mapping[str, int],
) -> ErasureCompleted:
    """gateway's own answer."""
    data = ErasureAnswer(erasure_id=erasure_id, service="gateway", removed=dict(removed), kept=dict(kept))
    return ErasureCompleted(**_attributes("completed", slug, (customer, erasure_id), now, sequence), data=data)


def pointer(slug: str, customer: CustomerId, joined: Joined, *, now: datetime, sequence: int) -> CustomerUpdated:
    """Whom an erased customer is counted as, and nothing else: follows the tombstone of whom a merge had joined."""
    text = customer_id_text(customer)
    return CustomerUpdated(
        id=derive_event_id(_ms(now), slug, f"{text}/{sequence}", "customer.updated"),
        source=SOURCE,
        subject=text,
        time=now,
        shop=slug,
        sequence=sequence,
        receivedat=now,
        data=Customer(
            customer=text,
            canonical=customer_id_text(joined.canonical),
            merged_into=None if joined.merged_into is None else customer_id_text(joined.merged_into),
        ),
    )


def _attributes(kind: str, slug: str, of: tuple[CustomerId, str], now: datetime, sequence: int) -> dict[str, Any]:
    customer, erasure_id = of
    return {
        "id": derive_event_id(_ms(now), slug, f"{erasure_id}/{kind}", "erasure"),
        "source": SOURCE,
        "subject": customer_id_text(customer),
        "time": now,
        "shop": slug,
        "sequence": sequence,
        "correlationid": erasure_id,
        "receivedat": now,
    }


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
