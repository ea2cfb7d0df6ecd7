"""raw.interactions.v1 → interactions.v1 and customers.v1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.gateway import identity
from services.gateway.identity import Marker
from services.gateway.intake import Refusal, RulesBook, ShopRules, received_at, received_by
from services.gateway.interactions import store
from services.gateway.interactions.events import Draft, read
from shared.contracts.raw_interactions import RawInteractionEvent
from shared.kernel import CustomerId
from shared.messaging.handling import Delivery, Handler, Work


def interactions_handler(marker: Marker, draw: Callable[[], CustomerId]) -> Handler:
    """The handler of raw interactions, as that of raw orders."""
    book = RulesBook()

    async def take_in(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        """Translate, load and decide whose they are, save. What cannot be used is set aside."""
        drafts = _read_all(work, deliveries, book, marker)
        if drafts:
            recognition = await identity.identify(work.tx.conn, [draft.claim for draft in drafts], draw)
            await store.save(work.tx, drafts, recognition)

    return take_in


def _read_all(
    work: Work, deliveries: Sequence[Delivery[RawInteractionEvent]], book: RulesBook, marker: Marker
) -> list[Draft]:
    drafts: list[Draft] = []
    rules: dict[str, ShopRules] = {}
    received: dict[int, datetime] = {}
    for delivery in deliveries:
        raw, stamp = delivery.event, delivery.timestamp_ms
        if raw.shop not in rules:
            rules[raw.shop] = book.of(work.shop(raw.shop))
        if stamp not in received:
            received[stamp] = received_at(stamp)
        try:
            drafts.append(read(raw, received_by(raw.receivedat, received[stamp]), rules[raw.shop], marker))
        except Refusal as refusal:
            work.refuse(delivery, refusal.reason, refusal.detail)
    return drafts
