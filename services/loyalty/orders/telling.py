"""What follows from a batch that was judged: the ledger is asked for the difference, and who joined is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from services.loyalty import members
from services.loyalty.clocks import Reached
from services.loyalty.orders.domain.asking import Why, awards_of, give_back, slid, slides
from services.loyalty.orders.domain.granting import Settled
from services.loyalty.orders.domain.occasion import Key, Kind
from services.loyalty.orders.events import Heard
from services.loyalty.orders.judging import Doing, Judged
from services.loyalty.orders.schemes import terms_by_shop
from services.loyalty.orders.store import around as store
from services.loyalty.points import Cause, Operation, post
from shared.contracts import topics
from shared.contracts.envelope import Envelope, message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, moment_of
from shared.messaging.handling import OutboxKey
from shared.orders import microseconds

ReachedAt = Callable[[Heard], Reached]
"""How far the clock of an event's shop had come."""


async def conclude(doing: Doing, judged: Judged, reached: ReachedAt, awards: Sequence[Operation] = ()) -> None:
    """Post and publish, in the transaction of the batch. `awards`: what went the plain way."""
    whys = {key: why_of(heard, reached) for key, heard in judged.heard.items()}
    operations: list[Operation] = [*awards]
    for one in judged.settled:
        operations += awards_of(one, judged.before.get(one.key), whys[one.key])
    operations += await _slid(doing, judged, whys)
    operations += await _given_back(doing, judged, whys)
    terms = terms_by_shop(doing.shops, doing.schemes, doing.work.tx.now)
    await post(doing.work.tx, terms, operations, shard=doing.work.shard)
    await _tell_of_members(doing, judged)


def why_of(heard: Heard, reached: ReachedAt) -> Why:
    """What had an occasion judged, as the ledger keeps it."""
    event: Envelope = heard.delivery.event
    correlation = event.correlationid if isinstance(event.correlationid, str) else ""
    cause = Cause(microseconds(event.time), event.id, correlation, event.origin)
    return Why(cause, reached(heard).day, heard.delivery.partition)


async def _slid(doing: Doing, judged: Judged, whys: Mapping[Key, Why]) -> list[Operation]:
    """Orders that are new begin the time of all points of their accounts anew, where the programme says so."""
    fresh = {
        (one.key.shop, one.grant.customer): one
        for one in judged.settled
        if one.grant is not None and slides(one, doing.schemes[one.key.shop]) and _is_first(one, judged)
    }
    if not fresh:
        return []
    latest = await store.latest_orders(doing.work.tx.conn, fresh)
    return [
        slid(one, doing.schemes[one.key.shop], latest[place], whys[one.key])
        for place, one in fresh.items()
        if place in latest
    ]


def _is_first(one: Settled, judged: Judged) -> bool:
    """Whether it was never judged before."""
    return one.key not in judged.before or judged.before[one.key].grant is None


async def _given_back(doing: Doing, judged: Judged, whys: Mapping[Key, Why]) -> list[Operation]:
    """Of points that were spent on orders that changed, what stands given back."""
    orders = {
        one.key: one
        for one in judged.settled
        if one.key.kind is Kind.ORDER and (one.key in judged.before or not one.after.stands or one.after.refunds)
    }
    if not orders:
        return []
    spends = await store.spends_on(doing.work.tx.conn, orders)
    return [
        give_back(one, orders[one.order], judged.persons.get((one.order.shop, one.customer)), whys[one.order])
        for one in spends
    ]


async def _tell_of_members(doing: Doing, judged: Judged) -> None:
    """Each is told once: that somebody was a member earlier than was known is no news to others."""
    fresh = [(one, heard) for one, heard in judged.joined if one.fresh]
    tx, keys = doing.work.tx, []
    for one, _ in fresh:
        name = customer_id_text(CustomerId(one.member.customer))
        keys.append(OutboxKey(ShopId(one.shop), message_key(doing.shops[one.shop].slug, name)))
    await tx.lock_keys(Counter(keys))
    for (one, heard), key in zip(fresh, keys, strict=True):
        at = moment_of(one.member.joined.at)
        event = members.told(
            doing.shops[one.shop].slug, one.member, "join", at, tx.sequence(key), cause=heard.delivery.event
        )
        tx.publish(topics.LOYALTY_MEMBERS, key, event)
