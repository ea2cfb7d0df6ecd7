"""Follows customers through a batch of orders: clocks, figures, stages, in the transaction of the batch.

1 clocks as they stand at each event   2 gaps that came and went, figures that were frozen between   3 who is quiet is
decided by columns   4 the others walk through their events one by one   5 after their rows are written: tell
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Deltas, Generation, Ints
from services.metrics.lifecycle.domain.appending import Appends, Kinds, appends_of, quiet, told_apart
from services.metrics.lifecycle.domain.clocks import Course, Moment
from services.metrics.lifecycle.domain.figures import GapChange, Series, freeze, gap_changes
from services.metrics.lifecycle.domain.walking import LIVE, Happening, Walk
from services.metrics.lifecycle.people import before, load_facts, people_of, put_back
from services.metrics.lifecycle.shops import life_of, watch_gaps
from services.metrics.lifecycle.store import clocks, gaps
from services.metrics.lifecycle.store.clocks import Place
from services.metrics.lifecycle.store.gaps import WHOLE_SHOP
from services.metrics.lifecycle.telling import Life, Telling
from services.metrics.orders import Followed, Lives
from shared.contracts.envelope import Envelope
from shared.contracts.orders import ClockAdvanced, OrdersEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work


async def follow(
    work: Work,
    deliveries: Sequence[Delivery[OrdersEvent]],
    shops: Mapping[str, Shop],
    generations: Mapping[int, Generation],
) -> Following:
    """Begin to follow a batch."""
    lives = {shop.number: life_of(shop, generations[shop.number]) for shop in shops.values()}
    partition = np.fromiter((delivery.partition for delivery in deliveries), np.int64, len(deliveries))
    following = Following(work, deliveries, lives, partition)
    await following.read_clocks({slug: shop.number for slug, shop in shops.items()})
    return following


class _Crowd(NamedTuple):
    """The customers of one shop in a batch."""

    life: Life
    rows: Ints
    """Their places among all customers of the batch."""
    lives: Lives
    first_day: Ints
    last_day: Ints
    customer: list[int]
    appends: Appends
    """Their turns; of customers who had more happen than appends, too."""
    partition: Ints
    """By turn."""
    kinds: Kinds
    since: Ints
    """The first of the turns to be walked, by customer."""


@dataclass
class Following:
    """Implements `services.metrics.orders.Follow`."""

    work: Work
    deliveries: Sequence[Delivery[OrdersEvent]]
    lives: Mapping[int, Life]
    partition: Ints
    """By position."""
    courses: dict[Place, Course] = field(default_factory=dict)
    telling: Telling = field(default_factory=Telling)
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

    def _crowd(self, life: Life, followed: Followed) -> _Crowd:
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
        return _Crowd(life, rows, lives, first_day, last_day, customer, appends, partition, kinds, appends.starts)

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

    async def _decide(self, crowd: _Crowd, after: Lives) -> None:
        life, conn = crowd.life, self.work.tx.conn
        happenings = self._happenings(crowd, ~crowd.kinds.comes)
        orders = await before(conn, life, list(happenings), happenings) if happenings else {}
        changes: dict[int, list[GapChange]] = {}
        if life.rules.personal:
            changes = _gap_changes(crowd, orders, happenings)
        low = min(int(crowd.appends.day.min()), int(crowd.lives.figure_day.min()) or 1)
        if not crowd.kinds.in_time.all():
            low = 0
        series = await self._series(life, changes, np.unique(crowd.partition).tolist(), low)
        by_rows = [(crowd.partition == one, series[one]) for one in series] if life.streams else []
        if not life.streams and series:
            by_rows = [(np.ones(len(crowd.partition), bool), series[WHOLE_SHOP])]
        found = quiet(life.rules, crowd.appends, crowd.kinds, crowd.lives, by_rows)
        self._stay(crowd, np.flatnonzero(found.calm), found.lives, after)
        # The others are walked with from where something may have happened.
        rest = crowd._replace(lives=found.lives, last_day=found.last_day, since=found.since)
        await self._walk(rest, ~found.calm, orders, series, after)

    async def _series(
        self, life: Life, changes: Mapping[int, list[GapChange]], partitions: Sequence[int], since: int
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
        series = await gaps.figures(conn, life.number, life.generation, wanted, since)
        if begun:
            counted = await gaps.counted(conn, life.number, life.generation, sorted(begun))
            for partition, days in begun.items():
                series[partition], new = freeze(
                    series[partition],
                    counted.get(partition, {}),
                    changes.get(partition, ()),
                    days,
                    life.rules.quantile,
                )
                self.telling.keep(life, partition, new)
        return series

    def _stay(self, crowd: _Crowd, calm: Ints, lives: Lives, after: Lives) -> None:
        """Those for whom nothing happens."""
        rows = crowd.rows[calm]
        for name in ("threshold", "figure_day", "seen", "gaps"):
            getattr(after, name)[rows] = getattr(lives, name)[calm]
        ends = np.append(crowd.appends.starts[1:], len(crowd.appends.day)) - 1
        last = crowd.appends.day[ends][calm]
        due = last + np.minimum(lives.threshold[calm], crowd.life.rules.lost_days)
        for at in np.flatnonzero((due < lives.due[calm]) | (lives.due[calm] == 0)).tolist():
            one = int(calm[at])
            partition = int(crowd.partition[ends[one]])
            self.telling.arm(crowd.life, crowd.customer[one], int(due[at]), partition)
            after.due[rows[at]] = due[at]

    async def _walk(
        self,
        crowd: _Crowd,
        awake: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
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
        return self.deliveries[position].event

    def _happenings(
        self, crowd: _Crowd, of: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    ) -> dict[int, list[Happening]]:
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
            own.append(Happening(position, event_day, origin, added, removed, None, clock_day, clock_origin))
        return found

    def _origins(self, crowd: _Crowd, rows: Ints) -> Sequence[str]:
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


def _gap_changes(
    crowd: _Crowd, orders: Mapping[int, Sequence[int]], happenings: Mapping[int, Sequence[Happening]]
) -> dict[int, list[GapChange]]:
    """Gaps that came and went, by partition."""
    turns = crowd.appends
    first_day = np.where(crowd.first_day > 0, crowd.first_day, turns.day[turns.starts])
    new = np.flatnonzero((turns.previous > 0) & (turns.day > turns.previous) & crowd.kinds.comes[turns.owner])
    first = turns.previous[new] == first_day[turns.owner[new]]
    listed = np.stack([turns.position[new], turns.day[new] - turns.previous[new]], axis=1).tolist()
    found: dict[int, list[GapChange]] = {}
    for (position, gap), is_first, partition in zip(listed, first.tolist(), crowd.partition[new].tolist(), strict=True):
        own = found.setdefault(partition, [])
        own.append(GapChange(position, False, gap, 1))
        if is_first:
            own.append(GapChange(position, True, gap, 1))
    starts = dict(zip(crowd.customer, crowd.partition[turns.starts].tolist(), strict=True))
    for customer, days in orders.items():
        found.setdefault(starts[customer], []).extend(gap_changes(days, happenings[customer]))
    return found
