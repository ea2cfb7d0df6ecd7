"""Orders that are new and plain: thousands at a time, without a look at each. What does not fit goes the general way.

1 which of the batch fit, by columns   2 leave those of merged people, and where there are tiers all of whom something
else is told   3 who is a member, who joins by it   4 judge by columns, each by the level of its moment   5 write by
COPY; one that is known after all undoes it, and all go the general way
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import numpy as np
from msgspec import UNSET

from services.loyalty import members, persons
from services.loyalty.clocks import Reached
from services.loyalty.members import How, Joined, Membership
from services.loyalty.orders.domain.plain import (
    Flags,
    PlainGrant,
    PlainOrders,
    goes_by_columns,
    granted,
    versions_at,
)
from services.loyalty.orders.domain.schemes import Scheme
from services.loyalty.orders.events import Heard, detail_of
from services.loyalty.orders.leveling import Days, levels_at
from services.loyalty.orders.store import plain as store
from services.loyalty.points import Award, Cause, Operation, Part, Source, Who
from services.loyalty.programmes import Version
from shared.contracts.orders import OrderCompleted
from shared.kernel import MAX_MINOR_UNITS
from shared.orders import FUTURE_US, ORDER_ID_BYTES_MAX, customers_of, instants

_CURRENCY_LETTERS = 3


class Taken(NamedTuple):
    """Orders that were written, with what they were given."""

    orders: PlainOrders
    grants: list[PlainGrant | None]
    joined: list[tuple[Joined, Heard]]
    days: Days
    """What their customers did, where there are tiers."""


def chosen(
    heard: Sequence[Heard], numbers: Mapping[str, int], schemes: Mapping[int, Scheme], limit: int
) -> PlainOrders | None:
    """Step 1: `place` is that among `heard`. `limit`: latest instant allowed now."""
    events = [one.delivery.event for one in heard]
    one_shop = len(numbers) == 1
    keys = [event.data.order_id if one_shop else (event.shop, event.data.order_id) for event in events]
    times = Counter(keys)
    served = {slug for slug, number in numbers.items() if goes_by_columns(schemes[number])}
    places = [
        place
        for place, (event, key) in enumerate(zip(events, keys, strict=True))
        if type(event) is OrderCompleted
        and not event.data.lines
        and event.data.customer is not None
        and event.shop in served
        and times[key] == 1
    ]
    if not places:
        return None
    mine = [events[place] for place in places]
    try:
        orders = PlainOrders(
            np.array(places, np.int64),
            np.array([numbers[event.shop] for event in mine], np.int64),
            [event.data.order_id for event in mine],
            customers_of([event.data.customer for event in mine]),
            instants([event.time for event in mine]),
            np.array([event.data.revenue for event in mine], np.int64),
            [event.data.currency for event in mine],
        )
    except (ValueError, OverflowError):
        return None
    received = instants([event.time if event.receivedat is UNSET else event.receivedat for event in mine])
    told = np.array([event.receivedat is not UNSET for event in mine], np.bool_)
    sound = np.where(told, orders.at <= received + FUTURE_US, orders.at <= limit) & (orders.customer > 0)
    sound &= (orders.revenue >= 0) & (orders.revenue <= MAX_MINOR_UNITS)
    sound &= _storable(orders, [event.id for event in mine])
    sound &= np.array([version is not None for version in versions_at(orders, schemes)], np.bool_)
    return orders.chosen(sound) if sound.any() else None


def _storable(orders: PlainOrders, ids: Sequence[str]) -> Flags:
    """Whether the texts of each can be kept as they are."""
    names, currencies, most = orders.order_id, orders.currency, ORDER_ID_BYTES_MAX // 4
    printable = np.ones(len(orders), np.bool_)
    if not ("".join(names).isprintable() and "".join(ids).isprintable() and "".join(currencies).isprintable()):
        printable = np.array(
            ["".join(texts).isprintable() for texts in zip(names, ids, currencies, strict=True)], np.bool_
        )
    of_name, of_id, of_currency = (
        np.fromiter(map(len, texts), np.int64, len(orders)) for texts in (names, ids, currencies)
    )
    short: Flags = (of_name > 0) & (of_name <= most) & (of_id > 0) & (of_id <= most)
    fit: Flags = printable & short & (of_currency == _CURRENCY_LETTERS)
    return fit


async def take(
    conn: asyncpg.Connection[Any], orders: PlainOrders, heard: Sequence[Heard], schemes: Mapping[int, Scheme]
) -> Taken | None:
    """Steps 2 to 5; None when one of them was known."""
    times = [heard[place].delivery.event.time for place in orders.place.tolist()]
    orders, versions, joins = await _of_members(conn, orders, times, schemes)
    if not len(orders):
        return None
    member = _members(orders, joins)
    events = [heard[place].delivery.event for place in orders.place.tolist()]
    details = [b"" if event.data.affiliation is UNSET else detail_of(event.data) for event in events]
    await conn.execute("SAVEPOINT plainly")
    try:
        fresh = await members.join(conn, {key: one for key, one in joins.items() if one is not None})
        levels, days = await levels_at(conn, orders, versions, member, schemes)
        given = granted(orders, versions, schemes, levels)
        grants = [grant if is_one else None for grant, is_one in zip(given, member, strict=True)]
        await store.insert(conn, orders, [event.id for event in events], details, grants)
    except asyncpg.UniqueViolationError:
        await conn.execute("ROLLBACK TO SAVEPOINT plainly")
        return None
    first: dict[tuple[int, int], Heard] = {}
    if fresh:
        for shop, customer, place in zip(
            orders.shop.tolist(), orders.customer.tolist(), orders.place.tolist(), strict=True
        ):
            first.setdefault((shop, customer), heard[place])
    return Taken(orders, grants, [(one, first[one.shop, one.member.customer]) for one in fresh], days)


async def _of_members(
    conn: asyncpg.Connection[Any], orders: PlainOrders, times: Sequence[datetime], schemes: Mapping[int, Scheme]
) -> tuple[PlainOrders, list[Version], dict[tuple[int, int], Membership | None]]:
    """(orders whose membership is simple, their versions, who is to join; None: no member, and does not)."""
    places = list(zip(orders.shop.tolist(), orders.customer.tolist(), strict=True))
    by_shop: dict[int, set[int]] = {}
    for shop, customer in places:
        by_shop.setdefault(shop, set()).add(customer)
    merged = await persons.persons_of(conn, by_shop)
    known = await members.since_when(conn, set(places))
    versions = versions_at(orders, schemes)
    joins: dict[tuple[int, int], Membership | None] = {}
    keep = np.ones(len(orders), np.bool_)
    for row, (place, time) in enumerate(zip(places, times, strict=True)):
        since = known.get(place)
        if place in merged:
            keep[row] = False
        elif since is not None:
            joined_at, ever = since
            if time < joined_at or not ever:
                keep[row] = False
        else:
            _join(joins, place, int(orders.at[row]), versions[row])
    _leave_together(keep, places, schemes)
    if keep.all():
        return orders, [version for version in versions if version is not None], joins
    rows = np.flatnonzero(keep).tolist()
    left = [version for row in rows if (version := versions[row]) is not None]
    return orders.chosen(keep), left, joins


def _leave_together(keep: Flags, places: Sequence[tuple[int, int]], schemes: Mapping[int, Scheme]) -> None:
    """Where there are tiers, an order counts for those behind it: all of a customer's go one way."""
    gone = {places[row] for row in np.flatnonzero(~keep).tolist() if schemes[places[row][0]].plan is not None}
    if gone:
        keep &= np.array([place not in gone for place in places], np.bool_)


