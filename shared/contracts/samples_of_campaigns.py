"""Samples of the topics of campaigns, as `samples` has them of all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from shared.contracts.campaigns import (
    ConsentStated,
    MessageBounced,
    MessageChange,
    MessageClicked,
    MessageComplained,
    MessageDeferral,
    MessageDeferred,
    MessageDelivered,
    MessageFailed,
    MessageOpened,
    MessageReceipt,
    MessageRequested,
    MessageSent,
    MessageSuppressed,
    MessageSuppression,
    MessageUnknown,
    Request,
    SegmentChange,
    SegmentEntered,
    SegmentLeft,
    Statement,
    Task,
    TaskCancelled,
    TaskClaimed,
    TaskDone,
    TaskOpened,
)


def campaigns(attributes: Mapping[str, Any], at: datetime) -> list[msgspec.Struct]:
    """One event of each type. `attributes`: of an envelope, about a customer."""
    customer = attributes["subject"]
    about = {
        "customer": customer,
        "campaign": "nps-after-delivery",
        "step": "send",
        "occasion": "survey-77",
        "template": "nps",
        "channel": "email",
        "purpose": "surveys",
    }
    sent: dict[str, Any] = {**about, "message": "019d0fbe-4b40-8c52-9c5e-2f6d1f0a7b17", "template_version": 2}
    belongs: dict[str, Any] = {"customer": customer, "segment": "regulars-at-risk", "version": 2}
    said = Statement(
        customer=customer,
        channel="email",
        purpose="all",
        state="withdrawn",
        occurred_at=at,
        source="unsubscribe-link",
        evidence=f"message {sent['message']}",
    )
    task: dict[str, Any] = {
        **{name: about[name] for name in ("customer", "campaign", "step", "occasion")},
        "task": sent["message"],
        "due": at,
    }
    owner = "staff:u-17"
    return [
        MessageDelivered(**attributes, data=MessageReceipt(**sent, at=at)),
        MessageBounced(**attributes, data=MessageReceipt(**sent, at=at, reason="550", hard=True)),
        MessageOpened(**attributes, data=MessageReceipt(**sent, at=at)),
        MessageClicked(**attributes, data=MessageReceipt(**sent, at=at, link=0)),
        MessageComplained(**attributes, data=MessageReceipt(**sent, at=at, reason="abuse")),
        TaskOpened(**attributes, data=Task(**task, state="open")),
        TaskClaimed(**attributes, data=Task(**task, state="open", owner=owner)),
        TaskDone(**attributes, data=Task(**task, state="done", owner=owner, outcome="reached")),
        TaskCancelled(**attributes, data=Task(**task, state="cancelled", outcome="moved-away")),
        MessageRequested(**attributes, data=msgspec.convert({**about, "values": {"survey": "77"}}, Request)),
        MessageSent(**attributes, data=MessageChange(**sent, locale="fa")),
        MessageFailed(**attributes, data=MessageChange(**sent, reason="550")),
        MessageUnknown(**attributes, data=MessageChange(**sent, reason="no_answer")),
        MessageSuppressed(**attributes, data=MessageSuppression(**sent, suppressed="no_consent")),
        MessageDeferred(**attributes, data=MessageDeferral(**sent, deferred="quiet_hours", until=at)),
        SegmentEntered(**attributes, data=SegmentChange(**belongs, reason="event")),
        SegmentLeft(**attributes, data=SegmentChange(**belongs, reason="time")),
        ConsentStated(**attributes, data=said),
    ]
