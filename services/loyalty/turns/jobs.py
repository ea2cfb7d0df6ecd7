"""By timers: customers for whom a day has come."""

from __future__ import annotations

from collections.abc import Sequence

from services.loyalty import clocks, members, persons, rewards, tiers
from services.loyalty.points import TURN_TIMER, Cause, TermsOf, Turn, Who, post, slugs_of
from services.loyalty.programmes import KnownVersions
from shared.clocks import place_of
from shared.contracts.shops import Shop
from shared.kernel import parse_customer_id, us_of
from shared.messaging.handling import Timer, TimerHandler, Work


class DayTurns:
    """The timer's handler."""

    def __init__(self, terms_of: TermsOf) -> None:
        """`terms_of`: what programmes say of the ledgers of shops."""
        self._terms_of = terms_of
        self._versions = KnownVersions()

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {TURN_TIMER: self.fall_due}

    async def fall_due(self, work: Work, timers: Sequence[Timer]) -> None:
        """All that the days have brought, up to the one that the shop's clock has come to.

        The ledger goes day by day, and puts changes of tiers and what becomes of rewards into their place. Tiers read
        what was earned and from when on it counts, never what is left, so what they come to does not turn on what the
        ledger did before.
        """
        slugs = await slugs_of(work.tx.conn, [timer.shop for timer in timers])
        shops = {number: work.shop(slug) for number, slug in sorted(slugs.items())}
        versions = await self._versions.load(work.tx.conn, shops)
        plans = {number: tiers.plan_of(shop, versions[number]) for number, shop in shops.items()}
        plans = {number: plan for number, plan in plans.items() if plan.has_tiers}
        turns = [one for number, shop in shops.items() for one in await _turns(work, shop, timers)]
        asked = await _persons(work, turns)
        looked = await tiers.look(work.tx.conn, plans, asked)
        besides = [*tiers.beside(plans, looked), *await rewards.turn_rewards(work, shops, turns)]
        terms = await self._terms_of(work, list(shops.values()))
        await post(work.tx, terms, turns, shard=work.shard, besides=besides)
        await tiers.keep(work.tx, plans, looked)
        await rewards.arm_rewards(work, shops, turns)


async def _turns(work: Work, shop: Shop, timers: Sequence[Timer]) -> list[Turn]:
    own = [timer for timer in timers if timer.shop == shop.number]
    reached = await clocks.reached(work, shop, [_partition(timer) for timer in own])
    found = []
    for timer in own:
        day, origin = reached[_partition(timer)]
        who = Who(shop.number, int(parse_customer_id(timer.identity)))
        found.append(Turn(who, Cause(us_of(work.tx.now), origin=origin), day, _partition(timer)))
    return found


async def _persons(work: Work, turns: Sequence[Turn]) -> list[tiers.Asked]:
    """The persons whose turn it is, their memberships locked: neither tiers nor rewards change meanwhile."""
    conn = work.tx.conn
    wanted: dict[int, set[int]] = {}
    for one in turns:
        wanted.setdefault(one.who.shop, set()).add(one.who.customer)
    await persons.hold(conn, wanted)
    whose = await persons.persons_of(conn, wanted)
    asked: dict[tuple[int, int], tiers.Asked] = {}
    for one in turns:
        person = whose.get((one.who.shop, one.who.customer)) or persons.alone(*one.who)
        asked[person.shop, person.customer] = tiers.Asked(
            person, one.cause, one.day, one.partition, stirred=False, fired=True
        )
    everybody = [(one.person.shop, identity) for one in asked.values() for identity in one.person.identities]
    await members.members_of(conn, everybody, lock=True)
    return list(asked.values())


def _partition(timer: Timer) -> int:
    """Of the customer's events: timers of shops on the stream clock lie elsewhere."""
    return timer.partition if timer.partition >= 0 else place_of(timer.partition)[1]
