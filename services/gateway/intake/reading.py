"""A batch of raw events, one by one: by the rules of their shops, as of when they were received."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from services.gateway.intake.domain import Refusal
from services.gateway.intake.events import RulesBook, ShopRules, received_at, received_by
from shared.messaging.handling import Delivery, Work

Read = TypeVar("Read")


def read_all(
    work: Work,
    deliveries: Sequence[Delivery[Any]],
    book: RulesBook,
    read: Callable[[Delivery[Any], datetime, ShopRules], Read],
) -> list[Read]:
    """What `read` makes of each delivery, its receipt and its shop's rules. What it refuses is set aside."""
    found: list[Read] = []
    rules: dict[str, ShopRules] = {}
    received: dict[int, datetime] = {}
    for delivery in deliveries:
        raw, stamp = delivery.event, delivery.timestamp_ms
        if raw.shop not in rules:
            rules[raw.shop] = book.of(work.shop(raw.shop))
        if stamp not in received:
            received[stamp] = received_at(stamp)
        try:
            found.append(read(delivery, received_by(raw.receivedat, received[stamp]), rules[raw.shop]))
        except Refusal as refusal:
            work.refuse(delivery, refusal.reason, refusal.detail)
    return found
