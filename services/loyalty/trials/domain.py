"""A programme tried on what really happened: what it would have given beside another one. Pure.

Both are judged alike: each order and interaction as it is known now, with the number and tier that it was judged by,
in the order in which it happened. What caps have left is counted from the beginning of the time that is tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import msgspec

from services.loyalty.earning import Context, Per, Place, Purchase, entitlement, limits_of, local_day, used_before
from services.loyalty.programmes import Programme
from shared.kernel import DayOrdinal, month_of

QUANTILES = (0, 10, 25, 50, 75, 90, 100)
"""Percent of customers."""


class Happened(NamedTuple):
    """An order or an interaction of a customer."""

    customer: int
    purchase: Purchase
    context: Context
    """What it was judged by; of what was not judged, what is known of it."""
    posted: int
    """Points that stand for it."""


class Sums(NamedTuple):
    """What a programme gives in all."""

    points: int
    occasions: int
    """That earn anything."""
    customers: int
    """Who earn anything."""
    by_rule: dict[str, int]


class Outlook(NamedTuple):
    """Two programmes side by side."""

    customers: int
    occasions: int
    posted: int
    before: Sums
    after: Sums
    more: int
    """Customers who would have got more."""
    fewer: int
    quantiles: tuple[int, ...]
    """Of the difference, over all customers: what at most so many percent of them fall below."""


def outlook(happened: Sequence[Happened], before: Programme | None, after: Programme, place: Place) -> Outlook:
    """`before`: None where there was no programme. What happened is sorted by customer and time."""
    one, other = _given(happened, before, place), _given(happened, after, place)
    customers = sorted({each.customer for each in happened})
    differences = sorted(other.by_customer[each] - one.by_customer[each] for each in customers)
    return Outlook(
        len(customers),
        len(happened),
        sum(each.posted for each in happened),
        one.sums(),
        other.sums(),
        sum(difference > 0 for difference in differences),
        sum(difference < 0 for difference in differences),
        tuple(differences[(len(differences) - 1) * percent // 100] for percent in QUANTILES) if differences else (),
    )


class _Given:
    """What a programme gives, as it is added up."""

    def __init__(self) -> None:
        self.by_customer: Counter[int] = Counter()
        self.by_rule: Counter[str] = Counter()
        self.occasions = 0

    def add(self, customer: int, by_rule: dict[str, int]) -> None:
        self.by_customer[customer] += sum(by_rule.values())
        self.by_rule.update(by_rule)
        self.occasions += any(by_rule.values())

    def sums(self) -> Sums:
        earning = sum(points > 0 for points in self.by_customer.values())
        return Sums(self.by_customer.total(), self.occasions, earning, dict(self.by_rule))


def _given(happened: Iterable[Happened], programme: Programme | None, place: Place) -> _Given:
    given = _Given()
    if programme is None:
        return given
    limits = limits_of(programme)
    for customer, theirs in groupby(happened, key=attrgetter("customer")):
        earned: Counter[tuple[str, Per, int]] = Counter()
        for one in theirs:
            spans = _spans(one.purchase.at, place) if limits else {}
            now = {(rule, per): points for (rule, per, span), points in earned.items() if spans[per] == span}
            context = msgspec.structs.replace(one.context, used=used_before(limits, now))
            found = entitlement(one.purchase, programme, context)
            given.add(customer, found.by_rule())
            if limits and one.purchase.stands:
                for outcome in found.outcomes:
                    earned.update({(outcome.rule, per, span): outcome.earned for per, span in spans.items()})
    return given


def _spans(at: int, place: Place) -> dict[Per, int]:
    day = local_day(at, place)
    return {"day": day, "month": month_of(DayOrdinal(day), place.calendar), "total": 0}
