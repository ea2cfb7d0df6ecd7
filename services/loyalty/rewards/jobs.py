"""Timers of rewards: holds that nobody captured or released, rewards that expire, and word of it ahead of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.loyalty import clocks
from services.loyalty.points import Cause, Operation, Release, TermsOf, Who, post
from services.loyalty.rewards import events
from services.loyalty.rewards.domain.redemption import Redemption, State, Trouble, next_notice, passed, step
from services.loyalty.rewards.domain.reward import Reward
from services.loyalty.rewards.events import Happened
from services.loyalty.rewards.redeeming import EXPIRY_TIMER, HOLD_TIMER, expiry_timer, put_back
from services.loyalty.rewards.store import catalogue, redemptions
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.kernel import Zone, us_of
from shared.messaging.handling import Timer, TimerHandler, Work

_SLUGS = "SELECT number, slug FROM shop WHERE number = ANY($1::int[]) ORDER BY number"


class RewardJobs:
    """The timers' handlers."""

    def __init__(self, terms_of: TermsOf) -> None:
        self._terms_of = terms_of

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {HOLD_TIMER: self.lapse, EXPIRY_TIMER: self.fall_due}

    async def lapse(self, work: Work, timers: Sequence[Timer]) -> None:
        """Holds whose time is over: reward, code and points are free again."""
        operations: list[Operation] = []
        shops = await _shops(work, timers)
        for shop in shops:
            ids = [timer.identity for timer in timers if timer.shop == shop.number]
            day, origin = (await clocks.reached(work, shop, [0]))[0]
            lapsing: list[tuple[Redemption, Redemption]] = []
            for one in await redemptions.lock_several(work.tx.conn, shop.number, ids):
                after = step(one, State.LAPSED, work.tx.now)
                if not isinstance(after, Trouble) and after is not one:
                    lapsing.append((one, after))
            # Rewards are locked in one order, whichever holds lapse together.
            for one, after in sorted(lapsing, key=lambda pair: (pair[0].reward, pair[0].id)):
                await put_back(work.tx, shop, one, after)
                if one.points:
                    cause = Cause(us_of(work.tx.now), origin=origin, reason="lapsed")
                    operations.append(Release(Who(shop.number, one.customer), one.id, cause, day, lapsed=True))
        await post(work.tx, await self._terms_of(work, shops), operations, shard=work.shard)

    async def fall_due(self, work: Work, timers: Sequence[Timer]) -> None:
        """Rewards that expire, or of which somebody is to be told that they will."""
        found: list[Happened] = []
        for shop in await _shops(work, timers):
            own = {timer.identity: timer for timer in timers if timer.shop == shop.number}
            origin = (await clocks.reached(work, shop, [0]))[0].origin
            for one in await redemptions.lock_several(work.tx.conn, shop.number, list(own)):
                # The time of a shop that goes by its events has come as far as the timer, and who knows how far more.
                now = own[one.id].due if shop.clock == "stream" else work.tx.now
                reward = await catalogue.of_version(work.tx.conn, shop.number, one.reward, one.version)
                happened = _due(shop, one, reward, now)
                after = one if happened is None else happened.one
                if after.state is State.GRANTED and after.ends_at is not None:
                    work.tx.set_timer(expiry_timer(shop, after, reward))
                if happened is not None:
                    found.append(happened._replace(origin=origin))
        await work.tx.lock_keys(Counter(events.key_of(each.shop, each.one.customer) for each in found))
        for each in found:
            key = events.key_of(each.shop, each.one.customer)
            await redemptions.save(work.tx.conn, each.shop.number, State.GRANTED, each.one)
            work.tx.publish(topics.LOYALTY_REWARDS, key, events.told(each, work.tx.sequence(key)))


def _due(shop: Shop, one: Redemption, reward: Reward, now: datetime) -> Happened | None:
    """What an instant does to a reward that was granted."""
    if one.state is not State.GRANTED or one.ends_at is None:
        return None
    zone = Zone(shop.zone)
    if now >= one.ends_at:
        return Happened("expired", shop, one._replace(state=State.EXPIRED), reward, one.ends_at)
    if now < next_notice(one.ends_at, reward.reminders, one.noticed, zone):
        return None
    lead = passed(one.ends_at, reward.reminders, now, zone)
    return Happened("expiring", shop, one._replace(noticed=lead), reward, now, lead)


async def _shops(work: Work, timers: Sequence[Timer]) -> list[Shop]:
    rows = await work.tx.conn.fetch(_SLUGS, sorted({int(timer.shop) for timer in timers}))
    return [work.shop(slug) for _, slug in rows]
