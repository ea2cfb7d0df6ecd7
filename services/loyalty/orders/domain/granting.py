"""What an occasion is granted: the context it is judged by, and the difference between its worth and what stands.

1. An occasion is judged once its completion and its content are known, it is a known customer's, a programme was in
   force and the person was a member at that instant. The context is fixed then, and kept, so that whatever is learnt
   later is judged alike: an order that flaps earns once.
2. What it is worth follows from what is known of it, the programme's version and that context, and from nothing else.
3. What is asked of the ledger is what each part is worth, all in all; the ledger posts the difference.

Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import msgspec

from services.loyalty.earning import Context, Limit, Purchase, entitlement, kept_share, limits_of, used_before
from services.loyalty.members import Member, covering
from services.loyalty.orders.domain.occasion import Key, Kind, Known, purchase_of
from services.loyalty.orders.domain.schemes import NEVER, Scheme, asks_for_numbers, days_of, segments_asked
from services.loyalty.persons import Person, alone
from services.loyalty.programmes import Programme
from services.loyalty.segments import Change
from services.loyalty.segments import before as segments_before
from services.loyalty.tiers import Day, gathered, walk
from shared.kernel import fold
from shared.orders import GUEST

ALL_LEFT = Fraction(1)
Worth = tuple[tuple[str, int, str, int], ...]
"""(rule, version, line, points) of each part."""


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an occasion was given, as it is kept with it."""

    customer: int
    """The identity whose account it is in."""
    through: int
    """By whose membership: that identity, or another of the same person. 0: by nobody's any more."""
    context: Context
    day: int
    """Of the shop, for caps."""
    parts: Worth = ()
    """What stands, parts worth nothing left out."""
    used: dict[str, int] = {}
    """By rule, what it counts against caps; empty where there are none."""
    starts: int = 0
    """The day on which its points become active."""
    expires: int = NEVER
    """The day on which they cannot be spent any more, by themselves."""


class Kept(NamedTuple):
    """An occasion before the batch."""

    known: Known
    grant: Grant | None


class Asked(NamedTuple):
    """An occasion that is to be judged."""

    key: Key
    position: int
    """Of the event in the batch by which it was completed, else of the first that tells of it."""
    before: Kept | None
    after: Known


class Spent(NamedTuple):
    """Points earned that count against caps, or no longer do."""

    shop: int
    customer: int
    rule: str
    day: int
    points: int


class Settled(NamedTuple):
    """An occasion once it was judged."""

    key: Key
    after: Known
    grant: Grant | None
    awards: tuple[tuple[int, Worth], ...]
    """What parts are worth now, by identity, of those that changed."""
    purchase: Purchase | None
    kept: int | None = None
    """Revenue that is left, as tiers count it; None: it counts for nothing."""


@dataclass(slots=True)
class Around:
    """What occasions are judged by beside themselves. Changed as one after the other is."""

    schemes: Mapping[int, Scheme]
    persons: Mapping[tuple[int, int], Person]
    """By shop and identity; who is not there is one by themselves."""
    members: Mapping[tuple[int, int], Member]
    numbers: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    """Completed occasions by shop, identity and name of the interaction (empty: orders), before the batch."""
    used: Counter[tuple[int, int, str, int]] = field(default_factory=Counter)
    """What counts against caps, by shop, identity, rule and day."""
    spent: list[Spent] = field(default_factory=list)
    """What the batch changed of that."""
    days: dict[tuple[int, int], list[Day]] = field(default_factory=dict)
    """What was done, by shop and identity, where there are tiers; less what was taken back, as days of its own."""
    stirred: set[tuple[int, int]] = field(default_factory=set)
    """Whose days the batch changed."""
    belonging: Mapping[tuple[int, int], Sequence[Change]] = field(default_factory=dict)
    """When they entered and left segments, by shop and identity, where rules ask."""

    def tier(self, shop: int, identity: int, day: int) -> str:
        """Id of the level that a person has on a day, by what is known of the day so far; empty: none."""
        plan = self.schemes[shop].plan
        if plan is None:
            return ""
        places = [(shop, who) for who in self.person(shop, identity).identities]
        for place in places:
            # A day is one entry from here on, so that many orders of somebody do not cost the square of their number.
            self.days[place] = gathered(self.days.get(place, ()))
        days = self.days[places[0]] if len(places) == 1 else [one for place in places for one in self.days[place]]
        level = walk(days, plan, day).standing.level
        return "" if level is None else level.id

    def segments(self, programme: Programme, shop: int, identity: int, at: int) -> tuple[str, ...]:
        """Of the segments that a programme asks for, those that a person was in at an instant.

        What is told of a shop on the stream clock comes by the wall's: there it is what is known by now.
        """
        asked, instant = segments_asked(programme), None if self.schemes[shop].streams else at
        if not asked:
            return ()
        identities = self.person(shop, identity).identities
        found = {name for one in identities for name in segments_before(self.belonging.get((shop, one), ()), instant)}
        return tuple(sorted(name for name in found if fold(name) in asked))

    def person(self, shop: int, identity: int) -> Person:
        """Whose identity it is."""
        return self.persons.get((shop, identity)) or alone(shop, identity)

    def through(self, shop: int, identity: int, at: int) -> int | None:
        """By whose membership something earns at an instant."""
        person = self.person(shop, identity)
        members = {one: self.members[shop, one] for one in person.identities if (shop, one) in self.members}
        return covering(person.identities, identity, members, at) if members else None


