"""Topics in: each event that a journey of the shop hears enters runs, ends them, or wakes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.campaigns.journeys import events
from services.campaigns.journeys.domain.happening import Happening
from services.campaigns.journeys.entering import take
from services.campaigns.journeys.events import Heard
from services.campaigns.journeys.store.definitions import Known, Shelf
from shared.contracts.campaigns import JourneyRequested
from shared.contracts.interactions import InteractionRecorded
from shared.contracts.orders import ClockAdvanced
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Handler, Work
from shared.orders import FUTURE_US, fault, microseconds

Read = Callable[[Any], Heard | None]


@dataclass
class Listener:
    """Handlers for topics, which share what is known of journeys. One for each worker."""

    known: Known = field(default_factory=Known)

    def to(self, read: Read) -> Handler:
        """The handler of a topic whose events `read` reads. What cannot be used is let go: others set it aside."""

        async def on_events(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
            shops = _shops(work, deliveries)
            shelves = await self.known.load(work.tx.conn, [shop.number for shop in shops.values()])
            if shelves:
                wanted = _wanted(shops, shelves, deliveries)
                await _hear(work, shops, shelves, [(one, read(one.event)) for one in wanted])

        return on_events

    async def on_requests(self, work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        """The handler of requests. What names nobody, or no journey, is set aside."""
        shops = _shops(work, deliveries)
        shelves = await self.known.load(work.tx.conn, [shop.number for shop in shops.values()])
        sound = []
        for delivery in deliveries:
            if not isinstance(delivery.event, JourneyRequested):
                continue
            shelf = shelves.get(shops[delivery.event.shop].number)
            heard = events.of_request(delivery.event)
            if events.customer_of(heard) is None:
                work.refuse(delivery, "customer", "data.customer: a surrogate id is needed")
            elif shelf is None or heard.journey not in shelf.stands:
                work.refuse(delivery, "journey", "data.journey: none of this name was published")
            else:
                sound.append((delivery, heard))
        await _hear(work, shops, shelves, sound)


def _wanted(
    shops: Mapping[str, Shop], shelves: Mapping[int, Shelf], deliveries: Sequence[Delivery[Any]]
) -> list[Delivery[Any]]:
    """Events that some journey hears, by their names alone: the others are not looked at further."""
    known: dict[tuple[str, str], bool] = {}
    found = []
    for delivery in deliveries:
        at = (delivery.event.shop, events.name_of(delivery.event))
        matters = known.get(at)
        if matters is None:
            shelf = shelves.get(shops[at[0]].number)
            matters = known[at] = shelf is not None and shelf.matters(at[1])
        if matters:
            found.append(delivery)
    return found


async def _hear(
    work: Work,
    shops: Mapping[str, Shop],
    shelves: Mapping[int, Shelf],
    told: Sequence[tuple[Delivery[Any], Heard | None]],
) -> None:
    found: list[Happening] = []
    limit = microseconds(work.tx.now) + FUTURE_US
    for delivery, heard in told:
        if heard is None or microseconds(delivery.event.time) > limit:
            continue
        number = shops[delivery.event.shop].number
        happening = events.happening_of(heard, delivery.event, number, delivery.partition)
        if happening is not None:
            found.append(happening)
    await take(work, {shop.number: shop for shop in shops.values()}, shelves, found)


def _shops(work: Work, deliveries: Sequence[Delivery[Any]]) -> dict[str, Shop]:
    return {slug: work.shop(slug) for slug in sorted({delivery.event.shop for delivery in deliveries})}


def sound_order(event: Any) -> Heard | None:
    """As `events.of_order`; nothing of an order that audience sets aside."""
    if isinstance(event, ClockAdvanced) or fault(event, microseconds(event.time)) is not None:
        return None
    return events.of_order(event)


def interaction(event: InteractionRecorded) -> Heard | None:
    """As `events.of_interaction`."""
    return events.of_interaction(event)
