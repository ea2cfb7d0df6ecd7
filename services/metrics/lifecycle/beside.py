"""Stages of a generation that is built beside the live one, worked out by its rules from the customers' days.

What was told of a customer and is true by the new rules keeps its number and its event; its row shows the evidence by
the new rules, as if it had been told under them. What is not true stands there
as taken back, what is missing as a change, both `owed`: they are told after the generation has become the live one,
before anything else is told of that customer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Deltas, Generation, merge
from services.metrics.lifecycle.domain.beside import GapEnd, figures_of, gap_ends
from services.metrics.lifecycle.domain.figures import Series
from services.metrics.lifecycle.domain.stages import Transition, by_key, compare, history, next_due
from services.metrics.lifecycle.domain.thresholds import Activity, Rules
from services.metrics.lifecycle.domain.walking import Person, Told
from services.metrics.lifecycle.events import Told as ToldOf
from services.metrics.lifecycle.events import change_id, retraction_id
from services.metrics.lifecycle.people import put_back
from services.metrics.lifecycle.shops import life_of
from services.metrics.lifecycle.speaking import Life
from services.metrics.lifecycle.store import besides, gaps, visits
from services.metrics.lifecycle.store.besides import Stood, Written
from services.metrics.lifecycle.store.changes import OWED_CHANGE, OWED_RETRACTION, Row, encode_evidence
from services.metrics.lifecycle.store.gaps import WHOLE_SHOP, Kept
from services.metrics.lifecycle.telling import LIFECYCLE_TIMER, count_stages
from services.metrics.orders import make_rows, no_lives, save_lives
from shared.clocks import timers_of
from shared.contracts.envelope import message_key
from shared.contracts.shops import Shop
from shared.contracts.topics import ORDERS
from shared.kernel import CustomerId, DayOrdinal, ShopId, customer_id_text
from shared.messaging.handling import Timer, Work
from shared.messaging.partitioning import partitions_of

FIGURES_MAX = 400
"""So many days of figures are worked out at once."""
_AFTER_ALL = 2**62
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ZONES_APART = 2
"""At one instant, the days of two zones differ by no more."""


class Beside(NamedTuple):
    """A generation that is being built, and the live one."""

    life: Life
    live: int
    live_zone: str
    live_rules: Rules
    depth: int

    @property
    def keeps_figures(self) -> bool:
        """Whether what was frozen of the shop stays: it holds for the same days, and asks for the same quantile."""
        mine, its = self.life.rules, self.live_rules
        same = self.life.zone.name == self.live_zone and mine.quantile == its.quantile
        return same and mine.personal and its.personal

    @property
    def heeds_visits(self) -> bool:
        """Whether visits keep customers from lapsing."""
        return self.life.rules.activity is not Activity.ORDERS

    @property
    def counts_gaps(self) -> bool:
        """Whether gaps are counted anew."""
        return self.life.rules.personal and not self.keeps_figures


def beside_of(shop: Shop, generation: Generation, live: Generation, depth: int) -> Beside:
    """What is being built for a shop."""
    stood = life_of(shop, live)
    return Beside(life_of(shop, generation), stood.generation, live.zone, stood.rules, depth)


async def places_of(work: Work, shop: Shop, customers: Sequence[int]) -> list[int]:
    """The partition of `orders.v1` that each customer's events come by."""
    if not customers:
        return []
    count = await besides.partitions(work.tx.conn, ORDERS)
    names = [message_key(shop.slug, customer_id_text(CustomerId(customer))) for customer in customers]
    return [int(partition) for partition in partitions_of(names, count)]


async def count_gaps(work: Work, of: Beside, signed: Sequence[tuple[int, int, Collection[int]]]) -> None:
    """Add (1) or take away (-1) gaps of customers with these order days: (sign, customer, days)."""
    if not of.counts_gaps:
        return
    found: Counter[GapEnd] = Counter()
    places = await places_of(work, of.life.shop, [customer for _, customer, _ in signed])
    for (sign, _, days), place in zip(signed, places, strict=True):
        for end in gap_ends(place, days):
            found[end] += sign
    await besides.add_gaps(work.tx.conn, of.life.number, of.life.generation, found)


