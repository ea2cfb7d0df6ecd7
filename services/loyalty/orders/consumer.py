"""Orders and interactions in, points out: one batch of `orders.v1`, its lane, or `interactions.v1`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.loyalty import persons
from services.loyalty.clocks import Reached, reached, read_clocks
from services.loyalty.orders.domain.asking import Turned
from services.loyalty.orders.domain.schemes import Scheme, names_of
from services.loyalty.orders.events import Heard, read_interactions, read_orders
from services.loyalty.orders.judging import Daily, Doing, Wary, judge, with_joined
from services.loyalty.orders.leveling import stirred_by, told_alone
from services.loyalty.orders.plainly import Taken, awards_of, chosen, take
from services.loyalty.orders.schemes import Schemes
from services.loyalty.orders.telling import ReachedAt, conclude, turned
from services.loyalty.points import Beside
from services.loyalty.tiers import Asked
from shared.contracts.interactions import InteractionRecorded
from shared.contracts.orders import ClockAdvanced, OrdersEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work
from shared.orders import FUTURE_US, microseconds

Follow = Callable[[Work, Mapping[int, Shop], Sequence[Turned]], Awaitable[Sequence[Beside]]]
"""Another slice that follows orders as they become void or stand again, in their transaction, and what it tells.

It is called before accounts and keys are locked.
"""


@dataclass
class OrderConsumer:
    """The handler of `orders.v1` and of its lane."""

    followers: Sequence[Follow] = ()
    daily: Sequence[Daily] = ()
    schemes: Schemes = field(default_factory=Schemes)
    wary: Wary = field(default_factory=Wary)

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[OrdersEvent]]) -> None:
        shops = shops_of(work, deliveries)
        await persons.hold(work.tx.conn, shops)
        slugs = {shop.slug: shop for shop in shops.values()}
        clocks = await read_clocks(work, deliveries, slugs)
        numbers = {slug: shop.number for slug, shop in slugs.items()}
        told = [
            Heard(position, delivery)
            for position, delivery in enumerate(deliveries)
            if type(delivery.event) is not ClockAdvanced
        ]
        schemes = await self.schemes.load(work.tx.conn, shops)

        def at(heard: Heard) -> Reached:
            return clocks.at(heard.position, heard.delivery)

        plain, told = await self._plainly(work, told, numbers, schemes)
        batch = read_orders(told, numbers, work.tx.now, work.refuse)
        doing = Doing(work, shops, schemes, batch, daily=self.daily)
        if plain is not None:
            doing = await with_joined(doing, plain.taken.joined)
        if plain is not None or doing.batch.told:
            judged = await judge(doing, self.wary)
            if plain is not None:
                judged.joined.extend(plain.taken.joined)
            awards = [] if plain is None else awards_of(plain.taken, plain.heard, at)
            stirred = {} if plain is None else plain.stirred(at, schemes)
            orders = turned(judged, at)
            besides = [one for follow in self.followers if orders for one in await follow(work, shops, orders)]
            await conclude(doing, judged, at, awards, stirred=stirred, besides=besides)
        await clocks.keep(work)

    async def _plainly(
        self, work: Work, heard: list[Heard], numbers: Mapping[str, int], schemes: Mapping[int, Scheme]
    ) -> tuple[Plainly | None, list[Heard]]:
        """(what went the plain way, what is left for the general one)."""
        if self.wary.batches:
            return None, heard
        orders = chosen(heard, numbers, schemes, microseconds(work.tx.now) + FUTURE_US)
        if orders is not None:
            orders = await told_alone(work.tx.conn, orders, heard, numbers, schemes)
        taken = None if orders is None else await take(work.tx.conn, orders, heard, schemes)
        if taken is None:
            return None, heard
        gone = set(taken.orders.place.tolist())
        return Plainly(taken, heard), [one for place, one in enumerate(heard) if place not in gone]


class Plainly(NamedTuple):
    """Orders that went the plain way, and the events that their places are of."""

    taken: Taken
    heard: list[Heard]

    def stirred(self, reached: ReachedAt, schemes: Mapping[int, Scheme]) -> dict[tuple[int, int], Asked]:
        """Of whom tiers count something else by them."""
        given = [grant is not None for grant in self.taken.grants]
        return stirred_by(self.taken.orders, given, self.heard, reached, schemes, days=self.taken.days)


@dataclass
class InteractionConsumer:
    """The handler of `interactions.v1`. What nobody's programme asks for is let go at once."""

    daily: Sequence[Daily] = ()
    schemes: Schemes = field(default_factory=Schemes)
    wary: Wary = field(default_factory=Wary)

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[InteractionRecorded]]) -> None:
        shops = shops_of(work, deliveries)
        await persons.hold(work.tx.conn, shops)
        schemes = await self.schemes.load(work.tx.conn, shops)

        def earns(shop: int, at: int, name: str) -> bool:
            version = schemes[shop].at(at)
            return version is not None and name in names_of(version.programme)

        numbers = {shop.slug: number for number, shop in shops.items()}
        heard = [Heard(position, delivery) for position, delivery in enumerate(deliveries)]
        batch = read_interactions(heard, numbers, earns, work.tx.now, work.refuse)
        if batch.told or batch.joins:
            doing = Doing(work, shops, schemes, batch, daily=self.daily)
            judged = await judge(doing, self.wary)
            days = await reached_by(work, shops, deliveries)
            await conclude(doing, judged, lambda one: days[one.delivery.event.shop, one.delivery.partition])


def shops_of(work: Work, deliveries: Sequence[Delivery[Any]]) -> dict[int, Shop]:
    """The shops of a batch, by number."""
    found = [work.shop(slug) for slug in sorted({delivery.event.shop for delivery in deliveries})]
    return {shop.number: shop for shop in found}


async def reached_by(
    work: Work, shops: dict[int, Shop], deliveries: Sequence[Delivery[Any]]
) -> dict[tuple[str, int], Reached]:
    """How far the clocks have come, by slug and partition."""
    partitions = sorted({delivery.partition for delivery in deliveries})
    found = {}
    for shop in shops.values():
        for partition, moment in (await reached(work, shop, partitions)).items():
            found[shop.slug, partition] = moment
    return found
