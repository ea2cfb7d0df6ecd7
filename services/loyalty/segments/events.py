"""Contract → domain: who entered a segment, and who left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from services.loyalty.segments.domain import Change
from shared.contracts.campaigns import CampaignsSegmentEvent, SegmentEntered
from shared.kernel import parse_customer_id, us_of
from shared.messaging.handling import Delivery

Refuse = Callable[[Delivery[Any], str, str], None]
Told = tuple[int, int, Change]
"""Shop, identity, change."""


def read_changes(
    deliveries: Sequence[Delivery[CampaignsSegmentEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> set[Told]:
    """What a batch tells, each change once. `numbers`: shops by slug."""
    found: set[Told] = set()
    for delivery in deliveries:
        event = delivery.event
        try:
            customer = int(parse_customer_id(event.data.customer))
        except ValueError:
            refuse(delivery, "customer", "data.customer: a surrogate id is needed")
            continue
        sequence = 0 if event.sequence is UNSET else event.sequence
        entered = isinstance(event, SegmentEntered)
        change = Change(event.data.segment, us_of(event.time), sequence, entered)
        found.add((numbers[event.shop], customer, change))
    return found
