"""From a delivery that cannot be handled to what its dead letter says."""

from __future__ import annotations

from typing import Any

import asyncpg

from shared.messaging.dead_letters import Request, SetAside
from shared.messaging.handling import Delivery
from shared.messaging.isolation import Culprit
from shared.messaging.records import Refusal


def set_aside(refusal: Refusal, shop: int, replayed: Request | None) -> SetAside:
    """A refusal with what its dead letter needs. `replayed`: the one that it failed as before."""
    if replayed is None:
        return SetAside(refusal, shop)
    return SetAside(refusal, shop, replayed.attempt + 1, replayed.letter_id)


def refusal_of(delivery: Delivery[Any], slug: str, reason: str, detail: str) -> Refusal:
    """What is set aside. `slug` is "" unless the shop is known: what a stranger wrote there may be anything."""
    return Refusal(
        delivery.topic,
        delivery.partition,
        delivery.offset,
        delivery.value,
        slug,
        str(delivery.event.id),
        reason,
        detail,
    )


def reason_of(culprit: Culprit[Delivery[Any]]) -> tuple[str, str]:
    """Reason and detail of an event that its handler could not handle: the kind of error, never its text."""
    error = culprit.error
    if isinstance(error, asyncpg.PostgresError):
        names = [getattr(error, name, None) for name in ("table_name", "column_name", "constraint_name")]
        where = " ".join(str(name) for name in names if name)
        return "database", f"{type(error).__name__} {where}".strip()
    return type(error).__name__.lower()[:40], f"the handler raised {type(error).__name__}"
