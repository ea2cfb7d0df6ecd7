"""Orders by columns in shops with tiers: whose may go so, by which level each earns, and who is looked at for it.

An order counts for the level of those behind it. So all of a customer's go one way, in the order of the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg
import numpy as np
from msgspec import UNSET

from services.loyalty import members, persons, tiers
from services.loyalty.clocks import Reached
from services.loyalty.orders.domain.plain import PlainOrders, levels_of
from services.loyalty.orders.domain.schemes import Scheme
from services.loyalty.orders.events import Heard
from services.loyalty.orders.store import occasions
from services.loyalty.points import Cause
from services.loyalty.programmes import Version
from shared.kernel import parse_customer_id
from shared.orders import is_storable, microseconds

Days = dict[tuple[int, int], list[tiers.Day]]
"""By shop and customer, what they did day by day."""


async def told_alone(
    conn: asyncpg.Connection[Any],
    orders: PlainOrders,
    heard: Sequence[Heard],
    numbers: Mapping[str, int],
    schemes: Mapping[int, Scheme],
) -> PlainOrders | None:
    """Without those of customers of whom something else is told, where there are tiers: it comes between their orders.

    None when none are left.
    """
    tiered = {slug for slug, number in numbers.items() if schemes[number].plan is not None}
    if not tiered:
        return orders
    mine = set(orders.place.tolist())
    others = [
        one.delivery.event for place, one in enumerate(heard) if place not in mine and one.delivery.event.shop in tiered
    ]
    if not others:
        return orders
    told = {(numbers[event.shop], event.data.customer) for event in others}
    gone = {(shop, int(customer)) for shop, text in told if (customer := _customer_of(text))}
    named = {(numbers[event.shop], event.data.order_id) for event in others if is_storable(event.data.order_id)}
    gone |= await occasions.customers_of(conn, named)
    places = zip(orders.shop.tolist(), orders.customer.tolist(), strict=True)
    keep = np.array([place not in gone for place in places], np.bool_)
    return orders.chosen(keep) if keep.any() else None


def _customer_of(text: str | None) -> int:
    """0: nobody, or none that can be."""
    try:
        return 0 if text is None else int(parse_customer_id(text))
    except ValueError:
        return 0


async def levels_at(
    conn: asyncpg.Connection[Any],
    orders: PlainOrders,
    versions: Sequence[Version],
    member: Sequence[bool],
    schemes: Mapping[int, Scheme],
) -> tuple[list[str], Days]:
    """(by which each earns, what their customers did, these orders among it); none where no shop has tiers.

    Who counts what came before decides alone until the commit.
    """
    tiered = {shop for shop in set(orders.shop.tolist()) if schemes[shop].plan is not None}
    if not tiered:
        return [], {}
    places = {place for place in zip(orders.shop.tolist(), orders.customer.tolist(), strict=True) if place[0] in tiered}
    await members.members_of(conn, places, lock=True)
    days = await tiers.days_of(conn, places)
    return levels_of(orders, versions, member, schemes, days), days


def stirred_by(
    orders: PlainOrders,
    counted: Sequence[bool],
    heard: Sequence[Heard],
    reached: Callable[[Heard], Reached],
    schemes: Mapping[int, Scheme],
    *,
    days: Days,
) -> dict[tuple[int, int], tiers.Asked]:
    """Customers of whom tiers count something else than before, by orders that `counted` says are theirs.

    `days`: what they did, as `levels_at` gave it.
    """
    asked: dict[tuple[int, int], tiers.Asked] = {}
    if all(schemes[shop].plan is None for shop in set(orders.shop.tolist())):
        return asked
    columns = zip(orders.shop.tolist(), orders.customer.tolist(), orders.place.tolist(), counted, strict=True)
    for shop, customer, place, counts in columns:
        if counts and schemes[shop].plan is not None:
            one = heard[place]
            event, day = one.delivery.event, reached(one).day
            correlation = "" if event.correlationid is UNSET else event.correlationid
            cause = Cause(microseconds(event.time), event.id, correlation, event.origin)
            before = asked.get((shop, customer))
            last = day if before is None else max(day, before.day)
            person, did = persons.alone(shop, customer), days[shop, customer]
            asked[shop, customer] = tiers.Asked(person, cause, last, one.delivery.partition, days=did)
    return asked
