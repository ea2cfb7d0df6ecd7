"""A customer's orders counted from nothing, or taken away as a whole: what counts them sees changes like any others.

Pure. Used where counters are built beside the live ones, for whole customers at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from services.metrics.orders.domain.accounts import Accounts, Worth
from services.metrics.orders.domain.books import END
from services.metrics.orders.domain.changes import Amounts, Changes, Frame, Runs
from shared.orders import GUEST


class Counted(NamedTuple):
    """One counted order; currency as `currency_code` gives it."""

    day: int
    currency: int
    net: int


@dataclass(slots=True)
class Person:
    """All that counts of one customer, or of one guest's order."""

    customer: int
    orders: list[Counted] = field(default_factory=list)
    """Counted, by day."""
    restated: Counter[Worth] = field(default_factory=Counter)
    booked: Counter[Worth] = field(default_factory=Counter)

    def add(self, order: Counted, booked_day: int | None) -> None:
        """A counted order; `booked_day` where its own row tells its life."""
        self.orders.append(order)
        self.restated[order.day, order.day, END, order.currency, order.net] += 1
        if booked_day is not None:
            self.booked[booked_day, booked_day, END, order.currency, order.net] += 1

    @property
    def is_odd(self) -> bool:
        """Whether the two bases differ."""
        return self.restated != self.booked


def changes_of(frame: Frame, shop: int, signed: Sequence[tuple[int, Person]]) -> Changes:
    """Persons to be added (1) or taken away (-1), as they are, from nothing or to nothing."""
    known = [(sign, person) for sign, person in signed if person.customer != GUEST and person.orders]
    for _, person in signed:
        person.orders.sort()
    runs = Runs(
        sign=_ints([sign for sign, _ in known]),
        shop=np.full(len(known), shop, np.int64),
        first_day=np.zeros(len(known), np.int64),
        tail=np.zeros((len(known), frame.depth), np.int64),
        length=_ints([len(person.orders) for _, person in known]),
        days=_ints([order.day for _, person in known for order in person.orders]),
    )
    rows = [
        (sign, shop, person.customer, 0 if person.customer == GUEST else person.orders[0].day, *order)
        for sign, person in signed
        for order in person.orders
    ]
    return Changes(frame, Amounts(*np.array(rows, np.int64).reshape(-1, 7).T), runs)


def accounts_anew(frame: Frame, shop: int, signed: Sequence[tuple[int, Person]]) -> Accounts:
    """The same on basis booked: what of the persons is not as it is restated."""
    table: list[tuple[int, ...]] = []
    number = 0
    for sign, person in signed:
        if not person.is_odd:
            continue
        for side, steps in ((sign, person.booked), (-sign, person.restated)):
            rows = [step for step, times in steps.items() for _ in range(times)]
            for part in [rows] if person.customer != GUEST else [[row] for row in rows]:
                if part:
                    table += [(number, side, shop, person.customer, *step) for step in part]
                    number += 1
    return Accounts(frame, *np.array(table, np.int64).reshape(-1, 9).T)


def _ints(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)
