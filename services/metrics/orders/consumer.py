"""Orders in, changes out: one batch of `orders.v1` in the transaction of the runtime.

1 translate events   2 claim orders: new ones are written, known ones locked and amended   3 claim customers, sorted
4 read what rewinds need   5 decide   6 save customers   7 hand the changes to the slices that count, add their sums

New orders and customers are copied in without looking first. Where one turns out to be known after all, the batch
goes back to where it began and does the same with care.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np

from services.metrics import counters
from services.metrics.counters import Deltas, Generation
from services.metrics.orders.domain.amend import (
    amendments,
    chosen,
    first_days,
    moves_of,
    refund_rows,
    status_rows,
)
from services.metrics.orders.domain.batch import Batch
from services.metrics.orders.domain.changes import Changes, Frame, frame_of
from services.metrics.orders.domain.decide import Moves, decide, owners_of, plan
from services.metrics.orders.events import ShopDays, state_at, translate
from services.metrics.orders.store import customers, facts
from shared.contracts.orders import OrderEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work

Count = Callable[[Changes], Deltas]
"""A slice that counts: pure, from the changes of a batch to changes of counters."""
Announce = Callable[[Work, Mapping[Shop, int]], None]
"""A slice that wants to know which shops changed (and by which partition), to do something later."""

_WARY_BATCHES = 16


@dataclass
class OrderConsumer:
    """The handler of `orders.v1`, and the slices that receive its changes, in their order."""

    count: Sequence[Count]
    announce: Sequence[Announce] = ()
    wary: int = 0
    """For so many batches more, care comes first: going back costs more than looking."""

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[OrderEvent]]) -> None:
        conn = work.tx.conn
        shops = {slug: work.shop(slug) for slug in {delivery.event.shop for delivery in deliveries}}
        generations = await counters.ensure_generations(conn, shops.values())
        days = {slug: ShopDays(shop.number, generations[shop.number].zone) for slug, shop in shops.items()}
        batch = translate(deliveries, days, work.tx.now, work.refuse)
        await facts.prepare(conn)
        deltas = await self._apply(conn, batch, generations)
        numbers = {number: generation.counters.generation for number, generation in generations.items()}
        await counters.add(conn, deltas, numbers, work.shard)
        changed = set(deltas.shop.tolist())
        partitions = {delivery.event.shop: delivery.partition for delivery in deliveries}
        for announce in self.announce:
            announce(work, {shop: partitions[slug] for slug, shop in shops.items() if shop.number in changed})

    async def _apply(
        self, conn: asyncpg.Connection[Any], batch: Batch, generations: Mapping[int, Generation]
    ) -> Deltas:
        if self.wary == 0 and not batch.states:
            try:
                async with conn.transaction():  # a savepoint
                    return await self._change(conn, batch, generations, careful=False)
            except asyncpg.UniqueViolationError:
                self.wary = _WARY_BATCHES
        self.wary = max(0, self.wary - 1)
        return await self._change(conn, batch, generations, careful=True)

    async def _change(
        self, conn: asyncpg.Connection[Any], batch: Batch, generations: Mapping[int, Generation], *, careful: bool
    ) -> Deltas:
        moves = await (_claim(conn, batch, generations) if careful else _insert(conn, batch))
        deltas = []
        frames = {number: frame_of(generation) for number, generation in generations.items()}
        for frame in sorted(set(frames.values())):  # one order for all writers: customers are locked frame by frame
            numbers = {shop: generations[shop].counters.generation for shop in frames if frames[shop] == frame}
            rows = np.flatnonzero(np.isin(moves.shop, list(numbers)))
            changes = await _decide(conn, frame, chosen(moves, rows), numbers, careful=careful)
            deltas += [count(changes) for count in self.count]
        return counters.merge(deltas)


async def _insert(conn: asyncpg.Connection[Any], batch: Batch) -> Moves:
    await facts.insert(conn, batch.plain)
    return moves_of(batch.plain, np.arange(len(batch.plain)), [])


async def _claim(conn: asyncpg.Connection[Any], batch: Batch, generations: Mapping[int, Generation]) -> Moves:
    zones = {number: generation.zone for number, generation in generations.items()}
    plain = batch.plain
    repeated = await facts.claim(conn, batch, first_days(batch.states, zones))
    known = await facts.load(conn, repeated)
    told = dict(batch.states)
    fresh = []
    for at, order in enumerate(plain.keys()):
        if order in repeated:
            told[order] = state_at(plain, at)
        else:
            fresh.append(at)
    amended = amendments(told, known, zones)
    await facts.amend(conn, {one.order: (one.after, one.days) for one in amended if one.before is not None})
    await facts.record(conn, status_rows(amended, zones), refund_rows(amended, zones))
    return moves_of(plain, np.array(fresh, np.int64), amended)


async def _decide(
    conn: asyncpg.Connection[Any], frame: Frame, moves: Moves, generations: Mapping[int, int], *, careful: bool
) -> Changes:
    shop, customer, owner = owners_of(moves)
    numbers = sorted(generations)
    generation = np.array([generations[number] for number in numbers], np.int64)[np.searchsorted(numbers, shop)]
    before = await customers.claim(conn, shop, customer, generation, frame.depth, careful=careful)
    planned = plan(moves, owner, before.states)
    stretch = await customers.stretches(conn, planned, frame.depth)
    changes, after = decide(frame, moves, planned, stretch)
    await customers.save(conn, before, after, generation)
    return changes
