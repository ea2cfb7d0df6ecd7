"""What each event changes of its customers' counted order days, one after the other. Pure.

Counters need a batch's net result only. Whoever tells what happened, event by event, needs the steps between: an order
that comes and is cancelled in one batch is net nothing, and yet both happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints
from services.metrics.orders.domain.amend import Amendment
from services.metrics.orders.domain.batch import OrderKey, PlainOrders, Told
from services.metrics.orders.domain.changes import Turns
from services.metrics.orders.domain.days import local_days
from shared.orders import GUEST, OrderState, fact, first_completion, merge


class _Turn(NamedTuple):
    sign: int
    shop: int
    customer: int
    day: int
    event_day: int
    position: int


def turns_of(
    plain: PlainOrders,
    fresh: Ints,
    amended: Iterable[Amendment],
    told: Mapping[OrderKey, Sequence[Told]],
    zones: Mapping[int, str],
) -> Turns:
    """Sorted by shop, customer and position. `fresh`: places of plain orders that are new; `told` of amended ones."""
    rows = [turn for one in amended for turn in _folded(one, told[one.order], zones[one.order.shop])]
    known = fresh[plain.customer[fresh] != GUEST]
    day = plain.day[known]
    columns = [
        np.ones(len(known), np.int64),
        plain.shop[known],
        plain.customer[known],
        day,
        day,
        plain.position[known],
    ]
    if rows:
        more = np.array(rows, np.int64).T
        columns = [np.concatenate(both) for both in zip(columns, more, strict=True)]
    turns = Turns(*columns)
    return turns.chosen(np.lexsort((turns.sign, turns.position, turns.customer, turns.shop)))


def _folded(one: Amendment, told: Sequence[Told], zone: str) -> Iterable[_Turn]:
    """The order's events one after the other."""
    state = OrderState() if one.before is None else one.before.state
    was = None if one.before is None else one.before.life.fact
    for event in told:
        state = merge(state, event.state)
        first = first_completion(state)
        now = None if first is None else fact(state, _day(zone, first[0]))
        before, after = [None if each is None else (each.customer, each.day) for each in (was, now)]
        was = now
        if before == after:
            continue
        for sign, moved in ((-1, before), (1, after)):
            if moved is not None and moved[0] != GUEST:
                yield _Turn(sign, one.order.shop, *moved, _day(zone, event.at), event.position)


def _day(zone: str, at: int) -> int:
    return int(local_days(zone).of(np.array([at]))[0])
