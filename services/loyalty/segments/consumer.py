"""campaigns.segments.v1 → who was in which segment, and when."""

from __future__ import annotations

from collections.abc import Sequence

from services.loyalty.segments import store
from services.loyalty.segments.events import read_changes
from shared.contracts.campaigns import CampaignsSegmentEvent
from shared.messaging.handling import Delivery, Work


async def on_segments(work: Work, deliveries: Sequence[Delivery[CampaignsSegmentEvent]]) -> None:
    """The handler. Changes are only ever added, so their order, and how often they come, does not matter."""
    numbers = {slug: work.shop(slug).number for slug in sorted({one.event.shop for one in deliveries})}
    await store.add(work.tx.conn, read_changes(deliveries, numbers, work.refuse))