def settle(asked: Sequence[Asked], around: Around) -> list[Settled]:
    """Judge occasions in the order in which they were completed."""
    return [_settle(one, around) for one in sorted(asked, key=lambda one: (one.position, one.key))]


def _settle(asked: Asked, around: Around) -> Settled:
    before = None if asked.before is None else asked.before.grant
    purchase = purchase_of(asked.key, asked.after)
    grant = _granted(asked, purchase, before, around)
    if purchase is not None and (asked.before is None or purchase_of(asked.key, asked.before.known) is None):
        content = asked.after.content
        assert content is not None, "there is a purchase"
        around.numbers[asked.key.shop, content.customer, purchase.interaction] += 1
    _count_used(asked.key.shop, before, grant, around)
    kept = kept_of_grant(purchase, grant, around.schemes[asked.key.shop])
    _count_days(asked, grant, kept, around)
    return Settled(asked.key, asked.after, grant, _awards(before, grant), purchase, kept)


def kept_of_grant(purchase: Purchase | None, grant: Grant | None, scheme: Scheme) -> int | None:
    """Revenue left after refunds, in the programme's currency; None for what is cancelled, returned, nobody's."""
    if purchase is None or grant is None or not grant.through or not purchase.stands:
        return None
    share = kept_share(purchase) if purchase.refunds else ALL_LEFT
    if not share:
        return None
    currency = scheme.version(grant.context.version).programme.currency
    return purchase.revenue * share.numerator // share.denominator if purchase.currency == currency else 0


def _count_days(asked: Asked, grant: Grant | None, kept: int | None, around: Around) -> None:
    """Tiers go by what persons did: what an occasion counts now, instead of what it counted."""
    shop, scheme = asked.key.shop, around.schemes[asked.key.shop]
    if scheme.plan is None:
        return
    was = None if asked.before is None else asked.before.grant
    counted = None
    if asked.before is not None and was is not None:
        counted = kept_of_grant(purchase_of(asked.key, asked.before.known), was, scheme)
    for sign, given, amount in ((-1, was, counted), (1, grant, kept)):
        if given is not None and amount is not None:
            points, orders = sign * sum(part[-1] for part in given.parts), sign * int(asked.key.kind is Kind.ORDER)
            waits = given.starts > given.day
            days = around.days.setdefault((shop, given.customer), [])
            days.append(Day(given.day, sign * amount, 0 if waits else points, orders))
            if waits and points:
                days.append(Day(given.starts, points=points, opening=points))
            around.stirred.add((shop, given.customer))


