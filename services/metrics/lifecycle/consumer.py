"""Follows customers through a batch of orders: clocks, figures, stages, in the transaction of the batch.

1 clocks as they stand at each event   2 gaps that came and went, figures that were frozen between   3 who is quiet is
decided by columns   4 the others walk through their events one by one   5 after their rows are written: tell
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from services.metrics.counters import Deltas, Generation, Ints
from services.metrics.lifecycle.crowds import Crowd, gap_changes_of
from services.metrics.lifecycle.domain.appending import quiet, told_apart
from services.metrics.lifecycle.domain.evidence import Thresholds, thresholds_of
from services.metrics.lifecycle.domain.figures import (
    NO_CHANGES,
    GapChanges,
    Series,
    freeze,
    reached,
)
from services.metrics.lifecycle.domain.places import Flags, appends_of
from services.metrics.lifecycle.domain.stages import Reason, Stage
from services.metrics.lifecycle.domain.thresholds import Activity
from services.metrics.lifecycle.domain.timely import timely
from services.metrics.lifecycle.domain.walking import BACKFILL, LIVE, Happening, Walk
from services.metrics.lifecycle.events import reason_of
from services.metrics.lifecycle.people import before, load_facts, people_of, put_back
from services.metrics.lifecycle.shops import life_of, watch_gaps
from services.metrics.lifecycle.speaking import InTime, Life
from services.metrics.lifecycle.store import gaps
from services.metrics.lifecycle.store.gaps import WHOLE_SHOP
from services.metrics.lifecycle.telling import Telling
from services.metrics.orders import Followed, Lives
from shared import clocks
from shared.clocks import Course, Moment, Place
from shared.contracts.envelope import Envelope
from shared.contracts.orders import ClockAdvanced, OrdersEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work

_LIVED = ("stage", "stage_began", "threshold", "figure_day", "seen", "changes", "gaps")


async def follow(
    work: Work,
    deliveries: Sequence[Delivery[Any]],
    shops: Mapping[str, Shop],
    generations: Mapping[int, Generation],
) -> Following:
    """Begin to follow a batch."""
    lives = {shop.number: life_of(shop, generations[shop.number]) for shop in shops.values()}
    partition = np.array([delivery.partition for delivery in deliveries], np.int64)
    of_history = np.zeros(len(deliveries), bool)
    if any(not life.streams for life in lives.values()):
        origins = [delivery.event.origin for delivery in deliveries]
        if BACKFILL in origins:
            of_history = np.array([origin == BACKFILL for origin in origins])
    moves_people = not isinstance(deliveries[0].event, OrdersEvent) if deliveries else False
    following = Following(work, deliveries, lives, partition, of_history, moves_people=moves_people)
    await following.read_clocks({slug: shop.number for slug, shop in shops.items()})
    return following


@dataclass
class Following:
    """Implements `services.metrics.orders.Follow`."""

    work: Work
    deliveries: Sequence[Delivery[Any]]
    lives: Mapping[int, Life]
    partition: Ints
    """By position."""
    of_history: Flags
    """By position: which have origin `backfill`. Looked at for shops on wall time."""
    courses: dict[Place, Course] = field(default_factory=dict)
    telling: Telling = field(default_factory=Telling)
    moves_people: bool = False
    """The events are no orders, but of identities that are counted for others now."""
    frozen: set[int] = field(default_factory=set)
    """Shops whose new days were seen to."""

    async def read_clocks(self, numbers: Mapping[str, int]) -> None:
        """How clocks stood before the batch, and how it moves them."""
        moves = [at for at, delivery in enumerate(self.deliveries) if type(delivery.event) is ClockAdvanced]
        if not moves and not any(life.streams for life in self.lives.values()):
            return
        places = {
            (number, partition)
            for number, life in self.lives.items()
            for partition in np.unique(self.partition).tolist()
            if life.streams or moves
        }
        self.courses = {place: Course() for place in places}
        for place, (until, origin) in (await clocks.read(self.work.tx.conn, places)).items():
            self.courses[place].move(-1, Moment(until, self.lives[place[0]].zone.day_of(until), origin))
        for at in moves:
            event = self.deliveries[at].event
            assert isinstance(event, ClockAdvanced)
            number, until = numbers[event.shop], event.data.until
            moment = Moment(until, self.lives[number].zone.day_of(until), event.origin)
            self.courses[number, int(self.partition[at])].move(at, moment)

    def forget(self) -> None:
        """The transaction went back to before the first decision."""
        self.telling, self.frozen = Telling(), set()

    async def decide(self, followed: Followed) -> Lives:
        """The lives of all customers of a frame after the batch."""
        after = followed.lives.copy()
        for number in np.unique(followed.turns.shop).tolist():
            await self._decide(self._crowd(self.lives[number], followed), after)
        return after

    async def finish(self) -> Deltas:
        """Tell what was decided, and move the clocks."""
        for number, life in self.lives.items():
            if number not in self.frozen:
                await self._series(life, {}, (), 0)
            if not life.streams and life.rules.personal:
                watch_gaps(self.work, life, int(self.partition[0]))
        deltas = await self.telling.finish(self.work)
        moved = {place: course.last for place, course in self.courses.items() if course.moved}
        await clocks.move(self.work.tx.conn, {place: last for place, last in moved.items() if last is not None})
        return deltas

    def _crowd(self, life: Life, followed: Followed) -> Crowd:
        turns = followed.turns
        chosen = np.flatnonzero(turns.shop == life.number)
        rows, owner = np.unique(followed.owner[chosen], return_inverse=True)
        position = turns.position[chosen]
        partition = self.partition[position]
        clock_day = self._clock_days(life, partition, position)
        last_day = followed.states.days[rows, -1]
        lives = followed.lives.chosen(rows)
        columns = (turns.sign[chosen], turns.day[chosen], turns.event_day[chosen], position, clock_day)
        appends = appends_of(owner, last_day, columns)
        first_day, customer = followed.states.first_day[rows], followed.states.customer[rows].tolist()
        kinds = told_apart(appends, lives)
        if self.moves_people:  # nothing of that is in time, though all of it may have happened today
            kinds = replace(kinds, in_time=np.zeros(len(rows), bool))
        return Crowd(life, rows, lives, first_day, last_day, customer, appends, partition, kinds, appends.starts)

    def _clock_days(self, life: Life, partition: Ints, position: Ints) -> Ints:
        if not life.streams:
            return np.full(len(position), life.zone.day_of(self.work.tx.now), np.int64)
        days = np.zeros(len(position), np.int64)
        for one in np.unique(partition).tolist():
            course = self.courses[life.number, one]
            mine = partition == one
            known = np.array([0, *(moment.day for moment in course.moments)], np.int64)
            days[mine] = known[np.searchsorted(np.array(course.positions, np.int64), position[mine], side="right")]
        return days

    async def _decide(self, crowd: Crowd, after: Lives) -> None:
        life, conn = crowd.life, self.work.tx.conn
        happenings = self._happenings(crowd, ~crowd.kinds.comes)
        orders = await before(conn, life, list(happenings), happenings) if happenings else {}
        changes: dict[int, GapChanges] = {}
        if life.rules.personal:
            changes = gap_changes_of(crowd, orders, happenings)
        low = min(int(crowd.appends.day.min()), int(crowd.lives.figure_day.min()) or 1)
        if not crowd.kinds.in_time.all():
            low = 0
        series = await self._series(life, changes, np.unique(crowd.partition).tolist(), low)
        by_rows = [(crowd.partition == one, series[one]) for one in series] if life.streams else []
        if not life.streams and series:
            by_rows = [(np.ones(len(crowd.partition), bool), series[WHOLE_SHOP])]
        found = thresholds_of(life.rules, crowd.appends, crowd.lives, by_rows)
        timely_ones = self._are_timely(crowd)
        if timely_ones.any():
            self._pass(crowd, timely_ones, found, after)
        if timely_ones.all():
            return
        calm = quiet(life.rules, crowd.appends, crowd.kinds, crowd.lives, found)
        self._stay(crowd, np.flatnonzero(calm.calm & ~timely_ones), calm.lives, after)
        # The others are walked with from where something may have happened.
        rest = crowd._replace(lives=calm.lives, last_day=calm.last_day, since=calm.since)
        await self._walk(rest, ~calm.calm & ~timely_ones, orders, series, after)

    def _are_timely(self, crowd: Crowd) -> Flags:
        """By customer, whether columns tell all: orders in time, of which none is put off."""
        kinds, lives, turns = crowd.kinds, crowd.lives, crowd.appends
        if crowd.life.rules.activity is not Activity.ORDERS:
            return np.zeros(len(crowd.rows), bool)
        met = (lives.stage != Stage.PROSPECT) & (lives.threshold > 0)
        fine: Flags = kinds.in_time & (met == (turns.previous[turns.starts] > 0))
        if not crowd.life.streams and self.of_history.any():
            fine &= turns.by_owner(~self.of_history[turns.position])
        return fine

    def _pass(self, crowd: Crowd, chosen: Flags, thresholds: Thresholds, after: Lives) -> None:
        """Those whose orders come in time."""
        turns, at = crowd.appends, np.flatnonzero(chosen)
        found = timely(crowd.life.rules, turns, crowd.kinds, crowd.lives, thresholds, chosen=chosen)
        changed = found.changed
        if len(changed.n):
            events = [self.deliveries[position].event for position in turns.position[changed.row].tolist()]
            by_order = (changed.reason == Reason.ORDER).tolist()
            origins = self._origins(crowd, changed.row)
            self.telling.tell_in_time(
                InTime(
                    crowd.life,
                    crowd.customer,
                    changed,
                    thresholds,
                    [event if caused else None for event, caused in zip(events, by_order, strict=True)],
                    [
                        event.origin if caused else origin
                        for event, caused, origin in zip(events, by_order, origins, strict=True)
                    ],
                )
            )
        self._put(crowd, at, found.lives, after)
        self._arm(crowd, at, found.due[at], after)

    async def _series(
        self, life: Life, changes: Mapping[int, GapChanges], partitions: Sequence[int], since: int
    ) -> dict[int, Series]:
        """Figures by partition, those that are frozen in this batch among them; counts and keeps what changed."""
        self.frozen.add(life.number)
        if not life.rules.personal:
            return {}
        conn = self.work.tx.conn
        for partition, found in changes.items():
            self.telling.count_gaps(life, partition, found)
        if not life.streams:
            return await gaps.figures(conn, life.number, life.generation, [WHOLE_SHOP], since)
        begun = {
            partition: course.new_days()
            for (number, partition), course in self.courses.items()
            if number == life.number
        }
        begun = {partition: days for partition, days in begun.items() if days}
        if not begun and not partitions:
            return {}
        wanted = sorted({*begun, *partitions})
        before = {partition: self.courses[life.number, partition].day_before for partition in wanted}
        series = await gaps.figures(conn, life.number, life.generation, wanted, min(since, *before.values()))
        split = {partition: reached(found, before[partition]) for partition, found in series.items()}
        series = {partition: known for partition, (known, _) in split.items()}
        if begun:
            counted = await gaps.counted(conn, life.number, life.generation, sorted(begun))
            for partition, days in begun.items():
                series[partition], new = freeze(
                    series[partition],
                    counted.get(partition, {}),
                    changes.get(partition, NO_CHANGES),
                    days,
                    life.rules.quantile,
                    given=split[partition][1],
                )
                self.telling.keep(life, partition, new)
        return series

    def _stay(self, crowd: Crowd, calm: Ints, lives: Lives, after: Lives) -> None:
        """Those for whom nothing happens."""
        self._put(crowd, calm, lives, after)
        ends = np.append(crowd.appends.starts[1:], len(crowd.appends.day)) - 1
        last = crowd.appends.day[ends][calm]
        self._arm(crowd, calm, last + np.minimum(lives.threshold[calm], crowd.life.rules.lost_days), after)

    def _put(self, crowd: Crowd, chosen: Ints, lives: Lives, after: Lives) -> None:
        """How they stand now, but for their timers."""
        for name in _LIVED:
            getattr(after, name)[crowd.rows[chosen]] = getattr(lives, name)[chosen]

    def _arm(self, crowd: Crowd, chosen: Ints, due: Ints, after: Lives) -> None:
        """Have those looked at for whom nothing is armed for that day or before."""
        armed = crowd.lives.due[chosen]
        earlier = np.flatnonzero((due < armed) | (armed == 0))
        partitions = crowd.partition[crowd.appends.starts[chosen[earlier]]].tolist()
        for one, day, partition in zip(chosen[earlier].tolist(), due[earlier].tolist(), partitions, strict=True):
            self.telling.arm(crowd.life, crowd.customer[one], day, partition)
        after.due[crowd.rows[chosen[earlier]]] = due[earlier]

    async def _walk(
        self,
        crowd: Crowd,
        awake: Flags,
        orders: Mapping[int, Sequence[int]],
        series: Mapping[int, Series],
        after: Lives,
    ) -> None:
        """Those for whom something may happen."""
        life, chosen = crowd.life, np.flatnonzero(awake)
        if not len(chosen):
            return
        happenings = self._happenings(crowd, awake)
        numbers = [crowd.customer[at] for at in chosen.tolist()]
        of = [WHOLE_SHOP] * len(numbers)
        partitions = crowd.partition[crowd.appends.starts[chosen]].tolist()
        if life.streams:
            of = partitions
        none = Series()
        figures = [
            series.get(one, none).of(day) for one, day in zip(of, crowd.lives.figure_day[chosen].tolist(), strict=True)
        ]
        people = people_of(life.rules, crowd.lives, crowd.last_day, chosen, figures)
        pairs = list(zip(numbers, people, strict=True))
        anew = {one: person for (one, person), now in zip(pairs, crowd.kinds.in_time[chosen], strict=True) if not now}
        rewound = {one: person for one, person in anew.items() if one in orders}
        await load_facts(self.work.tx.conn, life, rewound, happenings, orders)
        late = {one: person for one, person in anew.items() if one not in orders}
        await load_facts(self.work.tx.conn, life, late, happenings)
        walks = {one: Walk(life.rules, series.get(one, none).at, defers=not life.streams) for one in set(of)}
        armed = crowd.lives.due[chosen].tolist()
        for at, (number, person) in enumerate(pairs):
            walks[of[at]].go(person, happenings[number])
            self.telling.tell(life, number, person.acts, self._cause_of)
            armed[at] = self.telling.look_again(
                self.work, life, number, person, armed=armed[at], partition=partitions[at]
            )
        put_back(after, crowd.rows[chosen], people, armed)

    def _cause_of(self, position: int) -> Envelope:
        event: Envelope = self.deliveries[position].event
        return event

    def _happenings(self, crowd: Crowd, of: Flags) -> dict[int, list[Happening]]:
        """What happened to some customers (flags), by customer, in order."""
        turns, deliveries = crowd.appends, self.deliveries
        rows = np.flatnonzero(of[turns.owner] & (np.arange(len(turns.owner)) >= crowd.since[turns.owner]))
        columns = (turns.owner, turns.position, turns.sign, turns.day, turns.event_day, turns.clock_day)
        listed = zip(*(column[rows].tolist() for column in columns), self._origins(crowd, rows), strict=True)
        found: dict[int, list[Happening]] = {}
        for owner, position, sign, day, event_day, clock_day, clock_origin in listed:
            own = found.setdefault(crowd.customer[owner], [])
            added, removed = ((day,), ()) if sign > 0 else ((), (day,))
            if own and own[-1].position == position:  # an order that moved: both rows are one event's
                last = own.pop()
                added, removed = last.added + added, last.removed + removed
            origin = deliveries[position].event.origin
            reason = reason_of(deliveries[position].event)
            own.append(Happening(position, event_day, origin, added, removed, None, clock_day, clock_origin, reason))
        return found

    def _origins(self, crowd: Crowd, rows: Ints) -> Sequence[str]:
        """What the clock's own doings have as their origin, by row."""
        if not crowd.life.streams:
            return [LIVE] * len(rows)
        places = zip(crowd.partition[rows].tolist(), crowd.appends.position[rows].tolist(), strict=True)
        courses = {partition: course for (shop, partition), course in self.courses.items() if shop == crowd.life.number}
        if len({moment.origin for course in courses.values() for moment in course.moments}) == 1:
            only = next(moment.origin for course in courses.values() for moment in course.moments)
            if all(course.positions[:1] == [-1] for course in courses.values()):
                return [only] * len(rows)
        moments = [courses[partition].at(position) for partition, position in places]
        return [LIVE if moment is None else moment.origin for moment in moments]
