"""raw.orders.v1 → orders.v1 and customers.v1; and the same in the lane of history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.gateway import clocks, identity
from services.gateway.identity import Marker
from services.gateway.intake import store
from services.gateway.intake.events import Draft, RulesBook, ShopRules, read
from services.gateway.intake.reading import read_all
from shared.contracts import topics
from shared.contracts.raw_orders import RawClockEvent, RawOrderEvent
from shared.kernel import CustomerId
from shared.messaging.handling import Delivery, Handler, Work

_ONWARD = {topics.RAW_ORDERS: topics.ORDERS, topics.RAW_ORDERS_BACKFILL: topics.ORDERS_BACKFILL}
"""History stays in its lane."""


def intake_handler(marker: Marker, draw: Callable[[], CustomerId]) -> Handler:
    """The handler of raw orders. `marker` knows people by their identifiers; `draw` gives new random customer ids."""
    rules = RulesBook()

    def read_one(delivery: Delivery[RawOrderEvent], received: datetime, rules: ShopRules) -> Draft:
        return read(delivery.event, received, rules, marker, _ONWARD[delivery.topic])

    async def take_in(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        """Translate, load and decide whose the orders are, save. What cannot be used is set aside."""
        ticks = [delivery for delivery in deliveries if isinstance(delivery.event, RawClockEvent)]
        orders = [d for d in deliveries if not isinstance(d.event, RawClockEvent)] if ticks else deliveries
        drafts = read_all(work, orders, rules, read_one)
        if drafts:
            recognition = await identity.identify(work.tx.conn, [draft.claim for draft in drafts], draw)
            await store.save(work.tx, drafts, recognition)
        if ticks:
            await clocks.advance(work, ticks)  # last: no later lock, and behind all orders of the batch

    return take_in
