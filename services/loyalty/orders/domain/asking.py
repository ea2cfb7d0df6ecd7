"""What is asked of the ledger once occasions were judged. Pure.

Every operation says what is to stand in all, so asking again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.loyalty.earning import Purchase, kept_share, last_day
from services.loyalty.orders.domain.granting import Grant, Kept, Settled, Worth
from services.loyalty.orders.domain.occasion import Key, Kind, Known
from services.loyalty.orders.domain.schemes import NEVER, Scheme
from services.loyalty.persons import Person
from services.loyalty.points import Award, Cause, GiveBack, LotKey, Operation, Part, Schedule, Source, Who
from services.loyalty.programmes import Expiry, Sliding

_SOURCES = {Kind.ORDER: Source.ORDER, Kind.INTERACTION: Source.INTERACTION}


class Spend(NamedTuple):
    """Points that were spent on an order."""

    order: Key
    hold: str
    """As the ledger names the spend."""
    customer: int
    points: int


class Latest(NamedTuple):
    """When somebody was active last, microseconds since 1970."""

    order: int
    """By an order that counts; 0: by none."""
    of_any: int
    """By that, or by an interaction that earned."""


class Turned(NamedTuple):
    """An order that became void, or stands again."""

    shop: int
    order: str
    void: bool
    """Cancelled at last, or wholly refunded."""
    cause: Cause


class Why(NamedTuple):
    """What had an occasion judged."""

    cause: Cause
    day: int
    """Of the shop, as its clock stands."""
    partition: int


def awards_of(one: Settled, before: Kept | None, why: Why) -> list[Operation]:
    """What the parts of an occasion are worth now, where that changed; and other days for those that stay."""
    found: list[Operation] = []
    shop, source = one.key.shop, _SOURCES[one.key.kind]
    cause = why.cause
    was = None if before is None else before.grant
    if was is None and one.purchase is not None:
        # What was never judged before is earned when it happened, whatever event completes the picture.
        cause = cause._replace(at=one.purchase.at)
    new = was is None
    for customer, parts in one.awards:
        starts, expires = (0, NEVER) if one.grant is None else (one.grant.starts, one.grant.expires)
        asked = tuple(Part(rule, version, points, line, starts, expires) for rule, version, line, points in parts)
        found.append(Award(Who(shop, customer), source, one.key.id, asked, cause, why.day, why.partition, new))
    if was is not None and one.grant is not None and _days(was) != _days(one.grant):
        grant = one.grant
        lots = tuple(LotKey(source, one.key.id, line, rule, version) for rule, version, line, _ in _same(was, grant))
        who = Who(shop, grant.customer)
        if lots:
            found.append(Schedule(who, cause, why.day, lots, grant.starts, grant.expires, why.partition))
    return found


def _days(grant: Grant) -> tuple[int, int]:
    return grant.starts, grant.expires


def _same(was: Grant, now: Grant) -> Worth:
    """Parts that stood before and stand now."""
    if was.customer != now.customer:
        return ()
    stood = {part[:3] for part in was.parts}
    return tuple(part for part in now.parts if part[:3] in stood)


def slides(one: Settled, scheme: Scheme) -> bool:
    """Whether it is an activity that begins the time of all points of its account anew."""
    grant = one.grant
    if grant is None or not grant.through:
        return False
    expiry = scheme.version(grant.context.version).programme.expiry
    if not isinstance(expiry, Sliding):
        return False
    return one.key.kind is Kind.ORDER or (expiry.activity == "any" and bool(grant.parts))


def slid(one: Settled, scheme: Scheme, latest: Latest, why: Why) -> Schedule:
    """All points of the account that are not spent expire so long after the latest activity."""
    grant = one.grant
    assert grant is not None, "see `slides`"
    expiry = scheme.version(grant.context.version).programme.expiry
    # Whoever spent points was active as well, which orders and interactions do not tell: that is not shortened.
    by_any = isinstance(expiry, Sliding) and expiry.activity == "any"
    day = max(scheme.day_of(latest.of_any if by_any else latest.order), grant.starts)
    who, ends = Who(one.key.shop, grant.customer), _ends(expiry, day, scheme.place.calendar)
    return Schedule(who, why.cause, why.day, None, None, ends, why.partition, only_later=by_any)


def slid_by_spending(whos: Sequence[Who], expiry: Expiry, calendar: str, why: Why) -> list[Schedule]:
    """Spending points is an activity too, where the programme counts any."""
    if not isinstance(expiry, Sliding) or expiry.activity != "any":
        return []
    ends = _ends(expiry, why.day, calendar)
    return [Schedule(who, why.cause, why.day, None, None, ends, why.partition, only_later=True) for who in whos]


def _ends(expiry: Expiry, day: int, calendar: str) -> int:
    last = last_day(expiry, day, calendar)
    return NEVER if last is None else last + 1


def given_back(points: int, known: Known, purchase: Purchase | None) -> int:
    """Of points that were spent on an order, how many stand given back by what is known of it.

    All of one that was cancelled at last or wholly refunded, none of one that nobody completed yet.
    """
    last = known.last
    if last is not None and not last.completed:
        return points
    if purchase is None:
        return 0
    left = kept_share(purchase)
    return points - -(-points * left.numerator // left.denominator)


def is_void(known: Known, purchase: Purchase | None) -> bool:
    """Whether an order was cancelled at last or wholly refunded: all that was spent on it stands given back."""
    return given_back(1, known, purchase) == 1


def give_back(spend: Spend, one: Settled, person: Person | None, why: Why) -> GiveBack:
    """What a spend is to have given back, in all."""
    shop = spend.order.shop
    also = tuple(Who(shop, other) for other in (person.identities if person else ()) if other != spend.customer)
    total = given_back(spend.points, one.after, one.purchase)
    return GiveBack(Who(shop, spend.customer), spend.hold, total, why.cause, why.day, also, why.partition)
