"""The steps of a build: orders are dated, customers counted, stages worked out; what changes meanwhile is done anew.

At any moment the new generation's counters are the sum, over all guests' orders in `built_order` and over all customers
up to the cursor, of what `built_order` and `built_spell` say of them, and over all customers whose stages were worked
out, of what `transition` says of them. Nobody else writes any of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.metrics import lifecycle
from services.metrics.counters import BOOKED, RESTATED, Deltas, add, merge
from services.metrics.generations.domain.progress import Phase
from services.metrics.generations.store import built, customers, touched
from services.metrics.generations.store.progress import Build, moved_on
from services.metrics.lifecycle import Beside, beside_of
from services.metrics.orders import (
    GUEST,
    Accounts,
    Changes,
    Person,
    Redated,
    ShopDays,
    accounts_anew,
    changes_of,
    frame_of,
    redated,
    redated_behind,
)
from shared.contracts.shops import Shop
from shared.messaging.handling import Work

ORDERS_MAX = 1_000
CUSTOMERS_MAX = 500
TOUCHED_MAX = 500
_ALL = 2**63 - 1


class Site(NamedTuple):
    """Where something is built."""

    work: Work
    build: Build
    of: Beside

    @property
    def key(self) -> tuple[int, int]:
        """(shop, generation)."""
        return self.build.generation.counters.shop, self.build.number


def site(work: Work, build: Build, shop: Shop) -> Site:
    """Of a shop's build."""
    return Site(work, build, beside_of(shop, build.generation, build.live, frame_of(build.generation).depth))


