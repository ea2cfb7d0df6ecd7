"""What the steps of orders count for in cohorts on basis `booked`. Pure.

A customer's cohort is the month of the first start of any of their orders, and it never moves. In a month they count
when an order that started in it is alive at its end; their orders and revenue count by the months of the entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from services.metrics.cohorts.domain.counting import Key
from services.metrics.counters import Deltas, Measure, Tally
from services.metrics.orders import END, GUEST, Accounts, Frame, Step, entries_of, month_ends, months_of


def count(lives: Accounts) -> Deltas:
    """The changes of all cohort counters of basis `booked`."""
    tally = Tally()
    own = np.flatnonzero(lives.customer != GUEST)
    if not len(own):
        return tally.deltas()
    calendar = lives.frame.calendar
    person, start, since, until = (column[own] for column in (lives.person, lives.start, lives.since, lives.until))
    shop, sign, currency, net = (column[own] for column in (lives.shop, lives.sign, lives.currency, lives.net))
    heads = np.flatnonzero(np.diff(person, prepend=-1))
    sizes = np.diff(heads, append=len(person))
    cohort = np.repeat(months_of(np.minimum.reduceat(start, heads), calendar), sizes)

    month, over = months_of(start, calendar), month_ends(start, calendar)
    lasting = np.flatnonzero((since <= over) & (over < until))
    order = lasting[np.lexsort((month[lasting], person[lasting]))]
    differs = np.ones(len(order), bool)
    differs[1:] = (person[order][1:] != person[order][:-1]) | (month[order][1:] != month[order][:-1])
    seen = order[differs]
    tally.add(Measure.COHORT_CUSTOMERS, shop[seen], month[seen], sign[seen], param=cohort[seen])

    ends = np.flatnonzero(until < END)
    both = np.concatenate([np.arange(len(person)), ends])
    month = months_of(np.concatenate([since, until[ends]]), calendar)
    sign = np.concatenate([sign, -sign[ends]])
    shop, cohort, currency = shop[both], cohort[both], currency[both]
    tally.add(Measure.COHORT_ORDERS, shop, month, sign, param=cohort, currency=currency)
    tally.add(Measure.COHORT_REVENUE, shop, month, sign * net[both], param=cohort, currency=currency)
    return tally.deltas()


def contributions(steps: Sequence[Step], frame: Frame) -> dict[Key, int]:
    """All that one customer's steps add to the counters of cohorts. A guest has no cohort."""
    own = [step for step in steps if step.customer != GUEST]
    counted: Counter[Key] = Counter()
    if not own:
        return {}
    cohort = _month(min(step.start for step in own), frame)
    for month in {_month(step.start, frame) for step in own if step.since <= _end(step.start, frame) < step.until}:
        counted[Measure.COHORT_CUSTOMERS, cohort, "", month, 0] += 1
    for day, currency, orders, revenue in entries_of(own):
        month = _month(day, frame)
        counted[Measure.COHORT_ORDERS, cohort, currency, month, 0] += orders
        counted[Measure.COHORT_REVENUE, cohort, currency, month, 0] += revenue
    return {key: value for key, value in counted.items() if value}


def _month(day: int, frame: Frame) -> int:
    return int(months_of(np.array([day]), frame.calendar)[0])


def _end(day: int, frame: Frame) -> int:
    return int(month_ends(np.array([day]), frame.calendar)[0])
