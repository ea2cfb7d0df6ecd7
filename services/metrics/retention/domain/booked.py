"""What the steps of orders count for on basis `booked`. Pure.

`contributions` is the definition: what one customer's steps add to each counter. `count` is what runs, for many
customers at once. Applied to restated orders as steps (without end, booked on their own day), the same definition
gives the figures of basis `restated`, so the counters of `booked` can hold the difference alone.

At a day D an order is alive with `since <= D < until`, and counts on its `start`:
held: some order alive at D starts in the window; lost and new compare what was alive at D with what was at D - P.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from services.metrics.counters import Deltas, Ints, Measure, Tally
from services.metrics.orders import END, GUEST, Accounts, Frame, Step, entries_of
from services.metrics.retention.domain.counting import Key
from services.metrics.retention.domain.figures import RETURN_DAYS
from services.metrics.retention.domain.levels import Intervals, levels


def count(lives: Accounts) -> Deltas:
    """The changes of all counters of basis `booked` that retention reads."""
    tally = Tally()
    _count_entries(tally, lives)
    own = np.flatnonzero(lives.customer != GUEST)
    if len(own):
        _count_customers(tally, lives, own)
    return tally.deltas()


def _count_entries(tally: Tally, lives: Accounts) -> None:
    ends = np.flatnonzero(lives.until < END)
    both = np.concatenate([np.arange(len(lives)), ends])
    day = np.concatenate([lives.since, lives.until[ends]])
    sign = np.concatenate([lives.sign, -lives.sign[ends]])
    shop, currency = lives.shop[both], lives.currency[both]
    tally.add(Measure.ORDERS, shop, day, sign, currency=currency)
    tally.add(Measure.REVENUE, shop, day, sign * lives.net[both], currency=currency)
    guests = lives.customer[both] == GUEST
    tally.add(Measure.GUEST_ORDERS, shop[guests], day[guests], sign[guests], currency=currency[guests])


class _Persons:
    """The steps of customers, and how what holds of them is written into counters."""

    def __init__(self, tally: Tally, lives: Accounts, own: Ints) -> None:
        self.person, self.start = lives.person[own], lives.start[own]
        self.since, self.until = lives.since[own], lives.until[own]
        # By person, of whom all steps share shop and sign.
        self.shop, self.sign = np.zeros((2, int(self.person[-1]) + 1), np.int64)
        self.shop[self.person], self.sign[self.person] = lives.shop[own], lives.sign[own]
        self._tally = tally

    def alive(self) -> Intervals:
        return Intervals(self.person, self.since, self.until)

    def within(self, window: int) -> Intervals:
        """Alive, and started in the window."""
        return Intervals(self.person, self.since, np.minimum(self.until, self.start + window))

    def older(self, days: int) -> Intervals:
        """Alive, and started so many days ago, or before that."""
        return Intervals(self.person, np.maximum(self.since, self.start + days), self.until)

    def holds(self, measure: Measure, where: Intervals, *, param: int = 0, gap: int = 0) -> None:
        """Count each person from the beginning of each stretch to its end."""
        ends = where.end < END
        person = np.concatenate([where.person, where.person[ends]])
        day = np.concatenate([where.begin, where.end[ends]])
        sign = self.sign[person]
        sign[len(where.begin) :] *= -1
        self._tally.add(measure, self.shop[person], day, sign, param=param, gap=gap)


def _count_customers(tally: Tally, lives: Accounts, own: Ints) -> None:
    of, frame = _Persons(tally, lives, own), lives.frame
    heads = np.flatnonzero(np.diff(of.person, prepend=-1))
    first = np.minimum.reduceat(of.start, heads)
    tally.add(Measure.FIRSTS, of.shop[of.person[heads]], first, of.sign[of.person[heads]])
    ever = levels(of.alive())
    for least in (1, *frame.least):
        of.holds(Measure.AT_LEAST, ever.where(ever.level[:, 0] >= least), gap=least)
    for window in frame.windows:
        inside = levels(of.within(window))
        held = inside.where(inside.level[:, 0] >= 1)
        of.holds(Measure.AT_LEAST, held, param=window, gap=1)
        for least in frame.least:
            of.holds(Measure.AT_LEAST, inside.where(inside.level[:, 0] >= least), param=window, gap=least)
        for period in frame.periods:
            both = levels(held, held.later(period), of.older(period))
            now, then, old = both.level.T > 0
            of.holds(Measure.PERIOD_LOST, both.where(then & ~now), param=window, gap=period)
            of.holds(Measure.PERIOD_NEW, both.where(now & ~then & ~old), param=window, gap=period)
    _count_returns(of, frame)


def _count_returns(of: _Persons, frame: Frame) -> None:
    firsts = _firsts(of)
    for days in reaches(frame):
        old = levels(of.older(days))
        of.holds(Measure.RETURN_OLD, old.where(old.level[:, 0] >= 1), param=days)
    for days in RETURN_DAYS:
        rows = [(who, max(begin, one + days), end) for who, begin, end, one, other in firsts if other - one <= days]
        back = levels(Intervals(*np.array(rows, np.int64).reshape(-1, 3).T))
        of.holds(Measure.RETURN_BACK, back.where(back.level[:, 0] >= 1), param=days)


def _firsts(of: _Persons) -> list[tuple[int, int, int, int, int]]:
    """(person, begin, end, first, second): the first two distinct starts of what is alive on each day of a stretch.

    Stretches with one start alone are left out.
    """
    bounds = np.flatnonzero(np.diff(of.person, prepend=-1, append=-1)).tolist()
    columns = [column.tolist() for column in (of.start, of.since, of.until)]
    found = []
    for low, high in pairwise(bounds):
        steps = list(zip(*(column[low:high] for column in columns), strict=True))
        person = int(of.person[low])
        found += [(person, *stretch) for stretch in _first_two(steps)]
    return found


def _first_two(steps: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """(begin, end, first, second) of one person's (start, since, until)."""
    changes = [(since, 1, start) for start, since, _ in steps]
    changes += [(until, -1, start) for start, _, until in steps]
    alive: Counter[int] = Counter()
    begin, pair = 0, None
    for day, change, start in sorted(changes):
        # What starts behind the second of two changes neither, while both live.
        if pair is not None and start > pair[1]:
            alive[start] += change
            continue
        alive[start] += change
        now = sorted(alive := +alive)[:2]
        found = (now[0], now[1]) if len(now) == 2 else None
        if found != pair:
            if pair is not None and begin < day:
                yield begin, day, *pair
            begin, pair = day, found


