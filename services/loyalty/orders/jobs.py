"""By timers: what joining over HTTP earns. Who joins by an event or an order is seen to in that event's batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.loyalty import members, persons
from services.loyalty.clocks import Reached, partition_of, reached
from services.loyalty.members import JOIN_TIMER, Joined
from services.loyalty.orders.events import Batch, Heard
from services.loyalty.orders.judging import Daily, Doing, Wary, judge, with_joined
from services.loyalty.orders.schemes import Schemes
from services.loyalty.orders.telling import conclude
from services.loyalty.points import slugs_of
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.kernel import moment_of, parse_customer_id
from shared.messaging.handling import Delivery, Timer, TimerHandler, Work


@dataclass
class JoinJobs:
    """The timer's handler."""

    daily: Sequence[Daily] = ()
    schemes: Schemes = field(default_factory=Schemes)
    wary: Wary = field(default_factory=Wary)

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {JOIN_TIMER: self.welcome}

    async def welcome(self, work: Work, timers: Sequence[Timer]) -> None:
        """What rules on `member joined` give, and what was told before the membership was.

        An occasion of its own, as by an event: however often it is looked at, it earns once.
        """
        conn = work.tx.conn
        slugs = await slugs_of(conn, [timer.shop for timer in timers])
        shops = {number: work.shop(slug) for number, slug in sorted(slugs.items())}
        await persons.hold(conn, shops)
        joined = await _joined(work, shops, timers)
        doing = Doing(work, shops, await self.schemes.load(conn, shops), Batch(), daily=self.daily)
        wanted = {shop: {one.member.customer for one, _ in joined if one.shop == shop} for shop in shops}
        doing = await with_joined(doing, joined, await persons.persons_of(conn, wanted))
        if not doing.batch.told and not doing.again:
            return
        judged = await judge(doing, self.wary)
        days: dict[tuple[str, int], Reached] = {}
        places = sorted({heard.delivery.partition for _, heard in joined})
        for shop in shops.values():
            days |= {(shop.slug, place): moment for place, moment in (await reached(work, shop, places)).items()}
        await conclude(doing, judged, lambda one: days[one.delivery.event.shop, one.delivery.partition])


async def _joined(work: Work, shops: Mapping[int, Shop], timers: Sequence[Timer]) -> list[tuple[Joined, Heard]]:
    """The members, each with the word of it that the API has published."""
    wanted = [(int(timer.shop), int(parse_customer_id(timer.identity))) for timer in timers]
    found = await members.members_of(work.tx.conn, wanted)
    joined = []
    for position, ((number, customer), member) in enumerate(sorted(found.items())):
        effect = members.Effect(moment_of(member.joined.at), 0)
        event = members.told(shops[number].slug, member._replace(absences=()), "join", effect, 0)
        partition = await partition_of(work.tx.conn, shops[number], customer)
        heard = Heard(position, Delivery(event, topics.LOYALTY_MEMBERS, partition, 0, 0, b""))
        joined.append((Joined(number, member, fresh=True), heard))
    return joined
