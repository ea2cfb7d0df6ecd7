"""A shop's programme as occasions see it: which version was in force when, and what days and months are. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.loyalty.earning import Place, Purchase, active_from, last_day
from services.loyalty.programmes import (
    All,
    Any,
    Condition,
    FirstOnes,
    Not,
    Nth,
    OnInteraction,
    Programme,
    Segment,
    Version,
    spans,
)
from services.loyalty.tiers import Plan, plan_of
from shared.contracts.shops import Shop
from shared.kernel import DayOrdinal, Zone, fold, moment_of, month_of, start_of_month, us_of

NEVER = 2**31 - 1
"""As a day, as the ledger has it."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The versions of a shop's programme, in the order in which they came into force."""

    shop: int
    slug: str
    place: Place
    beginnings: tuple[int, ...] = ()
    """Microseconds since 1970, rising."""
    in_force: tuple[Version, ...] = ()
    plan: Plan | None = None
    """Of tiers; None where there never are any."""
    streams: bool = False
    """Whether the shop's time goes by its events."""

    def at(self, instant: int) -> Version | None:
        """What was in force then; None: no programme."""
        place = bisect_right(self.beginnings, instant)
        return self.in_force[place - 1] if place else None

    def version(self, number: int) -> Version:
        """The version of this number."""
        return next(one for one in self.in_force if one.number == number)

    def month_of(self, day: int) -> tuple[int, int]:
        """First and last day of the month of the shop's calendar that a day is in."""
        calendar = self.place.calendar
        month = month_of(DayOrdinal(day), calendar)
        return start_of_month(month, calendar), start_of_month(month + 1, calendar) - 1

    def day_of(self, instant: int) -> int:
        """The shop's day that an instant is in."""
        return self.place.zone.days_of((instant // 1_000_000,))[0]


def scheme_of(shop: Shop, versions: Sequence[Version]) -> Scheme:
    """Of all versions that a shop has published, those that ever came into force."""
    times = spans([(one.number, one.in_force_from) for one in versions])
    plan = plan_of(shop, versions)
    ever = sorted((since, one) for one in versions if (since := times[one.number].since) is not None)
    return Scheme(
        shop.number,
        shop.slug,
        Place(Zone(shop.zone), shop.calendar),
        tuple(us_of(since) for since, _ in ever),
        tuple(one for _, one in ever),
        plan if plan.has_tiers else None,
        shop.clock == "stream",
    )


def days_of(purchase: Purchase, programme: Programme, place: Place, delivered: int | None) -> tuple[int, int]:
    """(day on which points become active, day on which they cannot be spent any more), as the ledger has them."""
    told = None if delivered is None else moment_of(delivered)
    starts = place.zone.day_of(active_from(programme.pending, moment_of(purchase.at), place, told))
    last = last_day(programme.expiry, starts, place.calendar)
    return starts, NEVER if last is None else last + 1


@lru_cache(maxsize=256)
def asks_for_numbers(programme: Programme) -> bool:
    """Whether any rule asks which of the customer's orders, or interactions, it is."""
    return any(_asks(rule.when) for rule in programme.rules)


@lru_cache(maxsize=256)
def segments_asked(programme: Programme) -> frozenset[str]:
    """Segments that any rule asks for, folded."""
    return frozenset(fold(name) for rule in programme.rules for name in _segments(rule.when))


def _segments(condition: Condition | None) -> Iterator[str]:
    if isinstance(condition, All | Any):
        for one in condition.of:
            yield from _segments(one)
    elif isinstance(condition, Not):
        yield from _segments(condition.that)
    elif isinstance(condition, Segment):
        yield from condition.names


@lru_cache(maxsize=256)
def names_of(programme: Programme) -> frozenset[str]:
    """Names of interactions that earn, folded."""
    ours = (rule.on for rule in programme.rules)
    return frozenset(fold(name) for on in ours if isinstance(on, OnInteraction) for name in on.names)


def _asks(condition: Condition | None) -> bool:
    if isinstance(condition, All | Any):
        return any(_asks(one) for one in condition.of)
    if isinstance(condition, Not):
        return _asks(condition.that)
    return isinstance(condition, Nth | FirstOnes)
