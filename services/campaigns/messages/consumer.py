"""campaigns.requests.v1 → messages that are planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.campaigns.messages import store
from services.campaigns.messages.domain import Plan, State
from services.campaigns.messages.events import key_of, request_of, suppressed
from shared.contracts import topics
from shared.contracts.campaigns import CampaignsRequestEvent, MessageRequested
from shared.messaging.handling import Delivery, Work


async def on_requests(work: Work, deliveries: Sequence[Delivery[CampaignsRequestEvent]]) -> None:
    """The handler, of requests for messages. Nothing follows history: what it asks for is suppressed at once."""
    live: list[Plan] = []
    history: dict[tuple[int, str], tuple[Plan, str]] = {}
    for delivery in deliveries:
        event = delivery.event
        if not isinstance(event, MessageRequested):
            continue
        try:
            plan = request_of(event, work.shop(event.shop).number)
        except ValueError as error:
            work.refuse(delivery, "request", str(error))
            continue
        if event.origin == "backfill":
            history[plan.shop, plan.id] = plan, event.shop
        else:
            live.append(plan)
    tx = work.tx
    keys = {at: key_of(plan, slug) for at, (plan, slug) in history.items()}
    await tx.lock_keys(Counter(keys.values()))
    await store.add(tx.conn, live, State.PLANNED, tx.now)
    added = await store.add(tx.conn, [plan for plan, _ in history.values()], State.SUPPRESSED, tx.now)
    await store.suppress(tx.conn, dict.fromkeys(added, "backfill"))
    for at in sorted(added):
        plan, slug = history[at]
        event_ = suppressed(plan, slug, "backfill", tx.now, tx.sequence(keys[at]))
        tx.publish(topics.CAMPAIGNS_MESSAGES, keys[at], event_)
