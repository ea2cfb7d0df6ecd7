"""Contract ↔ domain: requests of services, and what became of messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import msgspec

from services.campaigns.messages.domain import AGE, Plan, State, message_id, values_fault
from shared.contracts.campaigns import (
    Deferral,
    MessageChange,
    MessageChannel,
    MessageDeferral,
    MessageDeferred,
    MessageFailed,
    MessageRequested,
    MessageSent,
    MessageSuppressed,
    MessageSuppression,
    MessageUnknown,
    Request,
    Suppression,
)
from shared.contracts.envelope import Envelope, message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id, parse_customer_id
from shared.messaging.handling import OutboxKey

SOURCE = "mandegar/campaigns"
_FORMS: dict[State, type[MessageSent] | type[MessageFailed] | type[MessageUnknown]] = {
    State.SENT: MessageSent,
    State.FAILED: MessageFailed,
    State.UNKNOWN: MessageUnknown,
}
_AGE_MAX = timedelta(days=30)


def plan_of(data: Request, shop: tuple[int, str], asked_at: datetime) -> Plan:
    """A request as a plan. `shop`: number and slug. ValueError names the field that cannot be used."""
    if (fault := values_fault(data.values)) is not None:
        raise ValueError(f"data.values: {fault}")
    if "\0" in data.occasion:
        raise ValueError("data.occasion: no NUL is taken")
    try:
        customer = int(parse_customer_id(data.customer))
    except ValueError:
        raise ValueError("data.customer: a surrogate id is needed") from None
    number, slug = shop
    due = asked_at if data.not_before is None else data.not_before
    expires = max(due, asked_at) + AGE if data.expires_at is None else data.expires_at
    if due > asked_at + _AGE_MAX:
        raise ValueError("data.not_before: lies more than 30 days ahead")
    about = (data.campaign, data.step, data.occasion)
    return Plan(
        shop=number,
        id=message_id(slug, data.customer, about, data.channel),
        customer=customer,
        channel=data.channel,
        purpose=data.purpose,
        campaign=data.campaign,
        step=data.step,
        occasion=data.occasion,
        template=data.template,
        fields=msgspec.json.encode(data.values),
        due=due,
        expires_at=expires,
    )


def request_of(event: MessageRequested, number: int) -> Plan:
    """As `plan_of`, of an event."""
    return plan_of(event.data, (number, event.shop), event.time)


def ended(
    plan: Plan,
    slug: str,
    state: State,
    now: datetime,
    sequence: int,
    *,
    reason: str,
    version: int | None,
    locale: str,
    segments: int | None = None,
) -> Envelope:
    """What became of a message that was claimed."""
    form = _FORMS[state]
    said: dict[str, Any] = {"template_version": version, "locale": locale or None, "reason": reason}
    data = MessageChange(**_about(plan), **said, segments=segments)
    return form(**_attributes(plan, slug, form.__struct_config__.tag, now, sequence), data=data)


def suppressed(plan: Plan, slug: str, why: Suppression, now: datetime, sequence: int, *, detail: str = "") -> Envelope:
    """That a message is not sent."""
    data = MessageSuppression(**_about(plan), suppressed=why, reason=detail)
    return MessageSuppressed(**_attributes(plan, slug, "message.suppressed", now, sequence), data=data)


def deferred(plan: Plan, slug: str, why: tuple[str, datetime], now: datetime, sequence: int) -> Envelope:
    """That a message waits. `why`: the reason, and until when."""
    data = MessageDeferral(**_about(plan), deferred=cast(Deferral, why[0]), until=why[1])
    return MessageDeferred(**_attributes(plan, slug, "message.deferred", now, sequence), data=data)


def key_of(plan: Plan, slug: str) -> OutboxKey:
    """Under which what becomes of a message is told."""
    return OutboxKey(ShopId(plan.shop), message_key(slug, customer_id_text(CustomerId(plan.customer))))


def _about(plan: Plan) -> dict[str, Any]:
    return {
        "message": plan.id,
        "customer": _name(plan),
        "channel": cast(MessageChannel, plan.channel),
        "purpose": plan.purpose,
        "campaign": plan.campaign,
        "step": plan.step,
        "occasion": plan.occasion,
        "template": plan.template,
        "run": plan.run,
        "version": plan.journey_version,
        "variant": plan.variant,
    }


def _attributes(plan: Plan, slug: str, kind: Any, now: datetime, sequence: int) -> dict[str, Any]:
    # A message ends once, and is put off once at a time, so its id, the word and the instant make the event's.
    return {
        "id": derive_event_id(int(now.timestamp() * 1000), slug, plan.id, str(kind)),
        "source": SOURCE,
        "subject": _name(plan),
        "time": now,
        "shop": slug,
        "sequence": sequence,
        "correlationid": plan.id,
        "receivedat": now,
    }


def _name(plan: Plan) -> str:
    return customer_id_text(CustomerId(plan.customer))
