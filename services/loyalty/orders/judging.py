"""A batch of occasions, whichever topic told of them: load → decide → save, once, in the transaction of the runtime.

1 lock the occasions, sorted   2 who is one person with whom   3 have those join who do   4 lock what else may earn by
that   5 judge one after the other   6 write occasions   7 ask the ledger for the difference, which locks accounts and
then keys   8 tell who joined

Occasions that are new are written without looking first. Where one turns out to be known after all, the batch goes back
to where it began and makes empty rows first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import asyncpg

from services.loyalty import members, persons, segments, tiers
from services.loyalty.earning import limits_of
from services.loyalty.members import How, Joined, Membership
from services.loyalty.orders.domain.granting import Around, Asked, Kept, Settled, settle, spent_in_all
from services.loyalty.orders.domain.occasion import Detail, Key, Kind, Known, joined
from services.loyalty.orders.domain.schemes import Scheme, asks_for_numbers, names_of, segments_asked
from services.loyalty.orders.events import JOINED, Batch, Heard, happened
from services.loyalty.orders.store import around as store
from services.loyalty.orders.store import occasions
from services.loyalty.persons import Person
from services.loyalty.points import Beside, Operation
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, customer_id_text
from shared.messaging.handling import Work
from shared.orders import GUEST

Place = tuple[int, int]
"""Shop and identity."""
Daily = Callable[[Work, Mapping[int, Shop], Sequence[Operation]], Awaitable[Sequence[Beside]]]
"""Another slice that has a part in the day's turn of those to whom operations are to be posted, and what it tells.

