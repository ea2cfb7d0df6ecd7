"""Customers whose books differ from what is restated, and what a batch changes of that difference. Pure.

Counters of basis `booked` hold booked less restated, so whoever has no such order costs them nothing. For the others
all counters are worked out from the whole of one customer's steps: as they are now less as they were before the batch,
and on each side as booked less as restated. Restated orders are steps as well, without end and booked on their day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from services.metrics.counters import Ints, currency_code
from services.metrics.orders.domain.amend import Amendment
from services.metrics.orders.domain.batch import PlainOrders
from services.metrics.orders.domain.books import END, Step
from services.metrics.orders.domain.changes import Frame
from services.metrics.orders.domain.decide import Moves
from shared.orders import GUEST

Worth = tuple[int, int, int, int, int]
"""(start, since, until, currency, net) of a step, whoever has it."""


class Shifts(NamedTuple):
    """Steps by which the books of a batch's orders move apart from (1), or towards (-1), what is restated of them.

    Columns of one length. An order that is what it seems has none, and nearly all are.
    """

    sign: Ints
    shop: Ints
    customer: Ints
    start: Ints
    since: Ints
    until: Ints
    currency: Ints
    net: Ints


@dataclass(frozen=True, slots=True)
class Accounts:
    """Steps of customers, each once as booked and once as restated, now (to be added) and before (to be taken away).

    Columns of one length, a row for each step. All steps of one customer on one basis at one time are one person.
    """

    frame: Frame
    person: Ints
    """Rising from 0, without gaps."""
    sign: Ints
    """1 for booked and now, restated and before; else -1."""
    shop: Ints
    customer: Ints
    """GUEST for steps that nobody's days depend on."""
    start: Ints
    since: Ints
    until: Ints
    currency: Ints
    net: Ints

    def __len__(self) -> int:
        return len(self.sign)


def shifts_of(plain: PlainOrders, fresh: Ints, amended: Iterable[Amendment]) -> Shifts:
    """What moves the two bases apart: plain orders told too late (of `fresh`, places of new ones), and amended ones."""
    late = fresh[plain.booked_day[fresh] != plain.day[fresh]]
    rows: list[tuple[int, int, Step]] = []
    for one in amended:
        was, now = one.life_before, one.after.life
        if was.steps == was.restated and now.steps == now.restated:
            continue
        for sign, steps in ((1, now.steps), (-1, now.restated), (-1, was.steps), (1, was.restated)):
            rows += [(sign, one.order.shop, step) for step in steps]
    ones, end = np.ones(len(late), np.int64), np.full(len(late), END, np.int64)
    shop, customer = plain.shop[late], plain.customer[late]
    worth = (end, plain.currency_code[late], plain.revenue[late])
    day, booked = plain.day[late], plain.booked_day[late]
    more = np.array(
        [(sign, shop, *step[:4], currency_code(step.currency), step.net) for sign, shop, step in rows], np.int64
    ).reshape(-1, 8)
    parts = ((ones, shop, customer, booked, booked, *worth), (-ones, shop, customer, day, day, *worth), tuple(more.T))
    return Shifts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def shifts_at(shifts: Shifts, rows: Ints) -> Shifts:
    """Some of the rows."""
    return Shifts(*(column[rows] for column in shifts))


def place_of(shop: Ints, customer: Ints, shifts: Shifts) -> Ints:
    """Where the customers of shifts stand among others, which are sorted by shop and customer and hold them all."""
    places = set()
    for number in np.unique(shifts.shop).tolist():
        low, high = np.searchsorted(shop, (number, number + 1)).tolist()
        mine = shifts.customer[(shifts.shop == number) & (shifts.customer != GUEST)]
        places.update((low + np.searchsorted(customer[low:high], mine)).tolist())
    return np.array(sorted(places), np.int64)


class Owned(NamedTuple):
    """What one odd customer has after the batch, on either basis."""

    shop: int
    customer: int
    restated: Counter[Worth]
    booked: Counter[Worth]

    @property
    def is_odd(self) -> bool:
        """Whether the two bases differ."""
        return self.restated != self.booked


def accounts_of(frame: Frame, owned: Sequence[Owned], moves: Moves, shifts: Shifts) -> Accounts:
    """The lives of customers as they are now and as they were before the batch, and the steps of guests that changed.

    Raises ValueError when what was read and what the batch changed disagree.
    """
    moved, shifted = _moved(moves), _shifted(shifts)
    table: list[tuple[int, ...]] = []
    person = 0
    for one in owned:
        key = (one.shop, one.customer)
        restated = _less(one.restated, moved.get(key, ()))
        booked = _less(one.booked, (*moved.get(key, ()), *shifted.get(key, ())))
        for sign, steps, other in (
            (1, one.booked, one.restated), (-1, one.restated, one.booked),
            (-1, booked, restated), (1, restated, booked),
        ):  # fmt: skip
            if steps and steps != other:
                table += [(person, sign, *key, *step) for step, times in steps.items() for _ in range(times)]
                person += 1
    for (shop, customer), rows in shifted.items():
        if customer == GUEST:
            for worth, sign in rows:
                table.append((person, sign, shop, GUEST, *worth))
                person += 1
    return Accounts(frame, *np.array(table, np.int64).reshape(-1, 9).T)


def _moved(moves: Moves) -> dict[tuple[int, int], list[tuple[Worth, int]]]:
    found: dict[tuple[int, int], list[tuple[Worth, int]]] = {}
    for sign, shop, customer, day, currency, net in zip(
        *(column.tolist() for column in (moves.sign, moves.shop, moves.customer, moves.day, moves.currency, moves.net)),
        strict=True,
    ):
        found.setdefault((shop, customer), []).append(((day, day, END, currency, net), sign))
    return found


def _shifted(shifts: Shifts) -> dict[tuple[int, int], list[tuple[Worth, int]]]:
    found: dict[tuple[int, int], list[tuple[Worth, int]]] = {}
    for sign, shop, customer, *worth in zip(*(column.tolist() for column in shifts), strict=True):
        start, since, until, currency, net = worth
        found.setdefault((shop, customer), []).append(((start, since, until, currency, net), sign))
    return found


def _less(now: Counter[Worth], changes: Iterable[tuple[Worth, int]]) -> Counter[Worth]:
    """As it was before the changes."""
    before = Counter(now)
    for worth, sign in changes:
        before[worth] -= sign
    if any(times < 0 for times in before.values()):
        raise ValueError("an order that came in this batch is not among the steps that were read")
    return +before
