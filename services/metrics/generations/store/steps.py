"""The steps of a build: orders are dated, then customers counted; what changes meanwhile is taken out and put in anew.

At any moment the new generation's counters are the sum over all guests' orders in `built_order`, and over all customers
up to the cursor, of what `built_order` and `built_spell` say of them. Nobody else writes any of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.metrics.counters import BOOKED, RESTATED, Deltas, add, merge
from services.metrics.generations.domain.progress import Phase
from services.metrics.generations.store import built, customers, touched
from services.metrics.generations.store.progress import Build, moved_on
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

ORDERS_MAX = 1_000
CUSTOMERS_MAX = 500
TOUCHED_MAX = 500


@dataclass(frozen=True)
class Steps:
    """What a step is done with."""

    count: Sequence[Callable[[Changes], Deltas]]
    count_booked: Sequence[Callable[[Accounts], Deltas]]

    async def one(self, conn: asyncpg.Connection[Any], build: Build, shard: int) -> Build:
        """The next step: first what changed meanwhile, then what the phase is about. At READY, only the former."""
        if orders := await touched.take(conn, build.generation.counters.shop, TOUCHED_MAX):
            return await self._again(conn, build, orders, shard)
        if build.phase is Phase.ORDERS:
            return await self._date(conn, build, shard)
        if build.phase is Phase.CUSTOMERS:
            return await self._count(conn, build, shard)
        return build

    async def _date(self, conn: asyncpg.Connection[Any], build: Build, shard: int) -> Build:
        found = await redated_behind(conn, _days(build), build.order_cursor, ORDERS_MAX, as_they_are=build.same_days)
        if not found:
            return moved_on(build, phase=Phase.CUSTOMERS)
        await self._put(conn, build, found, shard)
        return moved_on(
            build,
            order_cursor=found[-1].order_id,
            orders_done=build.orders_done + len(found),
            moved=build.moved + sum(order.moved for order in found),
        )

    async def _again(self, conn: asyncpg.Connection[Any], build: Build, orders: Sequence[str], shard: int) -> Build:
        found = await redated(conn, _days(build), orders, as_they_are=build.same_days)
        await self._put(conn, build, found, shard)
        return moved_on(build, moved=build.moved + sum(order.moved for order in found))

    async def _put(self, conn: asyncpg.Connection[Any], build: Build, found: Sequence[Redated], shard: int) -> None:
        """Write orders anew, and take the difference into the counters of those who are counted already."""
        shop, number = build.generation.counters.shop, build.number
        ids = [order.order_id for order in found]
        behind = await built.guests(conn, shop, number, ids)
        counted: dict[int, Person] = {}
        if build.customer_cursor:
            theirs = await built.owners(conn, shop, number, ids)
            theirs |= {order.customer for order in found} | {s.customer for order in found for s in order.steps}
            counted = await built.persons(conn, shop, number, [c for c in theirs if GUEST < c <= build.customer_cursor])
        await built.write(conn, shop, number, found)
        now = await built.guests(conn, shop, number, ids)
        after = await built.persons(conn, shop, number, counted)
        signed = [(-1, person) for person in (*behind, *counted.values())]
        signed += [(1, person) for person in (*now, *after.values())]
        await self._add(conn, build, signed, shard)
        await self._save(conn, build, after)

    async def _count(self, conn: asyncpg.Connection[Any], build: Build, shard: int) -> Build:
        shop, number = build.generation.counters.shop, build.number
        numbers = await built.customers_behind(conn, shop, number, build.customer_cursor, CUSTOMERS_MAX)
        if not numbers:
            return moved_on(build, phase=Phase.READY, customer_cursor=2**63 - 1)
        found = await built.persons(conn, shop, number, numbers)
        await self._add(conn, build, [(1, person) for person in found.values()], shard)
        await self._save(conn, build, found)
        return moved_on(build, customer_cursor=numbers[-1], customers_done=build.customers_done + len(numbers))

    async def _save(self, conn: asyncpg.Connection[Any], build: Build, persons: Mapping[int, Person]) -> None:
        shop, number = build.generation.counters.shop, build.number
        await customers.save(conn, shop, number, persons.values(), frame_of(build.generation).depth)
        await customers.take_lives(conn, shop, number, build.live, sorted(persons), put_off=build.puts_off)

    async def _add(
        self, conn: asyncpg.Connection[Any], build: Build, signed: Sequence[tuple[int, Person]], shard: int
    ) -> None:
        shop, frame = build.generation.counters.shop, frame_of(build.generation)
        changes, accounts = changes_of(frame, shop, signed), accounts_anew(frame, shop, signed)
        numbers = {shop: build.number}
        await add(conn, merge([count(changes) for count in self.count]), numbers, shard, RESTATED)
        await add(conn, merge([count(accounts) for count in self.count_booked]), numbers, shard, BOOKED)


def _days(build: Build) -> ShopDays:
    of = build.generation
    return ShopDays(of.counters.shop, of.zone, of.calendar, of.closing_days)