It is called before accounts are locked.
"""
_WARY_BATCHES = 16
_LAST = 2**31


@dataclass(slots=True)
class Wary:
    """For so many batches more, rows are made first: going back costs more than looking."""

    batches: int = 0


class Doing(NamedTuple):
    """A batch on its way."""

    work: Work
    shops: Mapping[int, Shop]
    schemes: Mapping[int, Scheme]
    batch: Batch
    again: Mapping[Key, Heard] = {}
    """What is to be judged anew though nothing new is told of it, and the event behind that."""
    daily: Sequence[Daily] = ()


@dataclass(slots=True)
class Judged:
    """A batch whose occasions are written."""

    settled: list[Settled]
    before: dict[Key, Kept]
    heard: dict[Key, Heard]
    """The event behind what became of each occasion."""
    persons: Mapping[Place, Person]
    joined: list[tuple[Joined, Heard]] = field(default_factory=list)
    stirred: set[Place] = field(default_factory=set)
    """Identities of which tiers count something else than before."""


async def judge(doing: Doing, wary: Wary) -> Judged:
    """Steps 1 to 6."""
    if not doing.batch.told and not doing.batch.joins and not doing.again:
        return Judged([], {}, {}, {})
    conn = doing.work.tx.conn
    await occasions.prepare(conn)
    if wary.batches == 0:
        try:
            async with conn.transaction():  # a savepoint
                return await _judge(doing, careful=False)
        except asyncpg.UniqueViolationError:
            wary.batches = _WARY_BATCHES
    wary.batches -= 1
    return await _judge(doing, careful=True)


async def with_joined(
    doing: Doing, fresh: Iterable[tuple[Joined, Heard]], who: Mapping[Place, Person] = MappingProxyType({})
) -> Doing:
    """The batch, with what else may earn now that these are members. `who`: persons of those that are merged."""
    more = await _more(doing, fresh, who, doing.batch.told)
    again = {key: heard for key, (known, heard) in more.items() if known is None}
    for key, (known, heard) in more.items():
        if known is not None:
            doing.batch.add(key, known, _LAST, heard.delivery, completes=True)
    return doing._replace(again=again)


async def _judge(doing: Doing, *, careful: bool) -> Judged:
    conn = doing.work.tx.conn
    told = {key: one.known for key, one in doing.batch.told.items()}
    heard = dict(doing.again) | {key: one.last for key, one in doing.batch.told.items()}
    if careful:
        await occasions.make_rows(conn, told)
    before = await occasions.lock(conn, heard)
    asked = [
        Asked(key, doing.batch.told[key].position if key in told else _LAST, before.get(key), _after(told, before, key))
        for key in heard
        if key in told or key in before
    ]
    people = _people(asked)
    who = await persons.persons_of(conn, _by_shop({*people, *(place for place, *_ in doing.batch.joins)}))
    fresh = await _join(doing, asked)
    more = await _more(doing, fresh, who, set(heard))
    if careful:
        await occasions.make_rows(conn, [key for key, (known, _) in more.items() if known is not None])
    before |= await occasions.lock(conn, more)
    places = {one.key: place for place, one in enumerate(asked)}
    for key, (known, cause) in more.items():
        if key in places:  # joined twice in a batch, each time earlier than was known
            one = asked[places[key]]
            asked[places[key]] = one if known is None else one._replace(after=joined(one.after, known))
        elif known is not None or key in before:
            heard[key] = cause
            told_now = {} if known is None else {key: known}
            asked.append(Asked(key, _LAST, before.get(key), _after(told_now, before, key)))
    around = await _around(doing, _people(asked), who)
    settled = settle(asked, around)
    await occasions.save(conn, settled, before)
    await occasions.save_refunds(conn, settled, before)
    await store.save_used(conn, spent_in_all(around.spent))
    return Judged(settled, before, heard, who, fresh, around.stirred)


def _after(told: Mapping[Key, Known], before: Mapping[Key, Kept], key: Key) -> Known:
    if key not in told:
        return before[key].known
    return joined(before[key].known, told[key]) if key in before else told[key]


def _people(asked: Iterable[Asked]) -> set[Place]:
    """Whose occasions these are, and were."""
    found = set()
    for one in asked:
        content = one.after.content
        if content is not None and content.customer != GUEST:
            found.add((one.key.shop, content.customer))
        if one.before is not None and one.before.grant is not None:
            found.add((one.key.shop, one.before.grant.customer))
    return found


def _by_shop(places: Iterable[Place]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for shop, identity in places:
        found.setdefault(shop, set()).add(identity)
    return found


async def _join(doing: Doing, asked: Iterable[Asked]) -> list[tuple[Joined, Heard]]:
    """Have those join who do, by an event or by their first order, where the programme of that moment says so."""
    wanted: list[tuple[Place, Membership]] = []
    causes: dict[Place, Heard] = {}
    for place, at, heard in doing.batch.joins:
        version = doing.schemes[place[0]].at(at)
        if version is not None and "event" in version.programme.joining:
            wanted.append((place, Membership(at, How.EVENT)))
            causes[place] = heard
    for one in asked:
        found = _first_order(doing, one)
        if found is not None:
            wanted.append(found)
            causes.setdefault(found[0], doing.batch.told[one.key].last)
    done = await members.join(doing.work.tx.conn, members.memberships(wanted))
    return [(one, causes[one.shop, one.member.customer]) for one in done]


def _first_order(doing: Doing, one: Asked) -> tuple[Place, Membership] | None:
    content, first = one.after.content, one.after.first
    if one.key.kind is not Kind.ORDER or content is None or first is None or content.customer == GUEST:
        return None
    if one.key not in doing.batch.told or _joined_before(one):
        return None
    version = doing.schemes[one.key.shop].at(first)
    if version is None or "first_order" not in version.programme.joining:
        return None
    return (one.key.shop, content.customer), Membership(first, How.FIRST_ORDER)


def _joined_before(one: Asked) -> bool:
    """Whether the order had its customer join already, at the same instant."""
    if one.before is None or one.before.grant is None or one.after.content is None:
        return False
    same = one.before.grant.customer == one.after.content.customer
    return same and one.before.known.first == one.after.first


async def _more(
    doing: Doing, fresh: Iterable[tuple[Joined, Heard]], who: Mapping[Place, Person], known: Collection[Key]
) -> dict[Key, tuple[Known | None, Heard]]:
    """What else may earn now that somebody is a member: what they did before that was told, and joining itself."""
    found: dict[Key, tuple[Known | None, Heard]] = {}
    for shop in sorted({one.shop for one, _ in fresh}):
        since: dict[int, int] = {}
        causes: dict[int, Heard] = {}
        for one, heard in fresh:
            if one.shop == shop:
                person = who.get((shop, one.member.customer), persons.alone(shop, one.member.customer))
                for identity in person.identities:
                    since[identity] = min(one.member.joined.at, since.get(identity, one.member.joined.at))
                    causes[identity] = heard
        for key, customer in (await store.open_occasions(doing.work.tx.conn, shop, since)).items():
            if key not in known:
                found[key] = (None, causes[customer])
    for one, heard in fresh:
        at, customer = one.member.joined.at, one.member.customer
        version = doing.schemes[one.shop].at(at)
        if version is not None and JOINED in names_of(version.programme):
            event_id = f"joined:{customer_id_text(CustomerId(customer))}"
            key = Key(one.shop, Kind.INTERACTION, event_id)
            found[key] = (happened(event_id, at, customer, Detail(interaction=JOINED)), heard)
    return found


async def _around(doing: Doing, people: set[Place], who: Mapping[Place, Person]) -> Around:
    """What occasions are judged by: of the persons whose they are."""
    conn, identities = doing.work.tx.conn, set(people)
    for place in people:
        if place in who:
            identities |= {(place[0], one) for one in who[place].identities}
    numbered = _of_shops(doing, identities, asks_for_numbers)
    limited = _of_shops(doing, identities, lambda programme: bool(limits_of(programme)))
    segmented = _of_shops(doing, identities, lambda programme: bool(segments_asked(programme)))
    # Who counts what came before decides alone for these members until the commit.
    tiered = {place for place in identities if doing.schemes[place[0]].plan is not None}
    locked = numbered | limited | tiered
    found = await members.members_of(conn, identities - locked)
    found |= await members.members_of(conn, locked, lock=True)
    around = Around(doing.schemes, who, found)
    if numbered:
        around.numbers = await store.numbers_of(conn, numbered)
    if limited:
        around.used = await store.used_by(conn, limited)
    if tiered:
        around.days = await tiers.days_of(conn, tiered)
    if segmented:
        around.belonging = await segments.changes_of(conn, segmented)
    return around


def _of_shops(doing: Doing, places: set[Place], asks: Callable[[Any], bool]) -> set[Place]:
    """Of these people those of shops of which any version of the programme asks for it."""
    shops = {
        shop for shop, scheme in doing.schemes.items() if any(asks(version.programme) for version in scheme.in_force)
    }
    return {place for place in places if place[0] in shops}
