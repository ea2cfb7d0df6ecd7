"""Wishes kept, with the timers that look at them. For orders, intervals, solved cases, and by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.feedback.clocks import place_of
from services.feedback.surveys.domain.body import Survey, Version
from services.feedback.surveys.domain.occasions import Wanted, at_intervals, next_interval, wish_at_once, wish_for
from services.feedback.surveys.events import name_of
from services.feedback.surveys.store import invitations, versions
from shared.contracts.shops import Shop
from shared.kernel import ShopId
from shared.messaging.handling import Timer, Transaction

ASK_TIMER = "survey_ask"
"""Its identity is a customer: somebody may be asked now."""
ROUND_TIMER = "survey_round"
"""Its identity is a survey: some more customers of old are to wait for it."""


class Placed(NamedTuple):
    """A wish of a shop's customer, with the partition by which their events come."""

    shop: Shop
    wanted: Wanted
    partition: int


async def keep(tx: Transaction, wishes: Collection[Placed]) -> None:
    """Keep wishes. The customers must be locked."""
    await invitations.add(
        tx.conn, [invitations.New(one.shop.number, one.wanted, place_of(one.shop, one.partition)) for one in wishes]
    )
    for one in wishes:
        tx.set_timer(look_at(one.shop, one.wanted.customer, one.wanted.wish.due, place_of(one.shop, one.partition)))


def look_at(shop: Shop, customer: int, when: datetime, place: int) -> Timer:
    """When somebody is to be looked at."""
    return Timer(ShopId(shop.number), ASK_TIMER, name_of(customer), when, place)


async def begin_intervals(
    tx: Transaction, shop: Shop, surveys: Mapping[str, Survey], first: Mapping[int, tuple[datetime, int]]
) -> None:
    """Have customers wait for surveys at intervals who do not. `first`: their first order, and their partition.

    The customers must be locked.
    """
    due = dict(at_intervals(surveys))
    if not due or not first:
        return
    known = await invitations.intervals(tx.conn, shop.number, first, due)
    wishes = []
    for name, survey in due.items():
        for customer, (at, partition) in sorted(first.items()):
            came = known.get((name, customer))
            if came is not None and came.waits and came.askings > 1:
                continue
            number = 0 if came is None else came.askings - came.waits
            since = at if came is None or came.asked_at is None else max(at, came.asked_at)
            wanted = next_interval(shop.slug, name, survey, customer, since=since, number=number)
            wishes.append(Placed(shop, wanted, partition))
    await keep(tx, wishes)


async def wish(tx: Transaction, shop: Shop, trigger: str, whom: tuple[int, str], now: datetime) -> None:
    """Have a customer asked whatever is triggered so. `whom`: the customer, who must be locked, and the occasion."""
    last = await versions.last_versions(tx.conn, [shop.number])
    await keep(
        tx,
        [
            Placed(shop, wish_for(shop.slug, name, version.body, whom, since=now, now=now), 0)
            for name, version in sorted(last[shop.number].items())
            if version.body.active and version.body.trigger.on == trigger
        ],
    )


async def wish_by_hand(tx: Transaction, shop: Shop, version: Version, whom: tuple[int, str], now: datetime) -> str:
    """Have a customer asked one survey, as soon as it is their turn; the id of the invitation."""
    wanted = wish_at_once(shop.slug, version.survey, version.body, whom, now)
    await keep(tx, [Placed(shop, wanted, 0)])
    return wanted.wish.id


def bodies(last: Mapping[str, Version]) -> dict[str, Survey]:
    """Surveys by name."""
    return {name: version.body for name, version in last.items()}


def fresh(wishes: Iterable[Wanted]) -> list[Wanted]:
    """Those that did not come too late."""
    return [one for one in wishes if one.fresh]
