"""raw.orders.v1 → orders.v1 and customers.v1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.gateway import identity
from services.gateway.identity import Marker
from services.gateway.intake import store
from services.gateway.intake.domain import Refusal
from services.gateway.intake.events import Draft, ShopRules, find_shop, read
from shared.contracts.raw_orders import RawOrderEvent
from shared.kernel import CustomerId
from shared.messaging.handling import Delivery, Handler, Work


def intake_handler(marker: Marker, draw: Callable[[], CustomerId]) -> Handler:
    """The handler of raw orders. `marker` knows people by their identifiers; `draw` gives new random customer ids."""
    rules_of = store.RulesCache()

    async def take_in(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        """Translate, load and decide whose the orders are, save. What cannot be read is set aside."""
        shops = await rules_of.load(work.tx.conn)
        drafts = _read_all(work, deliveries, shops, marker)
        recognition = await identity.identify(work.tx.conn, [draft.claim for draft in drafts], draw)
        await store.save(work.tx, drafts, recognition)

    return take_in


def _read_all(
    work: Work, deliveries: Sequence[Delivery[RawOrderEvent]], shops: Mapping[str, ShopRules], marker: Marker
) -> list[Draft]:
    drafts: list[Draft] = []
    received: dict[int, datetime] = {}
    for delivery in deliveries:
        instant = received.get(delivery.timestamp_ms)
        if instant is None:
            instant = received[delivery.timestamp_ms] = datetime.fromtimestamp(delivery.timestamp_ms / 1000, UTC)
        try:
            drafts.append(read(delivery.event, instant, find_shop(delivery.event.shop, shops), marker))
        except Refusal as refusal:
            work.refuse(delivery, refusal.reason, refusal.detail)
    return drafts
