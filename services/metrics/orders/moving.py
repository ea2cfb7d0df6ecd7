"""Customers in: when a merge, or its undoing, moves an identity, its orders are counted for another customer.

To everything behind, that is what a shop does who gives an order to another customer: each order is amended, leaves
one customer and comes to another, and counters, cohorts, books and stages follow as they always do.

1 what the events say of pointers   2 hold the shops alone, keep what is new   3 lock and amend the orders that name
the identities that moved   4 from there on as with a batch of orders
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np

from services.metrics import counters
from services.metrics.counters import Generation
from services.metrics.orders.consumer import Doing, Done, Moved, OrderConsumer, days_of_shop
from services.metrics.orders.domain.accounts import shifts_of
from services.metrics.orders.domain.amend import Amendment, dated, moves_of
from services.metrics.orders.domain.batch import Batch
from services.metrics.orders.domain.changes import Turns, no_turns
from services.metrics.orders.domain.days import ShopDays
from services.metrics.orders.events import translate
from services.metrics.orders.store import facts, named, past
from services.metrics.orders.store.lives import order_days
from services.metrics.orders.store.marking import mark
from services.metrics.orders.store.settling import settle_of
from shared import pointers
from shared.contracts.customers import CustomerEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work
from shared.orders import GUEST, OrderState, resolved
from shared.pointers import Move, Pointer

Visits = Callable[["asyncpg.Connection[Any]", Generation, Mapping[int, tuple[int, int]]], Awaitable[set[int]]]
"""Counts visits of identities for other customers: (from, to) by identity. Those who lost or got any."""
Answers = Callable[["asyncpg.Connection[Any]", int, Mapping[int, tuple[int, int]]], Awaitable[bool]]
"""Counts answers of identities for other customers, likewise. Whether there were any."""
Mark = Callable[["asyncpg.Connection[Any]", int, Collection[int]], Awaitable[None]]
"""Notes customers whose stages changed while their shop is built."""

_WAIT_MS = 5_000


class Crowded(TimeoutError):
    """Others count for the shop all the time: the batch is to be tried again."""


@dataclass
class IdentityConsumer:
    """The handler of `customers.v1`: keeps pointers, and has orders and visits counted by them."""

    orders: OrderConsumer
    move_visits: Visits
    mark_people: Mark
    move_answers: Answers

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> None:
        """Nearly all events only tell of a profile: one look at the pointers, and no lock."""
        shops = {slug: work.shop(slug) for slug in {delivery.event.shop for delivery in deliveries}}
        told = pointers.told_of(deliveries, {slug: shop.number for slug, shop in shops.items()}, work.refuse)
        if news := await pointers.news(work.tx.conn, told):
            await self._heed(work, deliveries, shops, news)

    async def _heed(
        self,
        work: Work,
        deliveries: Sequence[Delivery[CustomerEvent]],
        shops: Mapping[str, Shop],
        told: Mapping[tuple[int, int], Pointer],
    ) -> None:
        conn, concerned = work.tx.conn, {shop for shop, _ in told}
        shops = {slug: shop for slug, shop in shops.items() if shop.number in concerned}
        await _hold_alone(conn, concerned)
        moved = await pointers.heed(conn, told)
        if not moved:
            return
        held = await counters.hold(conn, concerned)
        generations = await counters.ensure_generations(conn, shops.values())
        follow = None if self.orders.follow is None else await self.orders.follow(work, deliveries, shops, generations)
        days = {number: days_of_shop(number, generation) for number, generation in generations.items()}
        await facts.prepare(conn)
        amended, visitors, otherwise = list[Amendment](), dict[tuple[int, int], int](), set[int]()
        for shop in sorted({one.shop for one in moved}):
            own = [one for one in moved if one.shop == shop]
            if shop in held.settling:
                await settle_of(conn, shop, {who for one in own for who in (one.customer, one.before, one.after)})
            amended += await _amend(conn, shop, own, days)
            moves = {one.customer: (one.before, one.after) for one in own}
            changed = await self.move_visits(conn, generations[shop], moves)
            if await self.move_answers(conn, shop, moves):
                otherwise.add(shop)
            position = {who: one.position for one in own for who in (one.before, one.after)}
            visitors |= {(shop, who): position[who] for who in changed}
            if shop in held.built:
                await self.mark_people(conn, shop, sorted(position))
        empty = translate([], {}, work.tx.now, work.refuse)
        if held.built:
            states = {one.order: one.after.state for one in amended}
            await mark(conn, Batch(empty.plain, states, {}), held.built)
        none = np.zeros(0, np.int64)
        turns = await _turns(conn, amended, moved, visitors)
        change = Moved(moves_of(empty.plain, none, amended), turns, shifts_of(empty.plain, none, amended))
        doing = Doing(conn, empty, generations, days, follow)
        deltas, booked = await self.orders.count_moved(doing, change, careful=True)
        await self.orders.conclude(work, deliveries, Done(shops, generations, follow, deltas, booked, otherwise))


async def _hold_alone(conn: asyncpg.Connection[Any], shops: Collection[int]) -> None:
    for shop in counters.in_order_of_holding(shops):
        if not await counters.hold_alone(conn, shop, _WAIT_MS):
            raise Crowded("others count for the shop; the batch is tried again")


async def _amend(
    conn: asyncpg.Connection[Any], shop: int, moved: Sequence[Move], days: Mapping[int, ShopDays]
) -> list[Amendment]:
    """Lock the orders that name identities that moved, and write them as those of other customers."""
    canonical = {one.customer: one.after for one in moved}
    rows = await facts.lock(conn, await named.orders_naming(conn, shop, canonical))
    kept = await past.load(conn, rows)
    known = {order: facts.known(row, kept[order]) for order, row in rows.items()}
    after = dated({order: resolved(one.state, canonical) for order, one in known.items()}, days)
    amended = [Amendment(order, OrderState(), one, after[order]) for order, one in known.items()]
    await facts.amend(conn, after)
    await named.count_contents(conn, shop, canonical)
    await past.record(conn, amended, [], [])
    return amended


async def _turns(
    conn: asyncpg.Connection[Any],
    amended: Sequence[Amendment],
    moved: Sequence[Move],
    visitors: Mapping[tuple[int, int], int],
) -> Turns:
    """What leaves whom and comes to whom. Nothing of it happened on any day, so no clock is moved by it."""
    position = {(one.shop, one.customer): one.position for one in moved}
    rows = []
    for one in amended:
        was, now, content = one.life_before.fact, one.after.life.fact, one.after.state.content
        if was is None or now is None or content is None or was.customer == now.customer:
            continue
        at = position[one.order.shop, content.identity or content.customer]
        for sign, fact in ((-1, was), (1, now)):
            if fact.customer != GUEST:
                rows.append((sign, one.order.shop, fact.customer, fact.day, 0, at))
    concerned = {(shop, customer) for _, shop, customer, *_ in rows}
    for shop in {shop for shop, _ in visitors}:
        # Days of visits moved, and no order did: an order that leaves and comes has stages worked out anew.
        others = sorted(who for of, who in visitors if of == shop and (of, who) not in concerned)
        for who, own in (await order_days(conn, shop, others)).items():
            rows += [(sign, shop, who, day, 0, visitors[shop, who]) for day in own[-1:] for sign in (-1, 1)]
    if not rows:
        return no_turns()
    turns = Turns(*np.array(rows, np.int64).T)
    return turns.chosen(np.lexsort((turns.sign, turns.position, turns.customer, turns.shop)))
