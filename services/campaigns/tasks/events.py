"""Domain → contract."""

from __future__ import annotations

from typing import Any, Literal

from services.campaigns.tasks.domain import Task
from shared.contracts import campaigns
from shared.contracts.envelope import message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id
from shared.messaging.handling import OutboxKey

Happening = Literal["opened", "claimed", "done", "cancelled"]
SOURCE = "mandegar/campaigns"
_FORMS: dict[Happening, Any] = {
    "opened": campaigns.TaskOpened,
    "claimed": campaigns.TaskClaimed,
    "done": campaigns.TaskDone,
    "cancelled": campaigns.TaskCancelled,
}


def key_of(task: Task, slug: str) -> OutboxKey:
    """Under which a task is told."""
    return OutboxKey(ShopId(task.opening.shop), message_key(slug, _name(task)))


def told(task: Task, what: Happening, slug: str, sequence: int) -> campaigns.CampaignsTaskEvent:
    """That something happened to a task. Nothing of its text: that may name the customer."""
    opening, at = task.opening, task.changed_at
    data = campaigns.Task(
        task=opening.id,
        customer=_name(task),
        state=task.state.name.lower(),  # type: ignore[arg-type]  # the names of the contract
        due=opening.due,
        campaign=opening.campaign,
        step=opening.step,
        occasion=opening.occasion,
        owner=opening.owner,
        outcome=task.outcome,
    )
    us = int(at.timestamp() * 1_000_000)
    event: campaigns.CampaignsTaskEvent = _FORMS[what](
        id=derive_event_id(us // 1000, slug, f"{opening.id}\x1f{us}\x1f{opening.owner}", f"task.{what}"),
        source=SOURCE,
        subject=_name(task),
        time=at,
        shop=slug,
        sequence=sequence,
        correlationid=opening.id,
        receivedat=at,
        data=data,
    )
    return event


def _name(task: Task) -> str:
    return customer_id_text(CustomerId(task.opening.customer))
