"""One customer's purchases, summed up: first and last order, what they spent, their gaps, and whether they are held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from services.metrics.orders.domain.books import Step

GAPS_SHOWN = 500
"""Of a customer with more gaps, the latest are shown."""


class Bought(NamedTuple):
    """Counted orders of one customer on one day (an ordinal) in one currency; revenue in minor units, net."""

    day: int
    currency: str
    orders: int
    revenue: int


@dataclass(frozen=True, slots=True)
class History:
    """A customer as of a day. Days are ordinals; without a counted order there is no first and last."""

    orders: int
    revenue: dict[str, int]
    """Net, in minor units, by currency."""
    first: int | None
    last: int | None
    gaps: list[int]
    """Whole days between neighbouring order days; several orders of one day are one order day."""
    days_since: int | None
    lost_on: int | None
    """The day from which the customer is, or would be, no longer held."""
    held: bool


def history(bought: Sequence[Bought], today: int, window: int) -> History:
    """Sum up what was bought until `today`; held means an order within the last `window` days."""
    revenue: dict[str, int] = {}
    for entry in bought:
        revenue[entry.currency] = revenue.get(entry.currency, 0) + entry.revenue
    days = sorted({entry.day for entry in bought})
    first, last = (days[0], days[-1]) if days else (None, None)
    return History(
        orders=sum(entry.orders for entry in bought),
        revenue=dict(sorted(revenue.items())),
        first=first,
        last=last,
        gaps=[later - earlier for earlier, later in pairwise(days)][-GAPS_SHOWN:],
        days_since=None if last is None else today - last,
        lost_on=None if last is None else last + window,
        held=last is not None and today - last < window,
    )


def booked_history(steps: Iterable[Step], today: int) -> list[Bought]:
    """What the books say on a day that a customer bought: orders that stand in them, each on the day it counts on."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for step in steps:
        if step.since <= today < step.until:
            orders, revenue = found.get((step.start, step.currency), (0, 0))
            found[step.start, step.currency] = orders + 1, revenue + step.net
    return [Bought(*key, *value) for key, value in sorted(found.items())]
