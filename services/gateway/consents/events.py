"""What others are told of consents: domain → contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.gateway.consents.domain import Statement
from services.gateway.identity import Cause
from shared.contracts.consents import Consent, ConsentChanged, Consents
from shared.kernel import CustomerId, customer_id_text, derive_event_id

SOURCE = "mandegar/gateway"


def consent_changed(
    shop: str,
    customer: CustomerId,
    holds: Sequence[Statement],
    *,
    changed: Sequence[str],
    now: datetime,
    sequence: int,
) -> ConsentChanged:
    """All that holds for a customer now. Without evidence: that stays with us."""
    text = customer_id_text(customer)
    return ConsentChanged(
        id=derive_event_id(int(now.timestamp() * 1000), shop, f"{text}/{sequence}", "consent.changed"),
        source=SOURCE,
        subject=text,
        time=now,
        shop=shop,
        sequence=sequence,
        receivedat=now,
        data=_consents(text, holds, changed),
    )


def consent_said(
    by: Cause, customer: CustomerId, holds: Sequence[Statement], *, changed: Sequence[str], sequence: int
) -> ConsentChanged:
    """The same after an event of a shop, or of who delivers its messages."""
    text = customer_id_text(customer)
    return ConsentChanged(
        id=derive_event_id(by.occurred_ms, by.shop, by.cause, "consent.changed"),
        source=SOURCE,
        subject=text,
        time=by.occurred,
        shop=by.shop,
        origin=by.origin,
        sequence=sequence,
        causationid=by.cause_id,
        correlationid=by.cause_id,
        receivedat=by.received,
        data=_consents(text, holds, changed),
    )


def _consents(customer: str, holds: Sequence[Statement], changed: Sequence[str]) -> Consents:
    return Consents(
        customer=customer,
        consents=[
            Consent(
                channel=one.channel,
                purpose=one.purpose,
                state=one.state,
                occurred_at=one.occurred_at,
                source=one.source,
                record=one.record,
            )
            for one in holds
        ],
        changed=list(changed),
    )
