"""loyalty.requests.v1 → rewards that services give: each request once, as far as the shelf allows."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import cast

from services.loyalty import persons
from services.loyalty.rewards.domain.redemption import Redemption
from services.loyalty.rewards.redeeming import Desk, capture, hold
from services.loyalty.rewards.store import catalogue, redemptions
from shared.contracts.loyalty_requests import LoyaltyRequestEvent, RewardRequested
from shared.contracts.shops import Shop
from shared.kernel import parse_customer_id
from shared.messaging.handling import Delivery, Work


class _Refused(Exception):
    """What was set aside goes back. Its message says why."""


async def on_requests(work: Work, deliveries: Sequence[Delivery[LoyaltyRequestEvent]]) -> None:
    """The handler: one request after the other, since each may take the last of a reward.

    They are few: a reward is given to a customer at a time. What cannot be given is set aside with its reason, and can
    be handled again once the shop has put more on the shelf.
    """
    asked = [cast(Delivery[RewardRequested], one) for one in deliveries if isinstance(one.event, RewardRequested)]
    if not asked:
        return
    shops = {slug: work.shop(slug) for slug in sorted({delivery.event.shop for delivery in asked})}
    await persons.hold(work.tx.conn, [shop.number for shop in shops.values()])
    for delivery in sorted(asked, key=lambda one: (one.event.shop, one.event.data.customer, one.event.data.id)):
        try:
            await _give(work, shops[delivery.event.shop], delivery.event)
        except _Refused as refused:
            work.refuse(delivery, "reward", str(refused))


async def _give(work: Work, shop: Shop, event: RewardRequested) -> None:
    conn, data = work.tx.conn, event.data
    name = redemption_of(data.id)
    if await redemptions.load(conn, shop.number, name) is not None:
        return
    try:
        customer = int(parse_customer_id(data.customer))
    except ValueError:
        raise _Refused("data.customer: a surrogate id is needed") from None
    listed = await catalogue.load(conn, shop.number, data.reward)
    if listed is None:
        raise _Refused("data.reward: is not in the catalogue")
    if listed.reward.points:
        raise _Refused("data.reward: costs points; only what costs none is given")
    desk = Desk(work.tx, shop, f"service:{event.source.rpartition('/')[2]}")
    # Nothing is told and no timer set before the reward is held, so rows are all that goes back.
    async with conn.transaction():
        held = await hold(desk, customer, listed, None, None, name=name)
        if not isinstance(held, Redemption):
            raise _Refused(f"data.reward: cannot be given: {', '.join(one.reason for one in held)}")
    await capture(desk, name, None)


def redemption_of(request: str) -> str:
    """The redemption of a request: the same however often it is told."""
    return blake2b(f"request\x1f{request}".encode(), digest_size=16).hexdigest()
