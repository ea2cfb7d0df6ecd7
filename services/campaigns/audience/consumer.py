"""Topics in: profiles as they are known now. Each event joins what is kept, whatever came before it.

Each handler gives the identities whose profiles, or whose person, it may have changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.campaigns.audience.domain import Key
from services.campaigns.audience.events import (
    read_answers,
    read_attributes,
    read_contacts,
    read_members,
    read_orders,
    read_points,
    read_stages,
    read_tiers,
)
from services.campaigns.audience.store import orders, profiles
from services.campaigns.audience.store.attributes import save_attributes
from shared import pointers
from shared.contracts.customers import CustomerEvent
from shared.contracts.feedback import FeedbackSurveysEvent
from shared.contracts.lifecycle import LifecycleEvent
from shared.contracts.loyalty import LoyaltyMembersEvent, LoyaltyPointsEvent, LoyaltyTiersEvent
from shared.contracts.orders import OrdersEvent
from shared.messaging.handling import Delivery, Work
from shared.messaging.naming import numbers_of


async def on_customers(work: Work, deliveries: Sequence[Delivery[CustomerEvent]]) -> set[Key]:
    """The handler of `customers.v1`: contacts, and who is one person with whom."""
    numbers = numbers_of(work, deliveries)
    told = pointers.told_of(deliveries, numbers, work.refuse)
    usable = [deliveries[one.position] for one in told]
    moves = []
    if news := await pointers.news(work.tx.conn, told):
        await profiles.hold_pointers(work.tx.conn, {shop for shop, _ in news})
        moves = await pointers.heed(work.tx.conn, news)
    contacts = read_contacts(usable, numbers, work.refuse)
    await profiles.save_contacts(work.tx.conn, contacts)
    return {*contacts, *((one.shop, who) for one in moves for who in (one.customer, one.before, one.after))}


async def on_orders(work: Work, deliveries: Sequence[Delivery[OrdersEvent]]) -> set[Key]:
    """The handler of `orders.v1` and of its lane."""
    told = read_orders(deliveries, numbers_of(work, deliveries), work.tx.now, work.refuse)
    if not told:
        return set()
    known = await orders.lock_orders(work.tx.conn, told)
    return await orders.save_orders(work.tx.conn, told, known)


async def on_lifecycle(work: Work, deliveries: Sequence[Delivery[LifecycleEvent]]) -> set[Key]:
    """The handler of `metrics.lifecycle.v1`."""
    told = read_stages(deliveries, numbers_of(work, deliveries), work.refuse)
    await profiles.save_stages(work.tx.conn, told)
    return {(shop, customer) for shop, customer, _ in told}


async def on_points(work: Work, deliveries: Sequence[Delivery[LoyaltyPointsEvent]]) -> set[Key]:
    """The handler of `loyalty.points.v1`."""
    told = read_points(deliveries, numbers_of(work, deliveries), work.refuse)
    await profiles.save_points(work.tx.conn, told)
    return set(told)


async def on_tiers(work: Work, deliveries: Sequence[Delivery[LoyaltyTiersEvent]]) -> set[Key]:
    """The handler of `loyalty.tiers.v1`."""
    told = read_tiers(deliveries, numbers_of(work, deliveries), work.refuse)
    await profiles.save_tiers(work.tx.conn, told)
    return set(told)


async def on_members(work: Work, deliveries: Sequence[Delivery[LoyaltyMembersEvent]]) -> set[Key]:
    """The handler of `loyalty.members.v1`."""
    told = read_members(deliveries, numbers_of(work, deliveries), work.refuse)
    await profiles.save_members(work.tx.conn, told)
    return set(told)


async def on_surveys(work: Work, deliveries: Sequence[Delivery[FeedbackSurveysEvent]]) -> set[Key]:
    """The handler of `feedback.surveys.v1`."""
    numbers = numbers_of(work, deliveries)
    told = read_answers(deliveries, numbers, work.refuse)
    await profiles.save_answers(work.tx.conn, told)
    await save_attributes(work.tx.conn, read_attributes(deliveries, numbers))
    return set(told)
