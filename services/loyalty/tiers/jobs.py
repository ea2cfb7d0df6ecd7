"""By timers: everybody of a shop stands by another version of its programme, once it comes into force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.loyalty import clocks, members, persons
from services.loyalty.points import Cause, post, slugs_of
from services.loyalty.programmes import VERSION_TIMER, KnownVersions
from services.loyalty.tiers import store
from services.loyalty.tiers.domain.plans import plan_of
from services.loyalty.tiers.reviewing import Asked, beside, keep, look
from shared.clocks import place_of
from shared.contracts.shops import Shop
from shared.kernel import us_of
from shared.messaging.handling import Timer, TimerHandler, Work

PERSONS_AT_ONCE = 500


@dataclass
class TierJobs:
    """The timer's handler."""

    versions: KnownVersions = field(default_factory=KnownVersions)

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {VERSION_TIMER: self.heed}

    async def heed(self, work: Work, timers: Sequence[Timer]) -> None:
        """Look at the shop's persons, some hundred at a time."""
        conn = work.tx.conn
        slugs = await slugs_of(conn, [timer.shop for timer in timers])
        shops = {number: work.shop(slug) for number, slug in slugs.items()}
        await persons.hold(conn, shops)
        versions = await self.versions.load(conn, shops)
        plans = {number: plan_of(shop, versions[number]) for number, shop in shops.items()}
        asked: dict[tuple[int, int], Asked] = {}
        for timer in timers:
            if plans[int(timer.shop)].has_tiers:
                asked |= await _next_persons(work, shops[int(timer.shop)], timer)
        everybody = [(shop, identity) for (shop, _), one in asked.items() for identity in one.person.identities]
        await members.members_of(conn, everybody, lock=True)
        looked = await look(conn, plans, list(asked.values()))
        await post(work.tx, {}, (), besides=beside(plans, looked))
        await keep(work.tx, plans, looked)


async def _next_persons(work: Work, shop: Shop, timer: Timer) -> dict[tuple[int, int], Asked]:
    """By shop and whom they are counted as. A timer is set for those behind them."""
    version, _, after = timer.identity.partition(":")
    found = await store.who_did(work.tx.conn, shop.number, int(after), PERSONS_AT_ONCE)
    if len(found) == PERSONS_AT_ONCE:
        further = f"{version}:{found[-1]}"
        work.tx.set_timer(Timer(timer.shop, VERSION_TIMER, further, timer.due, timer.partition))
    whose = await persons.persons_of(work.tx.conn, {shop.number: found})
    place = timer.partition if timer.partition >= 0 else place_of(timer.partition)[1]
    day, origin = (await clocks.reached(work, shop, [place]))[place]
    cause = Cause(us_of(work.tx.now), origin=origin)
    people = [whose.get((shop.number, one)) or persons.alone(shop.number, one) for one in found]
    return {(shop.number, one.customer): Asked(one, cause, day, place) for one in people}
