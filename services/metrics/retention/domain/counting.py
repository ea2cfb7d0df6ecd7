"""What order days change in the counters of retention. Pure.

`contributions` is the definition, one customer at a time, plain to read. `count` is what runs: the same for whole
batches. That both agree, whatever is inserted, appended or removed, is proven over random histories.
Formulas: METRICS, "Day-indexed counters".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from services.metrics.counters import Deltas, Measure, Tally
from services.metrics.orders import GUEST, Changes, Fact, Frame, Steps, steps_of
from services.metrics.retention.domain.figures import RETURN_DAYS

Key = tuple[Measure, int, str, int, int]
"""(measure, param, currency, day, gap) of a counter."""


def count(changes: Changes) -> Deltas:
    """The changes of all retention counters."""
    tally = Tally()
    _count_days(tally, changes.frame, steps_of(changes.runs))
    _count_amounts(tally, changes)
    return tally.deltas()


def _count_days(tally: Tally, frame: Frame, steps: Steps) -> None:
    first, fresh = steps.previous == 0, steps.previous < steps.day  # fresh: no second order of the same day
    _count_spells(tally, frame, steps.chosen(fresh & ~first), steps.chosen(first))
    for least in frame.least:
        reached = steps.chosen(steps.rank == least)
        tally.add(Measure.AT_LEAST, reached.shop, reached.day, reached.sign, gap=least)
        cut, opens = steps.chosen(steps.rank > least), steps.chosen(steps.rank >= least)
        shop = np.concatenate([cut.shop, cut.shop, opens.shop, opens.shop])
        sign = np.concatenate([cut.sign, -cut.sign, opens.sign, -opens.sign])
        for window in frame.windows:
            # The i-th order has `least` in the window on [d_i, min(d_(i+1), max(d_i, d_(i-least+1) + window))).
            # One more order at the end cuts the interval before it short and opens its own.
            until = np.maximum(cut.previous, cut.before[:, least] + window)
            closes = np.maximum(opens.day, opens.before[:, least - 1] + window)
            day = np.concatenate([until, np.minimum(cut.day, until), opens.day, closes])
            tally.add(Measure.AT_LEAST, shop, day, sign, param=window, gap=least)


def _count_spells(tally: Tally, frame: Frame, again: Steps, first: Steps) -> None:
    """Who is held, who stops and who comes back. `first`: first order days of customers, `again`: their others."""
    tally.add(Measure.FIRSTS, first.shop, first.day, first.sign)
    gap = again.day - again.previous
    for window in frame.windows:
        held, back = gap <= window, gap > window
        shop = np.concatenate([first.shop, again.shop, again.shop[held]])
        day = np.concatenate([first.day, again.day, again.previous[held]]) + window
        sign = np.concatenate([first.sign, again.sign, -again.sign[held]])
        tally.add(Measure.ENDS, shop, day, sign, param=window)
        tally.add(Measure.BACK, again.shop[back], again.day[back], again.sign[back], param=window)
        soon = back & (gap < 2 * window)
        since_end = gap[soon] - window
        tally.add(Measure.RESTARTS, again.shop[soon], again.day[soon], again.sign[soon], param=window, gap=since_end)
    second = again.previous == again.first_day
    for days in RETURN_DAYS:
        soon = second & (gap <= days)
        tally.add(Measure.RETURNED, again.shop[soon], again.first_day[soon], again.sign[soon], param=days)


def _count_amounts(tally: Tally, changes: Changes) -> None:
    rows = changes.amounts
    tally.add(Measure.ORDERS, rows.shop, rows.day, rows.sign, currency=rows.currency)
    tally.add(Measure.REVENUE, rows.shop, rows.day, rows.sign * rows.net, currency=rows.currency)
    guests = rows.customer == GUEST
    tally.add(
        Measure.GUEST_ORDERS, rows.shop[guests], rows.day[guests], rows.sign[guests], currency=rows.currency[guests]
    )


def contributions(facts: Sequence[Fact], frame: Frame) -> dict[Key, int]:
    """All that one customer's counted orders (or one guest's order) add to the counters of retention."""
    counted: Counter[Key] = Counter()
    for fact in facts:
        counted[Measure.ORDERS, 0, fact.currency, fact.day, 0] += 1
        counted[Measure.REVENUE, 0, fact.currency, fact.day, 0] += fact.net
        counted[Measure.GUEST_ORDERS, 0, fact.currency, fact.day, 0] += fact.customer == GUEST
    orders = sorted(fact.day for fact in facts if fact.customer != GUEST)
    for measure, param, day, gap, value in _day_terms(orders, frame):
        counted[measure, param, "", day, gap] += value
    return {key: value for key, value in counted.items() if value}


def _day_terms(orders: Sequence[int], frame: Frame) -> Iterator[tuple[Measure, int, int, int, int]]:
    days = sorted(set(orders))
    if not days:
        return
    yield Measure.FIRSTS, 0, days[0], 0, 1
    for days_after in RETURN_DAYS:
        if len(days) > 1 and days[1] - days[0] <= days_after:
            yield Measure.RETURNED, days_after, days[0], 0, 1
    for window in frame.windows:
        for one, other in pairwise(days):
            if other > one + window:
                yield Measure.ENDS, window, one + window, 0, 1
                yield Measure.BACK, window, other, 0, 1
                if other - one - window < window:
                    yield Measure.RESTARTS, window, other, other - one - window, 1
        yield Measure.ENDS, window, days[-1] + window, 0, 1
        for least in frame.least:
            for at in range(least - 1, len(orders)):
                until = max(orders[at], orders[at - least + 1] + window)
                if at + 1 < len(orders):
                    until = min(orders[at + 1], until)
                yield Measure.AT_LEAST, window, orders[at], least, 1
                yield Measure.AT_LEAST, window, until, least, -1
    for least in frame.least:
        if len(orders) >= least:
            yield Measure.AT_LEAST, 0, orders[least - 1], least, 1
