"""Orders in, changes out: one batch of `orders.v1` in the transaction of the runtime.

1 translate events   2 claim orders: new ones are written, known ones locked and amended   3 claim customers, sorted
4 read what rewinds need   5 decide, and have the slice that follows customers decide   6 save customers
7 the follower publishes: keys are locked after customers   8 hand the changes to the slices that count, add their sums

New orders and customers are copied in without looking first. Where one turns out to be known after all, the batch
goes back to where it began and does the same with care.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import asyncpg
import numpy as np

from services.metrics import counters
from services.metrics.counters import Deltas, Generation, Ints
from services.metrics.orders.domain.accounts import Accounts, Shifts, accounts_of, place_of, shifts_at, shifts_of
from services.metrics.orders.domain.amend import (
    Amendment,
    amendments,
    chosen,
    dated,
    moves_of,
    refund_rows,
    status_rows,
)
from services.metrics.orders.domain.batch import Batch, OrderKey, Told
from services.metrics.orders.domain.changes import Changes, Frame, Turns, frame_of, no_turns
from services.metrics.orders.domain.days import ShopDays
from services.metrics.orders.domain.decide import Moves, decide, owners_of, plan
from services.metrics.orders.domain.following import Follow, Followed
from services.metrics.orders.domain.turns import turns_of
from services.metrics.orders.events import counted_for, people_of, state_at, translate
from services.metrics.orders.store import accounts, customers, facts, past
from services.metrics.orders.store.marking import mark
from services.metrics.orders.store.settling import settle_batch
from shared import pointers
from shared.contracts.orders import ClockAdvanced, OrderEvent, OrdersEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work
from shared.orders import GUEST

Count = Callable[[Changes], Deltas]
"""A slice that counts: pure, from the changes of a batch to changes of counters."""
Announce = Callable[[Work, Mapping[Shop, int]], None]
"""A slice that wants to know which shops changed (and by which partition), to do something later."""
CountBooked = Callable[[Accounts], Deltas]
"""As `Count` on basis booked: from accounts of those customers whose books differ to changes of the difference."""


Follower = Callable[[Work, Sequence[Delivery[Any]], Mapping[str, Shop], Mapping[int, Generation]], Awaitable[Follow]]
"""Begins to follow: the work, the batch's events, shops by slug, generations by shop."""

_WARY_BATCHES = 16


@dataclass
class OrderConsumer:
    """The handler of `orders.v1`, and the slices that receive its changes, in their order."""

    count: Sequence[Count]
    announce: Sequence[Announce] = ()
    follow: Follower | None = None
    count_booked: Sequence[CountBooked] = ()
    wary: int = 0
    """For so many batches more, care comes first: going back costs more than looking."""

    async def __call__(self, work: Work, deliveries: Sequence[Delivery[OrdersEvent]]) -> None:
        conn = work.tx.conn
        shops = {slug: work.shop(slug) for slug in {delivery.event.shop for delivery in deliveries}}
        held = await counters.hold(conn, [shop.number for shop in shops.values()])
        generations = await counters.ensure_generations(conn, shops.values())
        follow = None if self.follow is None else await self.follow(work, deliveries, shops, generations)
        days = {number: days_of_shop(number, generation) for number, generation in generations.items()}
        batch = _translated(deliveries, {slug: days[shop.number] for slug, shop in shops.items()}, work)
        if merging := await pointers.merging(conn, list(generations)):
            batch = counted_for(batch, await pointers.pointers_of(conn, people_of(batch, merging)))
        await facts.prepare(conn)
        if held.settling:
            await settle_batch(conn, batch, held.settling)
        deltas, booked = await self._apply(Doing(conn, batch, generations, days, follow))
        if held.built:
            await mark(conn, batch, held.built)
        await self.conclude(work, deliveries, Done(shops, generations, follow, deltas, booked))

    async def conclude(self, work: Work, deliveries: Sequence[Delivery[Any]], done: Done) -> None:
        """Tell what follows, add the sums, and let the slices know that want to."""
        conn, (shops, generations, follow, deltas, booked, otherwise) = work.tx.conn, done
        if follow is not None:
            deltas.append(await follow.finish())
        numbers = {number: generation.counters.generation for number, generation in generations.items()}
        merged = counters.merge(deltas)
        await counters.add(conn, merged, numbers, work.shard)
        await counters.add(conn, booked, numbers, work.shard, counters.BOOKED)
        changed = {*merged.shop.tolist(), *booked.shop.tolist(), *otherwise}
        partitions = {delivery.event.shop: delivery.partition for delivery in deliveries}
        for announce in self.announce:
            announce(work, {shop: partitions[slug] for slug, shop in shops.items() if shop.number in changed})

    async def _apply(self, batch: Doing) -> tuple[list[Deltas], Deltas]:
        """(changes of counters on basis restated, on basis booked)."""
        if self.wary == 0 and not batch.told.states:
            try:
                async with batch.conn.transaction():  # a savepoint
                    return await self._change(batch, careful=False)
            except asyncpg.UniqueViolationError:
                self.wary = _WARY_BATCHES
                if batch.follow is not None:
                    batch.follow.forget()
        self.wary = max(0, self.wary - 1)
        return await self._change(batch, careful=True)

    async def _change(self, batch: Doing, *, careful: bool) -> tuple[list[Deltas], Deltas]:
        return await self.count_moved(batch, await (_claim(batch) if careful else _insert(batch)), careful=careful)

    async def count_moved(self, batch: Doing, moved: Moved, *, careful: bool) -> tuple[list[Deltas], Deltas]:
        """What orders that changed mean to their customers. They are written; customers are locked and written here."""
        generations = batch.generations
        deltas, booked = [], []
        frames = {number: frame_of(generation) for number, generation in generations.items()}
        for frame in sorted(set(frames.values())):  # one order for all writers: customers are locked frame by frame
            numbers = {shop: generations[shop].counters.generation for shop in frames if frames[shop] == frame}
            changes, differing = await _decide(batch, frame, moved.of(list(numbers)), numbers, careful=careful)
            deltas += [count(changes) for count in self.count]
            if differing is not None:
                booked += [count(differing) for count in self.count_booked]
        return deltas, counters.merge(booked)