def _granted(asked: Asked, purchase: Purchase | None, before: Grant | None, around: Around) -> Grant | None:
    shop, content = asked.key.shop, asked.after.content
    if purchase is None or content is None or content.customer == GUEST:
        return None if before is None else msgspec.structs.replace(before, through=0, parts=(), used={})
    scheme = around.schemes[shop]
    version = scheme.at(purchase.at)
    through = None if version is None else around.through(shop, content.customer, purchase.at)
    if version is None or through is None:
        return None if before is None else msgspec.structs.replace(before, through=0, parts=(), used={})
    day = scheme.day_of(purchase.at)
    if before is None:
        context = _context(purchase, scheme, version.number, content.customer, around)
    elif before.context.version != version.number:  # an earlier completion became known
        segments = around.segments(version.programme, shop, content.customer, purchase.at)
        context = msgspec.structs.replace(before.context, version=version.number, segments=segments)
    else:
        context = before.context
    worth = entitlement(purchase, version.programme, context)
    parts = tuple((rule, version.number, line, points) for (rule, line), points in sorted(worth.by_line().items()))
    used: dict[str, int] = {}
    if limits_of(version.programme) and purchase.stands:
        used = {one.rule: one.earned for one in worth.outcomes if one.earned}
    starts, expires = days_of(purchase, version.programme, scheme.place, asked.after.delivered)
    return Grant(
        customer=content.customer,
        through=through,
        context=context,
        day=day,
        parts=parts,
        used=used,
        starts=starts,
        expires=expires,
    )


def _context(purchase: Purchase, scheme: Scheme, number: int, identity: int, around: Around) -> Context:
    version = scheme.version(number)
    person = around.person(scheme.shop, identity)
    which = 1
    if asks_for_numbers(version.programme):
        which += sum(around.numbers[scheme.shop, one, purchase.interaction] for one in person.identities)
    limits = limits_of(version.programme)
    used = _used(purchase, scheme, limits, person, around) if limits else {}
    tier = around.tier(scheme.shop, identity, scheme.day_of(purchase.at))
    segments = around.segments(version.programme, scheme.shop, identity, purchase.at)
    return Context(version=number, zone=scheme.place.zone.name, number=which, tier=tier, segments=segments, used=used)


def _used(
    purchase: Purchase, scheme: Scheme, limits: tuple[Limit, ...], person: Person, around: Around
) -> dict[str, int]:
    day = scheme.day_of(purchase.at)
    spans = {"day": (day, day), "month": scheme.month_of(day), "total": (0, 2**31 - 1)}
    earned: Counter[tuple[str, str]] = Counter()
    mine = set(person.identities)
    for (shop, identity, rule, on), points in around.used.items():
        if shop == scheme.shop and identity in mine:
            for per in {limit.per for limit in limits}:
                first, last = spans[per]
                if first <= on <= last:
                    earned[rule, per] += points
    return used_before(limits, earned)  # type: ignore[arg-type]  # Counter's keys are plain texts


def _count_used(shop: int, before: Grant | None, after: Grant | None, around: Around) -> None:
    for sign, grant in ((-1, before), (1, after)):
        for rule, points in ({} if grant is None else grant.used).items():
            assert grant is not None, "it has something in `used`"
            around.used[shop, grant.customer, rule, grant.day] += sign * points
            around.spent.append(Spent(shop, grant.customer, rule, grant.day, sign * points))


def _awards(before: Grant | None, after: Grant | None) -> tuple[tuple[int, Worth], ...]:
    """What parts are worth now, of those that are worth something else than before."""
    was = _by_account(before)
    now = _by_account(after)
    found: dict[int, list[tuple[str, int, str, int]]] = {}
    for place in sorted(was.keys() | now.keys()):
        if was.get(place, 0) != now.get(place, 0):
            customer, rule, version, line = place
            found.setdefault(customer, []).append((rule, version, line, now.get(place, 0)))
    return tuple((customer, tuple(parts)) for customer, parts in found.items())


def _by_account(grant: Grant | None) -> dict[tuple[int, str, int, str], int]:
    if grant is None:
        return {}
    return {(grant.customer, rule, version, line): points for rule, version, line, points in grant.parts}


def spent_in_all(spent: Iterable[Spent]) -> list[Spent]:
    """The changes of what counts against caps, added up, sorted by key; what comes to nothing is left out."""
    sums: Counter[tuple[int, int, str, int]] = Counter()
    for one in spent:
        sums[one.shop, one.customer, one.rule, one.day] += one.points
    return [Spent(*key, points) for key, points in sorted(sums.items()) if points]
