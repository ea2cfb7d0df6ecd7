"""What orders change in the counters of cohorts. Pure.

A customer's cohort is the month of their first counted order; when that moves, all their cells move with it.
`contributions` is the definition, `count` the same for whole batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from services.metrics.counters import Deltas, Measure, Tally
from services.metrics.orders import GUEST, Changes, Fact, Frame, months_of, steps_of

Key = tuple[Measure, int, str, int, int]
"""(measure, month of the cohort, currency, month, 0) of a counter."""


def count(changes: Changes) -> Deltas:
    """The changes of all cohort counters."""
    tally = Tally()
    calendar = changes.frame.calendar
    steps = steps_of(changes.runs)
    month = months_of(steps.day, calendar)
    first = steps.previous == 0
    before = months_of(np.where(first, steps.day, steps.previous), calendar)
    seen = first | (month > before)
    cohort = months_of(steps.first_day, calendar)
    tally.add(Measure.COHORT_CUSTOMERS, steps.shop[seen], month[seen], steps.sign[seen], param=cohort[seen])
    rows = changes.amounts
    known = rows.customer != GUEST
    shop, currency, sign = rows.shop[known], rows.currency[known], rows.sign[known]
    month, cohort = months_of(rows.day[known], calendar), months_of(rows.first_day[known], calendar)
    tally.add(Measure.COHORT_ORDERS, shop, month, sign, param=cohort, currency=currency)
    tally.add(Measure.COHORT_REVENUE, shop, month, sign * rows.net[known], param=cohort, currency=currency)
    return tally.deltas()


def contributions(facts: Sequence[Fact], frame: Frame) -> dict[Key, int]:
    """All that one customer's counted orders add to the counters of cohorts. A guest has no cohort."""
    own = [fact for fact in facts if fact.customer != GUEST]
    if not own:
        return {}
    months = months_of(np.array([fact.day for fact in own]), frame.calendar).tolist()
    cohort = min(months)
    counted: Counter[Key] = Counter()
    for month in set(months):
        counted[Measure.COHORT_CUSTOMERS, cohort, "", month, 0] += 1
    for fact, month in zip(own, months, strict=True):
        counted[Measure.COHORT_ORDERS, cohort, fact.currency, month, 0] += 1
        counted[Measure.COHORT_REVENUE, cohort, fact.currency, month, 0] += fact.net
    return {key: value for key, value in counted.items() if value}