async def freeze(work: Work, of: Beside) -> bool:
    """Work out figures of some days up to the shop's present ones, if any are missing. Whether all are there."""
    if not of.counts_gaps:
        return True
    conn, life = work.tx.conn, of.life
    for place, today in (await _clock_days(work, life)).items():
        _, last = await besides.frozen(conn, life.number, life.generation, place)
        start = await _first_figure(work, of, place) if last is None else last + 1
        if start is None or start > today:
            continue
        days = range(start, min(today + 1, start + FIGURES_MAX))
        partition = None if place == WHOLE_SHOP else place
        ended = await besides.gaps_before(conn, life.number, life.generation, partition, days[-1])
        found = figures_of(ended, days, life.rules.quantile)
        await gaps.keep(conn, [Kept(life.number, life.generation, place, figure) for figure in found])
        return False
    return True


async def _first_figure(work: Work, of: Beside, place: int) -> int | None:
    """Where thresholds were personal, figures begin when they began; otherwise with the first gap."""
    conn, life = work.tx.conn, of.life
    if of.live_rules.personal:
        return (await besides.frozen(conn, life.number, of.live, place))[0]
    first = await besides.first_gap(conn, life.number, life.generation, None if place == WHOLE_SHOP else place)
    return None if first is None else first + 1


async def _clock_days(work: Work, life: Life) -> dict[int, int]:
    """The present day, by partition or of the whole shop."""
    if not life.streams:
        return {WHOLE_SHOP: int(life.zone.day_of(work.tx.now))}
    clocks = await besides.clocks_of(work.tx.conn, life.number)
    return {row["partition"]: int(life.zone.day_of(row["until"])) for row in clocks}


async def stage(work: Work, of: Beside, orders: Mapping[int, Sequence[int]]) -> Deltas:
    """Work out the stages of customers with these days of counted orders; the changes of counters."""
    conn, life, customers = work.tx.conn, of.life, sorted(orders)
    if not customers:
        return merge([])
    ground = await _ground(work, of, customers, min((day for days in orders.values() for day in days), default=0))
    await make_rows(conn, life.number, life.generation, customers, of.depth)
    people, rows, armed = [], [], []
    for customer in customers:
        one = _one(of, ground, customer, sorted(orders[customer]))
        people.append(one.person)
        rows += one.rows
        due = next_due(one.person.standing, life.rules) or 0
        armed.append(due)
        if due:  # should it fire before the switch, the mark that this leaves brings the customer back here
            place = ground.places[customer]
            timers = timers_of(life.number, place) if life.streams else place
            name, start = customer_id_text(CustomerId(customer)), life.zone.start_of(DayOrdinal(due))
            work.tx.set_timer(Timer(life.number, LIFECYCLE_TIMER, name, start, timers))
    lives = no_lives(len(customers))
    put_back(lives, np.arange(len(customers)), people, armed)
    await save_lives(conn, life.number, life.generation, customers, lives)
    stood = await besides.exchange(conn, life.number, life.generation, customers, rows)
    counted = [(-1, int(life.number), *change) for change in stood]
    counted += [(1, row.shop, row.day, row.previous, row.stage) for row, _ in rows if row.retracted_by is None]
    return merge([count_stages(counted)])


class _Ground(NamedTuple):
    """What is read for some customers."""

    stood: Mapping[int, Stood]
    written: Mapping[int, Sequence[Written]]
    visits: Mapping[int, Sequence[int]]
    places: Mapping[int, int]
    days: Mapping[int, int]
    """The present day by place of figures."""
    series: Mapping[int, Series]

    def figures_at(self, of: Life, customer: int) -> int:
        """The place of the figures that hold for a customer."""
        return self.places[customer] if of.streams else WHOLE_SHOP


async def _ground(work: Work, of: Beside, customers: Sequence[int], since: int) -> _Ground:
    conn, life = work.tx.conn, of.life
    places = await places_of(work, life.shop, customers)
    visited: Mapping[int, Sequence[int]] = {}
    if life.rules.activity is not Activity.ORDERS:
        visited = await visits.days_of(conn, life.number, customers)
        since = min([since, *(days[0] for days in visited.values() if days)])
    series: Mapping[int, Series] = {}
    if life.rules.personal:
        asked = sorted(set(places)) if life.streams else [WHOLE_SHOP]
        source = of.live if of.keeps_figures else life.generation
        series = await gaps.figures(conn, life.number, source, asked, since)
    return _Ground(
        await besides.stood(conn, life.number, of.live, customers),
        await besides.written(conn, life.number, of.live, customers),
        visited,
        dict(zip(customers, places, strict=True)),
        await _clock_days(work, life),
        series,
    )


