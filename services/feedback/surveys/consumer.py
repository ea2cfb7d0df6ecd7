"""orders.v1, interactions.v1, campaigns.messages.v1 → wishes, and what became of invitations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.feedback import clocks, customers
from services.feedback.surveys import wishing
from services.feedback.surveys.domain.body import Survey
from services.feedback.surveys.domain.heard import Heard
from services.feedback.surveys.domain.invitations import Invitation, State
from services.feedback.surveys.domain.occasions import Ordered, Wanted, occasion_of, wanted
from services.feedback.surveys.events import (
    key_of,
    numbers_in,
    read_deliveries,
    read_messages,
    read_orders,
    told,
)
from services.feedback.surveys.store import invitations, orders, versions
from services.feedback.surveys.wishing import Placed
from shared.contracts import topics
from shared.contracts.campaigns import CampaignsMessageEvent
from shared.contracts.feedback import SurveySent
from shared.contracts.interactions import InteractionEvent
from shared.contracts.orders import ClockAdvanced, OrdersEvent
from shared.contracts.shops import Shop
from shared.messaging.handling import Delivery, Work

Key = tuple[int, str]


async def on_orders(work: Work, deliveries: Sequence[Delivery[OrdersEvent]]) -> None:
    """The handler of `orders.v1` and of its lane."""
    shops = numbers_in(work.shop, deliveries)
    await clocks.heed(work, deliveries, shops)
    numbers = {slug: shop.number for slug, shop in shops.items()}
    heard = read_orders(deliveries, numbers, work.tx.now, work.refuse)
    places = {
        (numbers[one.event.shop], one.event.data.order_id): one.partition
        for one in deliveries
        if not isinstance(one.event, ClockAdvanced)
    }
    await _follow(work, shops, heard, places)


async def on_interactions(work: Work, deliveries: Sequence[Delivery[InteractionEvent]]) -> None:
    """The handler of `interactions.v1`: orders that were delivered."""
    shops = numbers_in(work.shop, deliveries)
    numbers = {slug: shop.number for slug, shop in shops.items()}
    heard = read_deliveries(deliveries, numbers, work.refuse)
    places = {
        (numbers[one.event.shop], one.event.data.order_id): one.partition
        for one in deliveries
        if one.event.data.order_id is not None
    }
    await _follow(work, shops, heard, places)


async def on_messages(work: Work, deliveries: Sequence[Delivery[CampaignsMessageEvent]]) -> None:
    """The handler of `campaigns.messages.v1`: who was asked, and who could not be."""
    shops = numbers_in(work.shop, deliveries)
    by_number = {shop.number: shop for shop in shops.values()}
    heard = read_messages(deliveries, {slug: shop.number for slug, shop in shops.items()})
    conn = work.tx.conn
    found = await invitations.several(conn, heard.keys())
    await customers.lock(conn, {(one.shop, one.customer) for one in found.values()})
    news = await invitations.note_sent(conn, {key: one for key, one in heard.items() if key in found})
    sent = sorted(key for key in news if heard[key][0] is State.SENT)
    keys = {key: key_of(by_number[key[0]], found[key].customer) for key in sent}
    asked = await versions.several(conn, {_version_of(found[key]) for key in sent})
    await work.tx.lock_keys(Counter(keys.values()))
    for key in sent:
        one, slug, number = found[key], by_number[key[0]].slug, work.tx.sequence(keys[key])
        event = told(SurveySent, one, asked[_version_of(one)], slug=slug, now=heard[key][1], sequence=number)
        work.tx.publish(topics.FEEDBACK_SURVEYS, keys[key], event)
    for key in sorted(news - set(sent)):  # the window is free again
        one, shop = found[key], by_number[key[0]]
        work.tx.set_timer(wishing.look_at(shop, one.customer, heard[key][1], one.place))


async def _follow(work: Work, shops: Mapping[str, Shop], heard: Mapping[Key, Heard], places: Mapping[Key, int]) -> None:
    """What orders ask for, as they are known now."""
    conn, by_number = work.tx.conn, {shop.number: shop for shop in shops.values()}
    known = {key: one.ordered(key[1]) for key, one in (await orders.join(conn, heard)).items()}
    occasions = {(shop, occasion_of(order)) for shop, order in known}
    concerned = {(shop, one.customer) for (shop, _), one in known.items() if one.customer is not None}
    await customers.lock(conn, concerned | await invitations.customers_of(conn, occasions))
    last = await versions.last_versions(conn, by_number)
    wished: list[tuple[Key, Wanted]] = []
    for key, one in sorted(known.items()):
        shop = by_number[key[0]]
        surveys = wishing.bodies(last[shop.number])
        wished += [(key, each) for each in wanted(shop.slug, one, surveys, _time(shop, one, work.tx.now))]
    await invitations.withdraw(conn, occasions, [each.wish.id for _, each in wished], work.tx.now)
    back = await invitations.restore(conn, {(key[0], each.wish.id) for key, each in wished})
    for shop_number, customer, due, place in back:
        work.tx.set_timer(wishing.look_at(by_number[shop_number], customer, due, place))
    await wishing.keep(work.tx, [Placed(by_number[key[0]], each, places[key]) for key, each in wished if each.fresh])
    surveys_of = {number: (shop, wishing.bodies(last[number])) for number, shop in sorted(by_number.items())}
    await _begin_intervals(work, surveys_of, known, places)


async def _begin_intervals(
    work: Work,
    surveys: Mapping[int, tuple[Shop, Mapping[str, Survey]]],
    known: Mapping[Key, Ordered],
    places: Mapping[Key, int],
) -> None:
    first: dict[tuple[int, int], tuple[datetime, int]] = {}
    for key, one in known.items():
        if one.customer is not None and not one.void and one.completed_at is not None:
            at = (key[0], one.customer)
            since = min(one.completed_at, first[at][0]) if at in first else one.completed_at
            first[at] = since, places[key]
    await customers.note_order(work.tx.conn, first)
    for number, (shop, own) in surveys.items():
        bought = {customer: one for (at, customer), one in first.items() if at == number}
        await wishing.begin_intervals(work.tx, shop, own, bought)


def _time(shop: Shop, one: Ordered, now: datetime) -> datetime:
    """Now; in a shop whose time goes by its events, when what is known of the order happened."""
    if shop.clock == "wall":
        return now
    return max((at for at in (one.completed_at, one.delivered_at) if at is not None), default=now)


def _version_of(one: Invitation) -> tuple[int, str, int]:
    assert one.version is not None, "it was asked"
    return one.shop, one.survey, one.version
