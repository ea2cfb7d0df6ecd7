"""feedback.surveys.v1 → answers that count for NPS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from msgspec import UNSET

from services.metrics import counters
from services.metrics.nps import store
from services.metrics.nps.domain import Answer
from services.metrics.nps.events import answer_of, counts
from shared import pointers
from shared.contracts.feedback import FeedbackSurveysEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work

Announce = Callable[[Work, Mapping[Shop, int]], None]
"""A slice that wants to know which shops changed, and by which partition."""

_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class AnswerConsumer:
    """The handler of `feedback.surveys.v1`."""

    announce: Announce

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[FeedbackSurveysEvent]]) -> None:
        counting = [delivery for delivery in deliveries if counts(delivery.event)]
        shops = {slug: work.shop(slug) for slug in {delivery.event.shop for delivery in counting}}
        if not shops:
            return
        # Held, so that nobody moves identities or rebuilds meanwhile.
        await counters.hold(work.tx.conn, [shop.number for shop in shops.values()])
        told = [one for delivery in counting if (one := _read(work, delivery, shops)) is not None]
        new = await store.add(work.tx.conn, await _counted_for(work, told))
        places = {delivery.event.shop: delivery.partition for delivery in counting}
        self.announce(work, {shop: places[slug] for slug, shop in shops.items() if shop.number in new})


def _read(work: Work, delivery: Delivery[FeedbackSurveysEvent], shops: Mapping[str, Shop]) -> Answer | None:
    event = delivery.event
    if event.time > (work.tx.now if event.receivedat is UNSET else event.receivedat) + _AHEAD:
        work.refuse(delivery, "future", "time: lies more than 5 minutes ahead of its receipt; send when it happened")
        return None
    try:
        return answer_of(event, shops[event.shop].number)
    except ValueError as error:
        work.refuse(delivery, "answer", str(error))
        return None


async def _counted_for(work: Work, told: Sequence[Answer]) -> list[Answer]:
    """The same, of merged identities for whom they are."""
    merging = await pointers.merging(work.tx.conn, {one.shop for one in told})
    named = {shop: {one.identity for one in told if one.shop == shop} for shop in merging}
    canonical = await pointers.pointers_of(work.tx.conn, named)
    return [one._replace(customer=canonical.get((one.shop, one.identity), one.identity)) for one in told]
