"""Domain ↔ contract: requests for messages, what became of them, what customers are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.feedback.surveys.domain.body import Version
from services.feedback.surveys.domain.heard import Heard
from services.feedback.surveys.domain.invitations import Invitation, State
from shared.contracts.campaigns import (
    CampaignsMessageEvent,
    MessageFailed,
    MessageRequested,
    MessageSent,
    MessageSuppressed,
    Request,
)
from shared.contracts.envelope import Origin, message_key
from shared.contracts.feedback import Asking, SurveyDismissed, SurveyExpired, SurveyOpened, SurveySent
from shared.contracts.interactions import InteractionEvent
from shared.contracts.orders import ClockAdvanced, OrderCompleted, OrdersEvent
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id, parse_customer_id
from shared.messaging.handling import Delivery, OutboxKey
from shared.orders import FUTURE_US, fault, is_storable, microseconds, state_of

SOURCE = "mandegar/feedback"
CAMPAIGN = "survey."
"""Before the survey's name: what its messages count for."""
DELIVERED = "order delivered"
_SENDABLE = timedelta(days=3)
Key = tuple[int, str]
"""Shop and order."""
Refuse = Callable[[Delivery[Any], str, str], None]
Told = SurveySent | SurveyOpened | SurveyDismissed | SurveyExpired


def read_orders(
    deliveries: Sequence[Delivery[OrdersEvent]], numbers: Mapping[str, int], now: datetime, refuse: Refuse
) -> dict[Key, Heard]:
    """What a batch tells of orders. Completions of history ask nobody."""
    found: dict[Key, Heard] = {}
    limit = microseconds(now) + FUTURE_US
    for delivery in deliveries:
        event = delivery.event
        if isinstance(event, ClockAdvanced):
            continue
        if (reason := fault(event, limit)) is not None:
            refuse(delivery, *reason)
            continue
        live = isinstance(event, OrderCompleted) and event.origin == "live"
        told = Heard(state_of(event), completed_at=event.time if live else None)
        key = numbers[event.shop], event.data.order_id
        found[key] = found.get(key, Heard()).joined(told)
    return found


def read_deliveries(
    deliveries: Sequence[Delivery[InteractionEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, Heard]:
    """Orders that were delivered, as live interactions tell."""
    found: dict[Key, Heard] = {}
    for delivery in deliveries:
        event, data = delivery.event, delivery.event.data
        if data.name != DELIVERED or data.order_id is None or event.origin != "live":
            continue
        try:
            customer = None if data.customer is None else int(parse_customer_id(data.customer))
        except ValueError:
            refuse(delivery, "customer", "data.customer: a surrogate id is needed")
            continue
        if not is_storable(data.order_id):
            refuse(delivery, "order_id", "data.order_id: cannot be kept")
            continue
        key = numbers[event.shop], data.order_id
        told = Heard(delivered_at=event.time, delivered_to=customer)
        found[key] = found.get(key, Heard()).joined(told)
    return found


def read_messages(
    deliveries: Sequence[Delivery[CampaignsMessageEvent]], numbers: Mapping[str, int]
) -> dict[tuple[int, str], tuple[State, datetime, str]]:
    """What became of messages that asked, by (shop, invitation)."""
    found: dict[tuple[int, str], tuple[State, datetime, str]] = {}
    for delivery in deliveries:
        event = delivery.event
        if not event.data.campaign.startswith(CAMPAIGN):
            continue
        key = numbers[event.shop], event.data.occasion
        if isinstance(event, MessageSent):
            found[key] = State.SENT, event.time, ""
        elif isinstance(event, MessageSuppressed):
            found[key] = State.UNSENT, event.time, event.data.suppressed
        elif isinstance(event, MessageFailed):
            found[key] = State.UNSENT, event.time, event.data.reason or "failed"
    return found


def requested(
    invitation: Invitation, version: Version, values: dict[str, Any], *, slug: str, now: datetime, origin: Origin
) -> MessageRequested:
    """The message that asks. campaigns sends it where consent allows."""
    invite, customer = version.body.invite, name_of(invitation.customer)
    return MessageRequested(
        id=derive_event_id(int(now.timestamp() * 1000), slug, invitation.id, "message.requested"),
        source=SOURCE,
        subject=customer,
        time=now,
        shop=slug,
        origin=origin,
        correlationid=invitation.id,
        receivedat=now,
        data=Request(
            customer=customer,
            campaign=CAMPAIGN + version.survey,
            occasion=invitation.id,
            template=invite.template,
            channel=invite.channel,
            purpose=invite.purpose,
            values=values,
            expires_at=now + _SENDABLE,
        ),
    )


def asking(invitation: Invitation, version: Version) -> Asking:
    """Whom what was asked."""
    return Asking(
        survey=version.survey,
        version=version.number,
        kind=version.body.kind,
        customer=name_of(invitation.customer),
        occasion=invitation.occasion,
        invitation=invitation.id,
    )


def told(
    form: type[Told], invitation: Invitation, version: Version, *, slug: str, now: datetime, sequence: int
) -> Told:
    """What happened to an invitation; each word is said once."""
    return form(data=asking(invitation, version), **attributes(invitation, form, slug, now, sequence))


def attributes(invitation: Invitation, form: Any, slug: str, now: datetime, sequence: int) -> dict[str, Any]:
    """Of an event of an invitation."""
    kind = form.__struct_config__.tag
    return {
        "id": derive_event_id(int(now.timestamp() * 1000), slug, invitation.id, kind),
        "source": SOURCE,
        "subject": name_of(invitation.customer),
        "time": now,
        "shop": slug,
        "origin": "backfill" if invitation.history else "live",
        "sequence": sequence,
        "correlationid": invitation.id,
        "receivedat": now,
    }


def key_of(shop: Shop, customer: int) -> OutboxKey:
    """Under which what happens with a customer is told."""
    return OutboxKey(ShopId(shop.number), message_key(shop.slug, name_of(customer)))


def name_of(customer: int) -> str:
    """As events name them."""
    return customer_id_text(CustomerId(customer))


def numbers_in(work_shop: Callable[[str], Shop], deliveries: Sequence[Delivery[Any]]) -> dict[str, Shop]:
    """The shops of a batch, by slug."""
    return {slug: work_shop(slug) for slug in sorted({delivery.event.shop for delivery in deliveries})}
