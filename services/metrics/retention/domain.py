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
from services.metrics.retention.domain_figures import RETURN_DAYS

Key = tuple[Measure, int, str, int, int]
"""(measure, param, currency, day, gap) of a counter."""


def count(changes: Changes) -> Deltas:
    """The changes of all retention counters."""
    tally = Tally()
    _count_days(tally, changes.frame, steps_of(changes.runs))
    _count_amounts(tally, changes)
    return tally.deltas()


def _count_days(tally: Tally, frame: Frame, steps: Steps) -> None:
    sign, shop, day, previous = steps.sign, steps.shop, steps.day, steps.previous
    first = previous == 0
    tally.add(Measure.FIRSTS, shop[first], day[first], sign[first])
    fresh = previous < day  # another order day, and not one more order on the same
    again = fresh & ~first
    gap = day - previous
    for window in frame.windows:
        tally.add(Measure.ENDS, shop[fresh], day[fresh] + window, sign[fresh], param=window)
        held = again & (gap <= window)
        tally.add(Measure.ENDS, shop[held], previous[held] + window, -sign[held], param=window)
        back = again & (gap > window)
        tally.add(Measure.BACK, shop[back], day[back], sign[back], param=window)
        tally.add(Measure.RESTARTS, shop[back], day[back], sign[back], param=window, gap=gap[back] - window)
    for least in frame.least:
        reached = steps.rank == least
        tally.add(Measure.AT_LEAST, shop[reached], day[reached], sign[reached], gap=least)
        for window in frame.windows:
            _count_at_least(tally, steps, window, least)
    second = again & (previous == steps.first_day)
    for days in RETURN_DAYS:
        soon = second & (gap <= days)
        tally.add(Measure.RETURNED, shop[soon], steps.first_day[soon], sign[soon], param=days)


def _count_at_least(tally: Tally, steps: Steps, window: int, least: int) -> None:
    """The i-th order has `least` orders in the window on [d_i, min(d_(i+1), max(d_i, d_(i-least+1) + window))).

    One more order at the end cuts the interval before it short and opens its own.
    """
    sign, shop, day = steps.sign, steps.shop, steps.day
    cut = steps.rank > least
    until = np.maximum(steps.previous, steps.before[:, least] + window)
    tally.add(Measure.AT_LEAST, shop[cut], until[cut], sign[cut], param=window, gap=least)
    ends = np.minimum(day, until)
    tally.add(Measure.AT_LEAST, shop[cut], ends[cut], -sign[cut], param=window, gap=least)
    opens = steps.rank >= least
    tally.add(Measure.AT_LEAST, shop[opens], day[opens], sign[opens], param=window, gap=least)
    closes = np.maximum(day, steps.before[:, least - 1] + window)
    tally.add(Measure.AT_LEAST, shop[opens], closes[opens], -sign[opens], param=window, gap=least)


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