@dataclass(frozen=True)
class Steps:
    """What a step is done with."""

    count: Sequence[Callable[[Changes], Deltas]]
    count_booked: Sequence[Callable[[Accounts], Deltas]]

    async def one(self, site: Site) -> Build:
        """The next step: first what changed meanwhile, then what the phase is about. At READY, only the former.

        Stages are worked out when no order waits and all figures are there: by what all customers have done.
        """
        if orders := await touched.take(site.work.tx.conn, site.key[0], TOUCHED_MAX):
            return await self._again(site, orders)
        phase = site.build.phase
        if phase is Phase.ORDERS:
            return await self._date(site)
        return await (self._count(site) if phase is Phase.CUSTOMERS else self._follow(site))

    async def _follow(self, site: Site) -> Build:
        if not await lifecycle.freeze(site.work, site.of):
            return site.build
        if marked := await lifecycle.take(site.work.tx.conn, site.key[0], TOUCHED_MAX):
            await self._stage(site, marked)
            return site.build
        return await self._stage_next(site) if site.build.phase is Phase.STAGES else site.build

    @staticmethod
    async def is_done(site: Site) -> bool:
        """Whether nothing is left but the switch."""
        if site.build.phase is not Phase.READY or await touched.waiting(site.work.tx.conn, site.key[0]):
            return False
        return not await lifecycle.is_marked(site.work.tx.conn, site.key[0]) and await lifecycle.freeze(
            site.work, site.of
        )

    async def _date(self, site: Site) -> Build:
        build = site.build
        found = await redated_behind(
            site.work.tx.conn, _days(build), build.order_cursor, ORDERS_MAX, as_they_are=build.same_days
        )
        if not found:
            return moved_on(build, phase=Phase.CUSTOMERS)
        await self._put(site, found)
        return moved_on(
            build,
            order_cursor=found[-1].order_id,
            orders_done=build.orders_done + len(found),
            moved=build.moved + sum(order.moved for order in found),
        )

    async def _again(self, site: Site, orders: Sequence[str]) -> Build:
        build = site.build
        found = await redated(site.work.tx.conn, _days(build), orders, as_they_are=build.same_days)
        await self._put(site, found)
        return moved_on(build, moved=build.moved + sum(order.moved for order in found))

    async def _put(self, site: Site, found: Sequence[Redated]) -> None:
        """Write orders anew, and take the difference into the counters of those who are counted already."""
        conn, build, (shop, number) = site.work.tx.conn, site.build, site.key
        ids = [order.order_id for order in found]
        behind = await built.guests(conn, shop, number, ids)
        theirs: set[int] = set()
        counted: dict[int, Person] = {}
        if build.customer_cursor:
            theirs = await built.owners(conn, shop, number, ids)
            theirs |= {order.customer for order in found} | {s.customer for order in found for s in order.steps}
            theirs.discard(GUEST)
            counted = await built.persons(conn, shop, number, [c for c in theirs if c <= build.customer_cursor])
        await built.write(conn, shop, number, found)
        now = await built.guests(conn, shop, number, ids)
        after = await built.persons(conn, shop, number, counted)
        signed = [(-1, person) for person in (*behind, *counted.values())]
        signed += [(1, person) for person in (*now, *after.values())]
        await self._add(site, signed)
        await customers.save(conn, shop, number, after.values(), site.of.depth)
        if build.phase in (Phase.STAGES, Phase.READY):
            await lifecycle.mark(conn, shop, theirs)

    async def _count(self, site: Site) -> Build:
        conn, build, (shop, number) = site.work.tx.conn, site.build, site.key
        numbers = await built.customers_behind(conn, shop, number, build.customer_cursor, CUSTOMERS_MAX)
        if not numbers:
            return moved_on(build, phase=Phase.STAGES, customer_cursor=_ALL)
        found = await built.persons(conn, shop, number, numbers)
        await self._add(site, [(1, person) for person in found.values()])
        await customers.save(conn, shop, number, found.values(), site.of.depth)
        return moved_on(build, customer_cursor=numbers[-1], customers_done=build.customers_done + len(numbers))

    async def _stage_next(self, site: Site) -> Build:
        conn, build, (shop, number) = site.work.tx.conn, site.build, site.key
        after, live = build.stage_cursor, build.live.counters.generation
        found = await customers.behind(conn, shop, (number, live), after, CUSTOMERS_MAX)
        found += await lifecycle.visitors_behind(conn, shop, after, CUSTOMERS_MAX) if site.of.heeds_visits else []
        numbers = sorted(set(found))[:CUSTOMERS_MAX]
        if not numbers:
            return moved_on(build, phase=Phase.READY, stage_cursor=_ALL)
        await self._stage(site, numbers)
        return moved_on(build, stage_cursor=numbers[-1], stages_done=build.stages_done + len(numbers))

    async def _stage(self, site: Site, numbers: Sequence[int]) -> None:
        conn, build, (shop, number) = site.work.tx.conn, site.build, site.key
        if build.same_stages:
            generations = number, build.live.counters.generation
            await customers.take_lives(conn, shop, generations, numbers, site.of.depth)
            return
        persons = await built.persons(conn, shop, number, numbers)
        days = {customer: [order.day for order in person.orders] for customer, person in persons.items()}
        deltas = await lifecycle.stage(site.work, site.of, days)
        await add(conn, deltas, {shop: number}, site.work.shard, RESTATED)

    async def _add(self, site: Site, signed: Sequence[tuple[int, Person]]) -> None:
        conn, build, (shop, number) = site.work.tx.conn, site.build, site.key
        frame = frame_of(build.generation)
        changes, accounts = changes_of(frame, shop, signed), accounts_anew(frame, shop, signed)
        numbers = {shop: number}
        await add(conn, merge([count(changes) for count in self.count]), numbers, site.work.shard, RESTATED)
        await add(conn, merge([count(accounts) for count in self.count_booked]), numbers, site.work.shard, BOOKED)
        gaps = [(sign, one.customer, [order.day for order in one.orders]) for sign, one in signed]
        await lifecycle.count_gaps(site.work, site.of, [row for row in gaps if row[1] != GUEST])


def _days(build: Build) -> ShopDays:
    of = build.generation
    return ShopDays(of.counters.shop, of.zone, of.calendar, of.closing_days)