def contributions(steps: Sequence[Step], frame: Frame) -> dict[Key, int]:
    """All that one customer's steps (or one guest's) add to the counters that retention reads."""
    counted: Counter[Key] = Counter()
    for step in steps:
        for day, currency, orders, revenue in entries_of([step]):
            counted[Measure.ORDERS, 0, currency, day, 0] += orders
            counted[Measure.REVENUE, 0, currency, day, 0] += revenue
            counted[Measure.GUEST_ORDERS, 0, currency, day, 0] += orders * (step.customer == GUEST)
    own = [step for step in steps if step.customer != GUEST]
    if own:
        counted[Measure.FIRSTS, 0, "", min(step.start for step in own), 0] += 1
    for measure, param, gap, holds in _conditions(own, frame):
        was = False
        for day in _turns(own, frame):
            if holds(day) != was:
                was = not was
                counted[measure, param, "", day, gap] += 1 if was else -1
    return {key: value for key, value in counted.items() if value}


def reaches(frame: Frame) -> list[int]:
    """For how many days customers are counted whose first order is so old: those of return rates, and those that
    window and period reach back, which tell whether an answer is mature."""
    return sorted({*RETURN_DAYS, *(window + period - 1 for window in frame.windows for period in frame.periods)})


def starts_at(steps: Sequence[Step], day: int) -> list[int]:
    """The days on which orders count that are alive on a day, rising."""
    return sorted(step.start for step in steps if step.since <= day < step.until)


def _turns(steps: Sequence[Step], frame: Frame) -> list[int]:
    """Every day, rising, on which a condition of these steps can begin or cease to hold."""
    edges = {day for step in steps for day in (step.start, step.since, step.until) if day < END}
    windows, periods = (0, *frame.windows), (0, *frame.periods, *reaches(frame))
    return sorted({day + window + period for day in edges for window in windows for period in periods})


def _conditions(steps: Sequence[Step], frame: Frame) -> Iterator[tuple[Measure, int, int, Callable[[int], bool]]]:
    """(measure, param, gap, what must hold on a day for the customer to be counted on it)."""
    for least in (1, *frame.least):
        for window in (0, *frame.windows):
            yield Measure.AT_LEAST, window, least, partial(_has_orders, steps, window, least)
    for window in frame.windows:
        for period in frame.periods:
            yield Measure.PERIOD_LOST, window, period, partial(_is_lost, steps, window, period)
            yield Measure.PERIOD_NEW, window, period, partial(_is_new, steps, window, period)
    for days in reaches(frame):
        yield Measure.RETURN_OLD, days, 0, partial(_is_old, steps, days)
    for days in RETURN_DAYS:
        yield Measure.RETURN_BACK, days, 0, partial(_has_returned, steps, days)


def _has_orders(steps: Sequence[Step], window: int, least: int, day: int) -> bool:
    """Window 0: of all time."""
    return sum(not window or start > day - window for start in starts_at(steps, day)) >= least


def _is_lost(steps: Sequence[Step], window: int, period: int, day: int) -> bool:
    return _has_orders(steps, window, 1, day - period) and not _has_orders(steps, window, 1, day)


def _is_new(steps: Sequence[Step], window: int, period: int, day: int) -> bool:
    joined = _has_orders(steps, window, 1, day) and not _has_orders(steps, window, 1, day - period)
    return joined and starts_at(steps, day)[0] > day - period


def _is_old(steps: Sequence[Step], days: int, day: int) -> bool:
    return any(start <= day - days for start in starts_at(steps, day))


def _has_returned(steps: Sequence[Step], days: int, day: int) -> bool:
    """Whether the first order day is so old, and a second one lies within `days` of it."""
    starts = sorted(set(starts_at(steps, day)))
    return _is_old(steps, days, day) and len(starts) > 1 and starts[1] - starts[0] <= days
