"""Persons are looked at anew: where they stand follows from what they did; what changed is told, and a timer armed.

1 `look`: who stands where now   2 `beside`: what is told of it, which the ledger puts into its place in the day's turn
3 `keep`: what was told is written, and the next look is armed

Whoever calls holds the shops' pointers and has locked the memberships of these persons, so that nobody else looks at
them at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.persons import Person
from services.loyalty.points import TURN_TIMER, Beside, Cause
from services.loyalty.tiers import store
from services.loyalty.tiers.domain.outlook import Told, news, next_look
from services.loyalty.tiers.domain.plans import NEVER, Day, Plan, gathered
from services.loyalty.tiers.domain.standing import walk
from services.loyalty.tiers.events import Telling, moment, told
from services.loyalty.tiers.store import Kept, Place
from shared.clocks import timers_of
from shared.contracts.envelope import message_key
from shared.contracts.topics import LOYALTY_TIERS
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.messaging.handling import OutboxKey, Timer, Transaction

_NOTHING = Kept(Told(), 0, NEVER, missed=False)


class Asked(NamedTuple):
    """A person who is to be looked at, and why."""

    person: Person
    cause: Cause
    day: int
    """Of the shop, as its clock stands; 0: nobody has told yet."""
    partition: int
    moved: bool = False
    """Identities came or went."""
    stirred: bool = True
    """What they did is another than before. Else they are looked at only where the day has come."""
    fired: bool = False
    """By a timer, which is gone."""
    days: Sequence[Day] | None = None
    """What they did, where the caller knows all of it; None: it is read."""


class Looked(NamedTuple):
    """A person who was looked at."""

    asked: Asked
    place: Place
    before: Kept | None
    after: Kept
    tellings: Sequence[Telling] = ()


async def look(conn: asyncpg.Connection[Any], plans: Mapping[int, Plan], asked: Sequence[Asked]) -> list[Looked]:
    """Each person once. Persons of shops without tiers are left alone."""
    wanted = [one for one in asked if one.person.shop in plans and plans[one.person.shop].has_tiers]
    if not wanted:
        return []
    identities = {(one.person.shop, identity) for one in wanted for identity in one.person.identities}
    kept = await store.standings(conn, identities)
    now = [one for one in wanted if one.stirred or _is_due(one, kept)]
    days = await store.days_of(conn, {place for one in now if one.days is None for place in _places(one)})
    seen = {(one.person.shop, one.person.customer) for one in now}
    found = []
    for one in wanted:
        place = one.person.shop, one.person.customer
        before = kept.get(place)
        if place in seen:
            did = _days(one.person, days) if one.days is None else one.days
            found.append(_look(one, plans[one.person.shop], did, before))
        elif before is not None:
            found.append(Looked(one, place, before, before))
    return found


def _is_due(one: Asked, kept: Mapping[Place, Kept]) -> bool:
    before = kept.get((one.person.shop, one.person.customer))
    return before is not None and before.due <= one.day


def _places(one: Asked) -> list[Place]:
    return [(one.person.shop, identity) for identity in one.person.identities]


def _days(person: Person, days: Mapping[Place, Sequence[Day]]) -> list[Day]:
    return [day for identity in person.identities for day in days.get((person.shop, identity), ())]


def _look(one: Asked, plan: Plan, days: Sequence[Day], kept: Kept | None) -> Looked:
    place, days = (one.person.shop, one.person.customer), gathered(days)
    # What a person did tells the day as well, where the clock has not come so far.
    today = max(one.day, next((day.day for day in reversed(days) if day.acts), 0))
    before = (kept or _NOTHING).told
    course = walk(days, plan, today)
    changes = news(before, course, today, moved=one.moved)
    standing, number = course.standing, before.number
    tellings = [Telling(place[1], change, standing, number + at, one.cause) for at, change in enumerate(changes, 1)]
    after = Told(standing.id, today if changes else before.seen, number + len(changes))
    due = next_look(days, course, today)
    return Looked(one, place, kept, Kept(after, standing.since, due, standing.missed), tellings)


def beside(plans: Mapping[int, Plan], looked: Sequence[Looked]) -> list[Beside]:
    """What is told of changes."""
    return [
        Beside(
            _key(plans[one.place[0]].slug, one.place),
            LOYALTY_TIERS,
            partial(told, telling, plans[one.place[0]]),
            telling.change.day if telling.change.opening else None,
        )
        for one in looked
        for telling in one.tellings
    ]


async def keep(tx: Transaction, plans: Mapping[int, Plan], looked: Sequence[Looked]) -> None:
    """Write where these persons stand, and arm what comes next."""
    changed = {one.place: one.after for one in looked if one.after != (one.before or _NOTHING)}
    await store.save(tx.conn, changed)
    others = {place for one in looked if one.asked.stirred for place in _places(one.asked) if place != one.place}
    await store.forget(tx.conn, others)
    for one in looked:
        due = one.after.due
        if due != NEVER and (one.asked.fired or one.before is None or one.before.due != due):
            _arm(tx, one, plans[one.place[0]])


def _key(slug: str, place: Place) -> OutboxKey:
    return OutboxKey(ShopId(place[0]), message_key(slug, customer_id_text(CustomerId(place[1]))))


def _arm(tx: Transaction, one: Looked, plan: Plan) -> None:
    shop, customer = one.place
    place = timers_of(shop, one.asked.partition) if plan.streams else one.asked.partition
    due = moment(plan, one.after.due)
    tx.set_timer(Timer(ShopId(shop), TURN_TIMER, customer_id_text(CustomerId(customer)), due, place))
