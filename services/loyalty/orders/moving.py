"""Customers in: when a merge, or its undoing, moves an identity, who is a member through whom may change.

Points stay in the accounts of the identities that earned them: a person's balance is the sum of theirs, and merge then
unmerge is the same as never merged. What moves is by whose membership something earns: what a guest bought earns by the
membership of the customer that they turn out to be, and no longer once they are parted.

1 what the events say of pointers   2 hold the shops alone, keep what is new   3 judge anew what the persons concerned
did, as with a batch of orders
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.loyalty import persons, tiers
from services.loyalty.clocks import Reached
from services.loyalty.orders.consumer import reached_by, shops_of
from services.loyalty.orders.domain.occasion import Key
from services.loyalty.orders.events import Batch, Heard
from services.loyalty.orders.judging import Daily, Doing, Place, Wary, judge
from services.loyalty.orders.schemes import Schemes
from services.loyalty.orders.store import around as store
from services.loyalty.orders.telling import ReachedAt, conclude, settle_days, why_of
from shared import pointers
from shared.contracts.customers import CustomerEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work
from shared.pointers import Move, Pointer

_WAIT_MS = 5_000


class Crowded(TimeoutError):
    """Others work for the shop all the time: the batch is to be tried again."""


@dataclass
class IdentityConsumer:
    """The handler of `customers.v1`: keeps who there is, and who is one person with whom."""

    daily: Sequence[Daily] = ()
    schemes: Schemes = field(default_factory=Schemes)
    wary: Wary = field(default_factory=Wary)

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
        """Nearly all events only tell of a profile: one look at the pointers, and no lock."""
        shops = shops_of(work, deliveries)
        told = pointers.told_of(deliveries, {shop.slug: number for number, shop in shops.items()}, work.refuse)
        await persons.note(work.tx.conn, {one.key for one in told})
        if news := await pointers.news(work.tx.conn, told):
            await self._heed(work, deliveries, shops, news)

    async def _heed(
        self,
        work: Work,
        deliveries: Sequence[Delivery[CustomerEvent]],
        shops: Mapping[int, Shop],
        told: Mapping[pointers.Key, Pointer],
    ) -> None:
        concerned = {number: shop for number, shop in shops.items() if number in {shop for shop, _ in told}}
        if not await persons.hold_alone(work.tx.conn, concerned, _WAIT_MS):
            raise Crowded("others work for the shop; the batch is tried again")
        moved = await pointers.heed(work.tx.conn, told)
        again = {key: Heard(at, deliveries[at]) for key, at in (await _open(work, moved)).items()}
        schemes = await self.schemes.load(work.tx.conn, concerned)
        doing = Doing(work, concerned, schemes, Batch(), again, self.daily)
        days = await reached_by(work, dict(concerned), deliveries)

        def reached(one: Heard) -> Reached:
            return days[one.delivery.event.shop, one.delivery.partition]

        asked = await _asked(doing, {one: Heard(one.position, deliveries[one.position]) for one in moved}, reached)
        if again:
            await conclude(doing, await judge(doing, self.wary), reached, moved=asked)
        else:
            await settle_days(doing, (), asked)


async def _asked(doing: Doing, moved: Mapping[Move, Heard], reached: ReachedAt) -> dict[Place, tiers.Asked]:
    """Persons who lost or got identities: they stand where what is theirs now puts them."""
    asked: dict[Place, tiers.Asked] = {}
    heard = {(one.shop, who): why for one, why in moved.items() for who in (one.customer, one.before, one.after)}
    heard = {place: why for place, why in heard.items() if doing.schemes[place[0]].plan is not None}
    wanted = {shop: {who for at, who in heard if at == shop} for shop, _ in heard}
    whose = await persons.persons_of(doing.work.tx.conn, wanted)
    for place, why in sorted(heard.items(), key=lambda one: one[0]):
        person = whose.get(place) or persons.alone(*place)
        told = why_of(why, reached)
        asked[person.shop, person.customer] = tiers.Asked(person, told.cause, told.day, told.partition, moved=True)
    return asked


async def _open(work: Work, moved: Sequence[Move]) -> dict[Key, int]:
    """What persons concerned did that does not earn by its own identity's membership, with the event's place."""
    found: dict[Key, int] = {}
    for shop in sorted({one.shop for one in moved}):
        position = {
            who: one.position for one in moved if one.shop == shop for who in (one.customer, one.before, one.after)
        }
        others = await pointers.identities_of(work.tx.conn, shop, set(position))
        for canonical, identities in others.items():
            for identity in identities:
                position.setdefault(identity, position[canonical])
        opened = await store.open_occasions(work.tx.conn, shop, dict.fromkeys(position, 0))
        found |= {key: position[customer] for key, customer in opened.items()}
    return found
