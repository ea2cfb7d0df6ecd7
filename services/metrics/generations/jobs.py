"""Building a generation: when a shop's settings change, a timer builds step by step, switches, and clears up.

The order of locks is: the shop (alone), the build, counters. Whoever counts orders holds the shop first (shared), then
orders, customers, counters of the live generation; so nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from services.metrics.counters import Generation, hold, hold_alone
from services.metrics.generations.domain.progress import MOVED_AT_ONCE, Phase
from services.metrics.generations.domain.settings import built_with, chosen_by
from services.metrics.generations.store import progress, purging, restaging, switching, touched
from services.metrics.generations.store.progress import Build, moved_on
from services.metrics.generations.store.steps import Site, Steps, site
from services.metrics.lifecycle import look_at, watch_visits
from shared.contracts.shops import Shop, ShopConfigured
from shared.kernel import ShopId
from shared.messaging.handling import Delivery, Timer, Work
from shared.messaging.reference import keep_shops

BUILD_TIMER, PURGE_TIMER, STAGES_TIMER = "generation_build", "generation_purge", "generation_stages"
DEBOUNCE = timedelta(seconds=2)
"""Settings are often changed one by one: wait for the next."""
BREATH = timedelta(milliseconds=100)
STEP_SECONDS = 0.3
"""So long one transaction works: the partition's events wait meanwhile."""
ALONE_SECONDS = 0.8
ALONE_WAIT_MS = 500
SETTLED_MAX = 4_000
"""Orders that are given other days by one step after a switch."""
_FEW = 200
"""Marks that can be worked off while the shop stands still."""

Announce = Callable[[Work, Mapping[Shop, int]], None]


async def keep_and_build(work: Work, deliveries: Sequence[Delivery[ShopConfigured]]) -> None:
    """Handler of `shops.v1`: keeps the settings, and has a look taken at what follows from them."""
    await keep_shops(work, deliveries)
    for delivery in deliveries:
        shop = delivery.event.data
        due = work.tx.now + DEBOUNCE
        # Topics have one number of partitions, and one worker owns the same of each.
        work.tx.set_timer(Timer(ShopId(shop.number), BUILD_TIMER, shop.slug, due, delivery.partition))
        watch_visits(work, shop, delivery.partition)


@dataclass(frozen=True)
class Builder:
    """The timers' handlers."""

    steps: Steps
    announce: Sequence[Announce] = ()
    """Who wants to know that a shop's figures are others now."""

    async def build(self, work: Work, timers: Sequence[Timer]) -> None:
        """Move the build of each shop on for a moment; come back until it is live."""
        for timer in sorted(timers, key=lambda timer: timer.shop):
            pause = await self._move(work, work.shop(timer.identity), timer.partition)
            if pause is not None:
                due = work.tx.now + pause
                work.tx.set_timer(Timer(timer.shop, BUILD_TIMER, timer.identity, due, timer.partition))

    async def purge(self, work: Work, timers: Sequence[Timer]) -> None:
        """Remove some of what is left of old generations."""
        for timer in sorted(timers, key=lambda timer: timer.shop):
            if await purging.purge(work.tx.conn, int(timer.shop)):
                work.tx.set_timer(Timer(timer.shop, PURGE_TIMER, "", work.tx.now + BREATH, timer.partition))

    async def restage(self, work: Work, timers: Sequence[Timer]) -> None:
        """After a switch: have changes told that other settings have made; the timer tells from which customer on."""
        for timer in sorted(timers, key=lambda timer: timer.shop):
            slug, _, last = timer.identity.rpartition("/")
            found, reached = await restaging.put_off_behind(work.tx.conn, int(timer.shop), int(last))
            await look_at(work, work.shop(slug), found)
            if reached is not None:
                due = work.tx.now + BREATH
                work.tx.set_timer(Timer(timer.shop, STAGES_TIMER, f"{slug}/{reached}", due, timer.partition))

    async def _move(self, work: Work, shop: Shop, partition: int) -> timedelta | None:
        """One look at a shop. After what pause the next is due; None: nothing is to be done."""
        conn, wanted = work.tx.conn, chosen_by(shop)
        live = await progress.live(conn, shop.number)
        if live is None:
            return None  # the shop's first order will take the newest settings
        build = await progress.current(conn, shop.number)
        if build is not None and build.phase is Phase.SETTLING:
            return await self._settle(work, shop, partition)
        if build is None and built_with(live) == wanted:
            return None
        if build is None or built_with(build.generation) != wanted:
            if await hold_alone(conn, shop.number, ALONE_WAIT_MS):
                await self._begin_or_give_up(work, shop, partition, live, build)
            return BREATH
        return await self._move_on(work, shop, partition, build)

    async def _begin_or_give_up(
        self, work: Work, shop: Shop, partition: int, live: Generation, build: Build | None
    ) -> None:
        conn, wanted = work.tx.conn, chosen_by(shop)
        if build is not None:
            await progress.give_up(conn, shop.number)
            self._clear_up(work, shop, partition)
            return
        keeps_days = wanted.keeps_days(built_with(live))
        await progress.begin(conn, shop.number, wanted, live, keeps_days=keeps_days, now=work.tx.now)

    async def _move_on(self, work: Work, shop: Shop, partition: int, build: Build) -> timedelta | None:
        conn = work.tx.conn
        build = (await self._work(site(work, build, shop), STEP_SECONDS)).build
        await progress.save(conn, build)
        if build.phase is not Phase.READY or await touched.waiting(conn, shop.number) > _FEW:
            return BREATH
        await self.switch(work, shop, partition, ALONE_SECONDS)
        return BREATH

    async def _settle(self, work: Work, shop: Shop, partition: int) -> timedelta:
        """Orders are given the days of the generation that went live. After the last, look whether more is wanted."""
        await hold(work.tx.conn, [shop.number])
        if await switching.settle(work.tx.conn, shop.number, SETTLED_MAX):
            self._clear_up(work, shop, partition)
        return BREATH

    async def switch(self, work: Work, shop: Shop, partition: int, seconds: float) -> bool:
        """Let the shop stand still, work off the last marks, and switch. False when it is not to be had just now."""
        conn = work.tx.conn
        if not await hold_alone(conn, shop.number, ALONE_WAIT_MS):
            return False
        build = await progress.current(conn, shop.number)
        if build is None or build.phase is not Phase.READY:
            return False
        at = await self._work(site(work, build, shop), seconds)
        await progress.save(conn, at.build)
        if not await self.steps.is_done(at):
            return False
        await switching.switch(conn, at.build, at.of)
        if not await switching.settle(conn, shop.number, MOVED_AT_ONCE):
            await progress.save(conn, moved_on(at.build, phase=Phase.SETTLING))
        self._clear_up(work, shop, partition)
        work.tx.set_timer(Timer(ShopId(shop.number), STAGES_TIMER, f"{shop.slug}/0", work.tx.now, partition))
        for announce in self.announce:
            announce(work, {shop: partition})
        return True

    async def _work(self, at: Site, seconds: float) -> Site:
        """Steps for so long, or until nothing is to be done."""
        began = monotonic()
        while True:
            at = at._replace(build=await self.steps.one(at))
            if monotonic() - began >= seconds or await self.steps.is_done(at):
                break
        busy = round((monotonic() - began) * 1000)
        return at._replace(build=moved_on(at.build, busy_ms=at.build.busy_ms + busy))

    def _clear_up(self, work: Work, shop: Shop, partition: int) -> None:
        work.tx.set_timer(Timer(ShopId(shop.number), PURGE_TIMER, "", work.tx.now + BREATH, partition))