class _One(NamedTuple):
    person: Person
    rows: list[tuple[Row, int]]


def _one(of: Beside, ground: _Ground, customer: int, orders: Sequence[int]) -> _One:
    life, place = of.life, ground.figures_at(of.life, customer)
    was = ground.stood.get(customer, Stood(0, put_off=False, seen=0))
    written = ground.written[customer]
    visited = ground.visits.get(customer, ())
    seen = was.seen if life.zone.name == of.live_zone else max(0, was.seen - _ZONES_APART)
    seen = max([seen, *orders[-1:]])
    until = max([ground.days.get(place, 0), seen, *visited[-1:]])
    series = ground.series.get(place, Series())
    standing, wanted = history(orders, visited, life.rules, lambda day: series.at(day, _AFTER_ALL), until)
    if was.put_off and not any(one.owed for one in written):
        # History has just come in: its timer works all out anew, and tells of it as history.
        rows = [(one.row._replace(generation=life.generation), 0) for one in written]
        return _One(Person(standing, seen, was.changes, put_off=True), rows)
    known = [one for one in written if one.is_known]
    return _compared(of, customer, Person(standing, seen, visits=[*visited]), known, wanted)


def _compared(
    of: Beside, customer: int, person: Person, known: Sequence[Written], wanted: Sequence[Transition]
) -> _One:
    """What stays, what is taken back, and what is missing."""
    life, name = of.life, customer_id_text(CustomerId(customer))
    standing = [one for one in known if one.stands]
    untrue, missing = compare([one.told.transition for one in standing], wanted, person.visits)
    gone = {standing[at].told.n for at in untrue}
    true = by_key(wanted, person.visits)
    rows = []
    for one in known:
        row, owed = one.row._replace(generation=life.generation), 0
        if one.told.n in gone:
            owed = OWED_RETRACTION if one.told.published else 0
            by = retraction_id(_told(life, name, one.told), one.told.n) if owed else ""
            row = row._replace(retracted_by=by)
        elif one.stands:
            row = _true(row, true[one.told.transition.key])
        rows.append((row, owed))
    person.changes = max((one.told.n for one in known), default=0)
    for change in missing:
        person.changes += 1
        rows.append((_row(life, customer, person.changes, change), OWED_CHANGE))
    person.put_off = any(owed for _, owed in rows)
    return _One(person, rows)


def _true(row: Row, change: Transition) -> Row:
    evidence = change.threshold
    days = None if evidence is None else evidence.days
    row = row._replace(reason=change.reason, last_active=change.last_active, threshold=days, retracted_by=None)
    return row._replace(evidence=encode_evidence(evidence))


def _told(life: Life, name: str, told: Told) -> ToldOf:
    start = life.zone.start_of(DayOrdinal(told.transition.day))
    return ToldOf(life.shop.slug, name, None, start, told.event_id or "")


def _row(life: Life, customer: int, n: int, change: Transition) -> Row:
    name, start = customer_id_text(CustomerId(customer)), life.zone.start_of(DayOrdinal(change.day))
    return Row(
        customer,
        int(life.number),
        life.generation,
        n,
        change.day,
        change.previous,
        change.stage,
        change.reason,
        change.last_active,
        None if change.threshold is None else change.threshold.days,
        encode_evidence(change.threshold),
        True,
        start,
        change_id(life.shop.slug, name, start, n, change.stage),
        None,
    )


async def look_at(work: Work, shop: Shop, customers: Sequence[int]) -> None:
    """Have customers looked at by the owners of their partitions, as soon as these come to it."""
    for customer, place in zip(customers, await places_of(work, shop, customers), strict=True):
        timers = timers_of(shop.number, place) if shop.clock == "stream" else place
        name = customer_id_text(CustomerId(customer))
        work.tx.set_timer(Timer(ShopId(shop.number), LIFECYCLE_TIMER, name, _LONG_AGO, timers))
