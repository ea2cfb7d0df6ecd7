"""Entitlements follow the orders that they were got on: taken back with one that is gone, granted anew with its return.

Called in the transaction of a batch of orders, which are locked: redemptions come next, accounts and keys after them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from services.loyalty import entitlements
from services.loyalty.orders import Turned
from services.loyalty.points import Beside
from services.loyalty.rewards import events
from services.loyalty.rewards.domain.redemption import Redemption, State, followed
from services.loyalty.rewards.events import Happened
from services.loyalty.rewards.store import catalogue, redemptions
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.messaging.handling import Work


async def follow_orders(work: Work, shops: Mapping[int, Shop], turned: Sequence[Turned]) -> list[Beside]:
    """What became of entitlements, to be told beside the postings."""
    besides: list[Beside] = []
    for number in sorted({one.shop for one in turned}):
        orders = {one.order: one for one in turned if one.shop == number}
        for one in await redemptions.entitled_by(work.tx.conn, number, orders):
            besides += await _follow(work, shops[number], one, orders[one.order_id or ""])
    return besides


async def _follow(work: Work, shop: Shop, one: Redemption, order: Turned) -> list[Beside]:
    tx = work.tx
    after = followed(one, void=order.void, now=tx.now)
    if after is one:
        return []
    reward = await catalogue.of_version(tx.conn, shop.number, one.reward, one.version)
    await redemptions.save(tx.conn, shop.number, one.state, after)
    what: list[events.Happening] = ["revoked"] if after.state is State.REVOKED else ["granted", "redeemed"]
    happened = [Happened(each, shop, after, reward, tx.now, cause=order.cause) for each in what]
    for each in happened:
        if (notice := events.notice_of(each)) is not None:
            await entitlements.note(tx.conn, shop.number, notice)
    key = events.key_of(shop, one.customer)
    return [Beside(key, topics.LOYALTY_REWARDS, partial(events.told, each), None) for each in happened]
