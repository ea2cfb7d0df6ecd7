"""What follows from a batch that was judged: the ledger is asked for the difference, and who joined is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from services.loyalty import members, tiers
from services.loyalty.clocks import Reached
from services.loyalty.orders.domain.asking import Turned, Why, awards_of, give_back, is_void, slid, slides
from services.loyalty.orders.domain.granting import Settled
from services.loyalty.orders.domain.occasion import Key, Kind, Known, purchase_of
from services.loyalty.orders.events import Heard
from services.loyalty.orders.judging import Doing, Judged, Place
from services.loyalty.orders.schemes import terms_by_shop
from services.loyalty.orders.store import around as store
from services.loyalty.persons import alone
from services.loyalty.points import Beside, Cause, Operation, post
from shared.contracts import topics
from shared.contracts.envelope import Envelope, message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, moment_of
from shared.messaging.handling import OutboxKey
from shared.orders import microseconds

ReachedAt = Callable[[Heard], Reached]
"""How far the clock of an event's shop had come."""


async def conclude(
    doing: Doing,
    judged: Judged,
    reached: ReachedAt,
    awards: Sequence[Operation] = (),
    *,
    stirred: Mapping[Place, tiers.Asked] = MappingProxyType({}),
    moved: Mapping[Place, tiers.Asked] = MappingProxyType({}),
    besides: Sequence[Beside] = (),
) -> None:
    """Post and publish, in the transaction of the batch.

    `awards`: what went the plain way, and `stirred` whom it moves; `moved`: persons whose identities came or went;
    `besides`: what other slices tell of it.
    """
    whys = {key: why_of(heard, reached) for key, heard in judged.heard.items()}
    operations: list[Operation] = [*awards]
    for one in judged.settled:
        operations += awards_of(one, judged.before.get(one.key), whys[one.key])
    operations += await _slid(doing, judged, whys)
    operations += await _given_back(doing, judged, whys)
    asked = _later(dict(stirred), _stirred(judged, whys)) | dict(moved)
    asked |= _concerned(doing, judged, operations, asked)
    await settle_days(doing, operations, asked, [*_of_members(doing, judged), *besides])


def turned(judged: Judged, reached: ReachedAt) -> list[Turned]:
    """Orders that became void by the batch, or stand again."""
    found = []
    for one in judged.settled:
        if one.key.kind is not Kind.ORDER:
            continue
        before = judged.before.get(one.key)
        was = before is not None and _is_void(one.key, before.known)
        if _is_void(one.key, one.after) is not was:
            cause = why_of(judged.heard[one.key], reached).cause
            found.append(Turned(one.key.shop, one.key.id, not was, cause))
    return found


def _is_void(key: Key, known: Known) -> bool:
    # Of nearly all orders this says it: completed, and nothing of it refunded.
    if known.stands and not known.refunds:
        return False
    return is_void(known, purchase_of(key, known))


def why_of(heard: Heard, reached: ReachedAt) -> Why:
    """What had an occasion judged, as the ledger keeps it."""
    event: Envelope = heard.delivery.event
    correlation = event.correlationid if isinstance(event.correlationid, str) else ""
    cause = Cause(microseconds(event.time), event.id, correlation, event.origin)
    return Why(cause, reached(heard).day, heard.delivery.partition)


def _later(plain: dict[Place, tiers.Asked], general: Mapping[Place, tiers.Asked]) -> dict[Place, tiers.Asked]:
    """Both, in the order in which they were judged."""
    for place, one in general.items():
        plain[place] = one._replace(day=max(one.day, plain[place].day)) if place in plain else one
    return plain


async def _slid(doing: Doing, judged: Judged, whys: Mapping[Key, Why]) -> list[Operation]:
    """What is new, and an activity, begins the time of all points of its account anew where the programme says so."""
    fresh = {
        (one.key.shop, one.grant.customer): one
        for one in judged.settled
        if one.grant is not None and slides(one, doing.schemes[one.key.shop]) and _is_first(one, judged)
    }
    if not fresh:
        return []
    latest = await store.latest_activity(doing.work.tx.conn, fresh)
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


async def settle_days(
    doing: Doing,
    operations: Sequence[Operation],
    asked: Mapping[Place, tiers.Asked],
    besides: Sequence[Beside] = (),
) -> None:
    """Post, and look where these persons stand now. What they did is written, and their memberships are locked."""
    tx, plans = doing.work.tx, {number: one.plan for number, one in doing.schemes.items() if one.plan is not None}
    looked = await tiers.look(tx.conn, plans, [asked[place] for place in sorted(asked)])
    terms = terms_by_shop(doing.shops, doing.schemes, tx.now)
    turned_ = [one for each in doing.daily for one in await each(doing.work, doing.shops, operations)]
    told = [*tiers.beside(plans, looked), *turned_, *besides]
    await post(tx, terms, operations, shard=doing.work.shard, besides=told)
    await tiers.keep(tx, plans, looked)


def _concerned(
    doing: Doing, judged: Judged, operations: Sequence[Operation], stirred: Mapping[Place, tiers.Asked]
) -> dict[Place, tiers.Asked]:
    """Others whose accounts are brought up to the day: their reviews belong to it."""
    asked: dict[Place, tiers.Asked] = {}
    for one in operations:
        if doing.schemes[one.who.shop].plan is not None:
            person = judged.persons.get((one.who.shop, one.who.customer)) or alone(*one.who)
            place = person.shop, person.customer
            if place not in stirred:
                asked[place] = tiers.Asked(person, one.cause, one.day, one.partition, stirred=False)
    return asked


def _stirred(judged: Judged, whys: Mapping[Key, Why]) -> dict[Place, tiers.Asked]:
    """Persons of whom tiers count something else than before."""
    asked: dict[Place, tiers.Asked] = {}
    for one in judged.settled:
        before = judged.before.get(one.key)
        grants = (one.grant, None if before is None else before.grant)
        why = whys[one.key]
        for place in [(one.key.shop, grant.customer) for grant in grants if grant is not None]:
            if place in judged.stirred:
                person = judged.persons.get(place) or alone(*place)
                at = person.shop, person.customer
                day = max(why.day, asked[at].day) if at in asked else why.day
                asked[at] = tiers.Asked(person, why.cause, day, why.partition)
    return asked


def _of_members(doing: Doing, judged: Judged) -> list[Beside]:
    """Each is told once: that somebody was a member earlier than was known is no news to others."""
    found = []
    for one, heard in judged.joined:
        if one.fresh:
            slug, name = doing.shops[one.shop].slug, customer_id_text(CustomerId(one.member.customer))
            version, at = doing.schemes[one.shop].at(one.member.joined.at), moment_of(one.member.joined.at)
            effect = members.Effect(at, 0 if version is None else version.number, heard.delivery.event)
            event = partial(members.told, slug, one.member, "join", effect)
            key = OutboxKey(ShopId(one.shop), message_key(slug, name))
            found.append(Beside(key, topics.LOYALTY_MEMBERS, event, None))
    return found