class Doing(NamedTuple):
    """A batch on its way."""

    conn: asyncpg.Connection[Any]
    told: Batch
    generations: Mapping[int, Generation]
    days: Mapping[int, ShopDays]
    follow: Follow | None


class Done(NamedTuple):
    """A batch whose orders and customers are written, and what it changed of counters on either basis."""

    shops: Mapping[str, Shop]
    generations: Mapping[int, Generation]
    follow: Follow | None
    deltas: list[Deltas]
    booked: Deltas
    otherwise: Collection[int] = ()
    """Shops of which more than orders changed."""


class Moved(NamedTuple):
    """What a batch changed of orders: in the end, event by event, and how far it moved the books away from that."""

    moves: Moves
    turns: Turns
    shifts: Shifts

    def of(self, shops: Sequence[int]) -> Moved:
        """What it changed of some shops."""
        moves, turns, shifts = (np.flatnonzero(np.isin(part.shop, shops)) for part in self)
        return Moved(chosen(self.moves, moves), self.turns.chosen(turns), shifts_at(self.shifts, shifts))


def days_of_shop(number: int, generation: Generation) -> ShopDays:
    """A shop's days by the settings of its live generation."""
    return ShopDays(number, generation.zone, generation.calendar, generation.closing_days)


def _translated(deliveries: Sequence[Delivery[OrdersEvent]], days: Mapping[str, ShopDays], work: Work) -> Batch:
    """The batch without what tells of time only; positions are those among all deliveries."""
    if not any(type(delivery.event) is ClockAdvanced for delivery in deliveries):
        return translate(cast(Sequence[Delivery[OrderEvent]], deliveries), days, work.tx.now, work.refuse)
    places = [at for at, delivery in enumerate(deliveries) if type(delivery.event) is not ClockAdvanced]
    orders = cast(Sequence[Delivery[OrderEvent]], [deliveries[at] for at in places])
    return translate(orders, days, work.tx.now, work.refuse, places)


async def _insert(batch: Doing) -> Moved:
    plain = batch.told.plain
    await facts.insert(batch.conn, plain)
    fresh = np.arange(len(plain))
    return Moved(moves_of(plain, fresh, []), _turns(batch, fresh, [], {}), shifts_of(plain, fresh, []))


async def _claim(batch: Doing) -> Moved:
    conn, plain, days = batch.conn, batch.told.plain, batch.days
    repeated = await facts.claim(conn, batch.told, dated(batch.told.states, days))
    found = await facts.lock(conn, repeated)
    kept = await past.load(conn, found)
    known = {order: facts.known(row, kept[order]) for order, row in found.items()}
    told = dict(batch.told.states)
    by_event = dict(batch.told.told)
    fresh = []
    for at, order in enumerate(plain.keys()):
        if order in repeated:
            told[order] = state_at(plain, at)
            by_event[order] = [Told(int(plain.position[at]), int(plain.at[at]), told[order])]
        else:
            fresh.append(at)
    amended = amendments(told, known, days)
    await facts.amend(conn, {one.order: one.after for one in amended if one.before is not None})
    await past.record(conn, amended, status_rows(amended, days), refund_rows(amended, days))
    rows = np.array(fresh, np.int64)
    turns = _turns(batch, rows, amended, by_event)
    return Moved(moves_of(plain, rows, amended), turns, shifts_of(plain, rows, amended))


def _turns(batch: Doing, fresh: Ints, amended: Sequence[Amendment], told: Mapping[OrderKey, Sequence[Told]]) -> Turns:
    if batch.follow is None:
        return no_turns()
    zones = {number: generation.zone for number, generation in batch.generations.items()}
    return turns_of(batch.told.plain, fresh, amended, told, zones)


async def _decide(
    batch: Doing, frame: Frame, moved: Moved, generations: Mapping[int, int], *, careful: bool
) -> tuple[Changes, Accounts | None]:
    conn, (moves, turns, shifts) = batch.conn, moved
    differing = np.flatnonzero(shifts.customer != GUEST)
    owners = owners_of(moves, turns, (shifts.shop[differing], shifts.customer[differing]))
    numbers = sorted(generations)
    number = np.array([generations[shop] for shop in numbers], np.int64)[np.searchsorted(numbers, owners.shop)]
    before = await customers.claim(conn, owners.shop, owners.customer, number, frame.depth, careful=careful)
    planned = plan(moves, owners.of_moves, before.states)
    stretch = await customers.stretches(conn, planned, frame.depth)
    changes, after = decide(frame, moves, planned, stretch)
    lives = before.lives
    if batch.follow is not None and len(turns):
        lives = await batch.follow.decide(Followed(before.states, before.lives, turns, owners.of_turns))
        lived = lives.differs(before.lives)
        after = replace(after, version=np.maximum(after.version, before.states.version + lived))
    await customers.save(conn, before, after, lives, number)
    odd = before.odd != 0
    odd[place_of(owners.shop, owners.customer, shifts)] = True
    if not (odd.any() or len(shifts.sign)):
        return changes, None
    rows = np.flatnonzero(odd)
    owned = await accounts.owned(conn, owners.shop[rows].tolist(), owners.customer[rows].tolist())
    await accounts.mark_odd(conn, number[rows], owned, [one.is_odd for one in owned])
    return changes, accounts_of(frame, owned, moves, shifts)
