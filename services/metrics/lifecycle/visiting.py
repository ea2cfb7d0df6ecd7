"""Days of visits, from `interactions.v1`.

They are kept for every shop, since it may choose any day that its customers lapse by visits; for a shop that has chosen
so, the first visit of a day counts. Whoever visits before a first order has a row as well: their gaps are known then.
Its partitions are those of `orders.v1`: both are keyed by shop and customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import numpy as np
from msgspec import UNSET

from services.metrics import counters
from services.metrics.counters import Generation
from services.metrics.lifecycle.domain.figures import Series, reached
from services.metrics.lifecycle.domain.stages import Stage, history
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE, Activity
from services.metrics.lifecycle.domain.walking import Happening, Person, Walk
from services.metrics.lifecycle.events import rules_of
from services.metrics.lifecycle.people import load_facts, people_of, put_back
from services.metrics.lifecycle.shops import lives_of, moments_of
from services.metrics.lifecycle.speaking import Life
from services.metrics.lifecycle.store import besides, gaps, visits
from services.metrics.lifecycle.store.gaps import WHOLE_SHOP
from services.metrics.lifecycle.telling import Telling
from services.metrics.orders import frame_of, lock_lives, make_rows, save_lives, settle_of
from shared import pointers
from shared.contracts.envelope import Envelope
from shared.contracts.interactions import InteractionRecorded
from shared.kernel import parse_customer_id
from shared.messaging.handling import Delivery, Work

_AHEAD = timedelta(minutes=5)


class _Visit(NamedTuple):
    customer: int
    """Whom it is counted for."""
    day: int
    position: int
    partition: int
    identity: int
    """Whom the event names."""


async def record(work: Work, deliveries: Sequence[Delivery[InteractionRecorded]]) -> None:
    """The handler of `interactions.v1`."""
    shops = [work.shop(slug) for slug in sorted({delivery.event.shop for delivery in deliveries})]
    held = await counters.hold(work.tx.conn, [shop.number for shop in shops])
    generations = await counters.ensure_generations(work.tx.conn, shops)
    lives = {life.shop.slug: life for life in (await lives_of(work, shops)).values()}
    visited: dict[str, list[_Visit]] = {}
    for position, delivery in enumerate(deliveries):
        life = lives[delivery.event.shop]
        visit = _visit(work, life, position, delivery)
        if visit is not None:
            visited.setdefault(life.shop.slug, []).append(visit)
    await _count_for(work, visited, lives)
    telling = Telling()
    for slug in sorted(visited, key=lambda slug: lives[slug].number):
        life, told = lives[slug], visited[slug]
        if life.number in held.settling:
            await settle_of(work.tx.conn, life.number, {visit.customer for visit in told})
        if life.rules.activity is Activity.ORDERS:
            await visits.add(work.tx.conn, life.number, _kept(told))
        else:
            await _Visits(work, deliveries, life, telling).take(told, frame_of(generations[life.number]).depth)
        if life.number in held.built:
            await besides.mark(work.tx.conn, life.number, {visit.customer for visit in told})
    deltas = counters.merge([await telling.finish(work)])
    numbers = {int(life.number): life.generation for life in lives.values()}
    await counters.add(work.tx.conn, deltas, numbers, work.shard)


def _visit(work: Work, life: Life, position: int, delivery: Delivery[InteractionRecorded]) -> _Visit | None:
    event = delivery.event
    if event.data.customer is None:
        return None
    if event.time > (work.tx.now if event.receivedat is UNSET else event.receivedat) + _AHEAD:
        work.refuse(delivery, "future", "time: lies more than 5 minutes ahead of its receipt; send when it happened")
        return None
    try:
        customer = int(parse_customer_id(event.data.customer))
    except ValueError:
        work.refuse(delivery, "customer", "data.customer: a surrogate id (or null) is needed")
        return None
    return _Visit(customer, int(life.zone.day_of(event.time)), position, delivery.partition, customer)


async def _count_for(work: Work, visited: dict[str, list[_Visit]], lives: Mapping[str, Life]) -> None:
    """Have visits of merged identities count for whom these are."""
    named = {int(lives[slug].number): {visit.identity for visit in told} for slug, told in visited.items()}
    merging = await pointers.merging(work.tx.conn, list(named))
    canonical = await pointers.pointers_of(work.tx.conn, {shop: named[shop] for shop in merging})
    for slug, told in visited.items() if canonical else ():
        shop = int(lives[slug].number)
        visited[slug] = [one._replace(customer=canonical.get((shop, one.identity), one.customer)) for one in told]


def _kept(told: Iterable[_Visit]) -> list[visits.Visit]:
    return sorted({visits.Visit(visit.customer, visit.day, visit.identity) for visit in told})


async def move_visits(
    conn: asyncpg.Connection[Any], generation: Generation, moved: Mapping[int, tuple[int, int]]
) -> set[int]:
    """Count visits of identities for other customers, (from, to) by identity. Those who lost or got any.

    Of those who never ordered there are no stages to be worked out, but their last visit and their gaps are known.
    The shop must be held alone.
    """
    shop, number, rules = generation.counters.shop, generation.counters.generation, rules_of(generation.lifecycle)
    changed = await visits.move(conn, shop, moved)
    if not changed or rules.activity is Activity.ORDERS:
        return changed
    await make_rows(conn, shop, number, sorted(changed), frame_of(generation).depth)
    found = await lock_lives(conn, shop, number, sorted(changed))
    rows = np.flatnonzero((found.last_day == 0) & (found.lives.stage == Stage.PROSPECT))
    whose = [found.customer[at] for at in rows.tolist()]
    days = await visits.days_of(conn, shop, whose)
    people = people_of(rules, found.lives, found.last_day, rows, [NO_FIGURE] * len(whose))
    for customer, person in zip(whose, people, strict=True):
        until = max(days[customer], default=0)
        person.standing = history([], days[customer], rules, lambda _: NO_FIGURE, until)[0]
        person.seen = max(person.seen, until)
    after = found.lives.copy()
    put_back(after, rows, people, found.lives.due[rows].tolist())
    await save_lives(conn, shop, number, whose, after.chosen(rows))
    return changed


class _Visits(NamedTuple):
    """Visits of one shop's customers in a batch."""

    work: Work
    deliveries: Sequence[Delivery[InteractionRecorded]]
    life: Life
    telling: Telling

    async def take(self, told: Sequence[_Visit], depth: int) -> None:
        """Lock the customers, keep the days, and walk."""
        conn, life = self.work.tx.conn, self.life
        first: dict[tuple[int, int], _Visit] = {}
        for visit in told:
            first.setdefault((visit.customer, visit.day), visit)
        customers = sorted({visit.customer for visit in first.values()})
        await make_rows(conn, life.number, life.generation, customers, depth)
        found = await lock_lives(conn, life.number, life.generation, customers)
        new = await visits.add(conn, life.number, _kept(told))
        partition = {visit.customer: visit.partition for visit in first.values()}
        moments = await moments_of(self.work, life, sorted(set(partition.values())))
        happenings: dict[int, list[Happening]] = {}
        for key, visit in first.items():
            if key in new:
                day, origin = moments[visit.partition]
                happening = Happening(visit.position, visit.day, self._origin(visit), (), (), visit.day, day, origin)
                happenings.setdefault(visit.customer, []).append(happening)
        rows = np.array([at for at, one in enumerate(found.customer) if one in happenings], np.int64)
        if not len(rows):
            return
        numbers = [found.customer[at] for at in rows.tolist()]
        of = [partition[one] if life.streams else WHOLE_SHOP for one in numbers]
        series = await gaps.figures(conn, life.number, life.generation, sorted(set(of)), 0)
        if life.streams:
            series = {one: reached(known, moments[one][0])[0] for one, known in series.items()}
        days = found.lives.figure_day[rows].tolist()
        figures = [series.get(one, Series()).of(day) for one, day in zip(of, days, strict=True)]
        people = people_of(life.rules, found.lives, found.last_day, rows, figures)
        anew = {one: person for one, person in zip(numbers, people, strict=True) if _is_late(person, happenings[one])}
        await load_facts(conn, life, anew, happenings)
        armed = found.lives.due[rows].tolist()
        for at, (number, person) in enumerate(zip(numbers, people, strict=True)):
            walk = Walk(life.rules, series.get(of[at], Series()).at, defers=not life.streams)
            walk.go(person, happenings[number])
            self.telling.tell(life, number, person.acts, self._cause_of)
            armed[at] = self.telling.look_again(
                self.work, life, number, person, armed=armed[at], partition=partition[number]
            )
        after = found.lives.copy()
        put_back(after, rows, people, armed)
        await save_lives(conn, life.number, life.generation, numbers, after.chosen(rows))

    def _origin(self, visit: _Visit) -> str:
        return self.deliveries[visit.position].event.origin

    def _cause_of(self, position: int) -> Envelope:
        return self.deliveries[position].event


def _is_late(person: Person, happenings: Sequence[Happening]) -> bool:
    """Whether facts are needed: something comes before what was judged. In doubt: yes."""
    standing = person.standing
    day = max(person.seen, standing.last_order, standing.last_visit)
    for one in happenings:
        day = max(day, one.clock_day)
        if one.day < day or one.origin != "live":
            return True
        day = one.day
    return person.put_off
