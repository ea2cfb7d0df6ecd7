"""loyalty.requests.v1 → points that services ask for, each request once, as a correction upwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from services.loyalty import orders, persons
from services.loyalty.clocks import Reached, reached
from services.loyalty.corrections.events import operation_of
from services.loyalty.points import Adjust, Refusal, TermsOf, post
from services.loyalty.programmes import load_in_force
from shared.contracts.loyalty_requests import LoyaltyRequestEvent, PointsRequested
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work

Days = Mapping[tuple[str, int], Reached]


class RequestConsumer:
    """The handler. The ledger itself takes a request once, by its id: no row is kept beside it."""

    def __init__(self, terms_of: TermsOf) -> None:
        self._terms_of = terms_of

    async def __call__(self, work: Work, told: Sequence[Delivery[LoyaltyRequestEvent]]) -> None:
        deliveries = [cast(Delivery[PointsRequested], one) for one in told if isinstance(one.event, PointsRequested)]
        if not deliveries:
            return
        shops = {slug: work.shop(slug) for slug in sorted({delivery.event.shop for delivery in deliveries})}
        await persons.hold(work.tx.conn, [shop.number for shop in shops.values()])
        days = await _days(work, shops, deliveries)
        programmes = {slug: await load_in_force(work.tx.conn, shop.number, work.tx.now) for slug, shop in shops.items()}
        asked: list[tuple[Delivery[PointsRequested], Adjust]] = []
        for delivery in deliveries:
            event = delivery.event
            day = days[event.shop, delivery.partition]
            try:
                ends = orders.expires_day(shops[event.shop], programmes[event.shop], day.day)
                operation = operation_of(event, shops[event.shop].number, day.day, ends, delivery.partition)
            except ValueError as error:
                work.refuse(delivery, "request", str(error))
                continue
            asked.append((delivery, operation))
        terms = await self._terms_of(work, list(shops.values()))
        answers = await post(work.tx, terms, [operation for _, operation in asked], shard=work.shard)
        for (delivery, _), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Refusal):
                work.refuse(delivery, "request", "data.id: was given before, for other points; give another id")


async def _days(work: Work, shops: Mapping[str, Shop], deliveries: Sequence[Delivery[PointsRequested]]) -> Days:
    partitions = sorted({delivery.partition for delivery in deliveries})
    found: dict[tuple[str, int], Reached] = {}
    for slug, shop in shops.items():
        for partition, moment in (await reached(work, shop, partitions)).items():
            found[slug, partition] = moment
    return found
