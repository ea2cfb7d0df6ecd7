"""What a batch of happenings does to runs: translate is done; load → decide → save, in a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from services.campaigns import audience
from services.campaigns.journeys.domain.happening import Happening
from services.campaigns.journeys.domain.run import Around, Book, Mark, Past, State, enters, hear, key_of
from services.campaigns.journeys.store import runs
from services.campaigns.journeys.store.definitions import Shelf
from services.campaigns.journeys.store.runs import Before, Who
from services.campaigns.journeys.telling import of_run, silenced, tell
from services.campaigns.journeys.timing import run_timer
from shared import pointers
from shared.contracts.shops import Shop
from shared.messaging.handling import Work

_TRIES = 5


class Books(NamedTuple):
    """Persons of a batch, and whom each identity belongs to."""

    by_person: dict[Who, Book]
    person_of: dict[Who, Who]


async def take(
    work: Work, shops: Mapping[int, Shop], shelves: Mapping[int, Shelf], happenings: Sequence[Happening]
) -> None:
    """Hear events in their order. `happenings`: of customers that we know by id, that some journey hears."""
    if not happenings:
        return
    books = await _opened(work, shelves, happenings)
    for one in happenings:
        shop, shelf = shops[one.shop], shelves[one.shop]
        person = books.person_of[one.shop, one.customer]
        around = Around(shop.slug, shop.zone, work.tx.now, shelf.programs, shelf.open)
        hear(books.by_person[person], one, around)
    await _save(work, shops, books)


async def _opened(work: Work, shelves: Mapping[int, Shelf], happenings: Sequence[Happening]) -> Books:
    conn = work.tx.conn
    whose = await _held(conn, {(one.shop, one.customer) for one in happenings})
    person_of = {who: (who[0], canonical) for who, (canonical, _) in whose.items()}
    everybody = {(shop, one): (shop, canonical) for (shop, _), (canonical, all_) in whose.items() for one in all_}
    erased = await audience.erased_among(conn, everybody.keys())
    wanted: set[str] = set()
    keys: set[str] = set()
    for one in happenings:
        for program in shelves[one.shop].open:
            if (key := key_of(program, one)) is not None and enters(program, one, work.tx.now):
                wanted.add(program.id)
                keys.add(key)
    before = await runs.load(conn, everybody.keys(), wanted, keys)
    return Books(_books(before, everybody, erased), person_of)


async def _held(conn: asyncpg.Connection[Any], asked: set[Who]) -> dict[Who, tuple[int, tuple[int, ...]]]:
    """All identities of these persons, by whom they are counted as, whose profiles are locked.

    Of one person one transaction at a time enters runs, whichever identity events name. Who moves pointers locks the
    profiles of both sides, so what is read under these locks stays.
    """
    held: set[Who] = set()
    for _ in range(_TRIES):
        whose = await pointers.identities_of_all(conn, asked)
        persons = {(shop, canonical) for (shop, _), (canonical, _) in whose.items()}
        if persons <= held:
            return whose
        await audience.lock_profiles(conn, persons - held)
        held |= persons
    raise TimeoutError("identities are merged again and again")  # the batch is tried again


def _books(before: Before, everybody: Mapping[Who, Who], erased: Iterable[Who]) -> dict[Who, Book]:
    books = {person: Book({}) for person in everybody.values()}
    for run in before.runs:
        books[everybody[run.shop, run.customer]].runs[run.id] = run
    for (who, journey), past in before.pasts.items():
        pasts = books[everybody[who]].pasts
        known = pasts.get(journey, Past())
        last = max((at for at in (known.last, past.last) if at is not None), default=None)
        pasts[journey] = Past(last, known.keys | past.keys)
    for (who, journey, value), mark in before.marks.items():
        marks = books[everybody[who]].marks
        marks[journey, value] = max(mark, marks.get((journey, value), mark))
    for who in erased:
        books[everybody[who]].erased = True
    return books


async def _save(work: Work, shops: Mapping[int, Shop], books: Books) -> None:
    conn = work.tx.conn
    found = list(books.by_person.values())
    entered = [run for book in found for run in book.entered.values()]
    added = await runs.add(conn, entered) if entered else set()
    await runs.change(conn, [run for book in found for run in book.changed.values()])
    marks: dict[tuple[Who, str, str], Mark] = {}
    for who, book in books.by_person.items():
        marks |= {(who, *place): book.marks[place] for place in book.marked}
    await runs.mark(conn, marks, work.tx.now)
    known = {(run.shop, run.id) for run in entered} - added  # entered before, by the same event
    told = [one for book in found for one in book.told if (one.run.shop, one.run.id) not in known]
    slugs = {number: shop.slug for number, shop in shops.items()}
    hushed = await silenced(work, slugs, told)
    await tell(work, [*(of_run(one, slugs[one.run.shop]) for one in told), *hushed])
    for run in entered:
        if (run.shop, run.id) in added and run.state is State.RUNNING:
            work.tx.set_timer(run_timer(run, work.tx.now))
    for book in found:
        for run in book.changed.values():
            if run.met and run.state is State.RUNNING:
                work.tx.set_timer(run_timer(run, work.tx.now))