def _join(
    joins: dict[tuple[int, int], Membership | None], place: tuple[int, int], at: int, version: Version | None
) -> None:
    """Who is no member yet joins by their first order, where the programme of that moment says so."""
    assert version is not None, "see `chosen`"
    before = joins.setdefault(place, None)
    if "first_order" in version.programme.joining and (before is None or at < before.at):
        joins[place] = Membership(at, How.FIRST_ORDER)


def _members(orders: PlainOrders, joins: Mapping[tuple[int, int], Membership | None]) -> list[bool]:
    """Whether each is a member's: of who is one already, or is from this batch on."""
    if not joins:
        return [True] * len(orders)
    found = []
    for shop, customer, at in zip(orders.shop.tolist(), orders.customer.tolist(), orders.at.tolist(), strict=True):
        if (shop, customer) not in joins:
            found.append(True)
            continue
        join = joins[shop, customer]
        found.append(join is not None and at >= join.at)
    return found


def awards_of(taken: Taken, heard: Sequence[Heard], reached: Callable[[Heard], Reached]) -> list[Operation]:
    """What the ledger is asked for them."""
    found: list[Operation] = []
    orders = taken.orders
    columns = zip(
        orders.shop.tolist(), orders.customer.tolist(), orders.at.tolist(), orders.order_id, orders.place.tolist(),
        taken.grants, strict=True,
    )  # fmt: skip
    for shop, customer, at, order_id, place, grant in columns:
        if grant is not None and grant.points:
            one = heard[place]
            event = one.delivery.event
            correlation = "" if event.correlationid is UNSET else event.correlationid
            cause = Cause(at, event.id, correlation, event.origin)
            part = Part(grant.rule, grant.version, grant.points, "", grant.starts, grant.expires)
            who, day = Who(shop, customer), reached(one).day
            found.append(Award(who, Source.ORDER, order_id, (part,), cause, day, one.delivery.partition, True))
    return found
