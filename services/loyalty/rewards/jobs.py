"""Timers of rewards: holds that nobody captured or released. How rewards end is in the day's turn (`turning`)."""

from __future__ import annotations

from collections.abc import Sequence

from services.loyalty import clocks
from services.loyalty.points import Cause, Operation, Release, TermsOf, Who, post
from services.loyalty.rewards.domain.redemption import Redemption, State, Trouble, step
from services.loyalty.rewards.redeeming import HOLD_TIMER, put_back
from services.loyalty.rewards.store import redemptions
from shared.contracts.shops import Shop
from shared.kernel import us_of
from shared.messaging.handling import Timer, TimerHandler, Work

_SLUGS = "SELECT number, slug FROM shop WHERE number = ANY($1::int[]) ORDER BY number"


class RewardJobs:
    """The timer's handler."""

    def __init__(self, terms_of: TermsOf) -> None:
        self._terms_of = terms_of

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {HOLD_TIMER: self.lapse}

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


async def _shops(work: Work, timers: Sequence[Timer]) -> list[Shop]:
    rows = await work.tx.conn.fetch(_SLUGS, sorted({int(timer.shop) for timer in timers}))
    return [work.shop(slug) for _, slug in rows]
