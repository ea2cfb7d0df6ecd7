"""raw.interactions.v1 → interactions.v1 and customers.v1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.gateway import identity
from services.gateway.identity import Marker
from services.gateway.intake import RulesBook, ShopRules, read_all
from services.gateway.interactions import store
from services.gateway.interactions.events import Draft, read
from shared.contracts.raw_interactions import RawInteractionEvent
from shared.kernel import CustomerId
from shared.messaging.handling import Delivery, Handler, Work


def interactions_handler(marker: Marker, draw: Callable[[], CustomerId]) -> Handler:
    """The handler of raw interactions, as that of raw orders."""
    book = RulesBook()

    def read_one(delivery: Delivery[RawInteractionEvent], received: datetime, rules: ShopRules) -> Draft:
        return read(delivery.event, received, rules, marker)

    async def take_in(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        """Translate, load and decide whose they are, save. What cannot be used is set aside."""
        drafts = read_all(work, deliveries, book, read_one)
        if drafts:
            recognition = await identity.identify(work.tx.conn, [draft.claim for draft in drafts], draw)
            await store.save(work.tx, drafts, recognition)

    return take_in
