"""Timers: runs go on; journeys that were ended, or go on again, take their runs with them.

1 how journeys stand, held; 2 runs, locked; 3 persons, as they are now; 4 decide; 5 write, plan messages, tell
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from services.campaigns import audience, messages
from services.campaigns.journeys import days, events
from services.campaigns.journeys.domain.journey import Points, Reward, Send
from services.campaigns.journeys.domain.moving import Done, advance
from services.campaigns.journeys.domain.run import Run, State, Told
from services.campaigns.journeys.knowing import Who, asking, known_of
from services.campaigns.journeys.store import definitions, runs
from services.campaigns.journeys.store.definitions import Known, Shelf, Stand, program_in
from services.campaigns.journeys.telling import Word, of_run, silenced, tell
from services.campaigns.journeys.timing import DATE_TIMER, RUN_TIMER, SWEEP_TIMER, run_timer
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.messaging.handling import Timer, TimerHandler, Work

_CHUNK = 500
_SLUGS = "SELECT number, slug FROM shop WHERE number = ANY($1::int[]) ORDER BY number"
_PLANNED = "planned"


class Gone(NamedTuple):
    """A run, as far as it has gone, and what it did on its way."""

    run: Run
    done: list[Done]


@dataclass
class JourneyJobs:
    """The timers' handlers."""

    known: Known = field(default_factory=Known)

    def handlers(self) -> dict[str, TimerHandler]:
        """By kind of timer."""
        return {RUN_TIMER: self.move, SWEEP_TIMER: self.sweep, DATE_TIMER: self.come}

    async def move(self, work: Work, timers: Sequence[Timer]) -> None:
        """Runs whose time has come go as far as they can; those of a journey that rests wait until it goes on."""
        conn, now = work.tx.conn, work.tx.now
        shops = await shops_of(work, timers)
        keys = {(int(timer.shop), timer.identity) for timer in timers}
        named = await runs.journeys_of(conn, keys)
        stands = await definitions.hold(conn, {(shop, name) for (shop, _), name in named.items()})
        shelves = await self.known.load(conn, shops)
        found = await runs.lock(conn, keys)
        erased = await audience.erased_among(conn, {(run.shop, run.customer) for run in found})
        ended, going, resting = [], [], []
        for run in found:
            stand, is_erased = stands[run.shop, run.journey], (run.shop, run.customer) in erased
            if is_erased or stand is Stand.KILLED:
                ended.append(_ended(run, State.ERASED if is_erased else State.KILLED, now))
            elif stand is Stand.ACTIVE:
                going.append(run)
            else:
                resting.append((run.shop, run.id))
        await runs.park(conn, resting)
        asked, history = _who_is_asked(shelves, going)
        persons = await known_of(conn, shops, asked, now, history=history)
        gone = []
        for run in going:
            program = program_in(shelves, run.shop, run.journey, run.version)
            assert program is not None, "versions stay for ever"
            asks = asking(persons.get((run.shop, run.customer)))
            gone.append(Gone(*advance(run, program, asks, now, shops[run.shop].zone)))
        await _save(work, {number: shop.slug for number, shop in shops.items()}, gone, ended)

    async def sweep(self, work: Work, timers: Sequence[Timer]) -> None:
        """Runs of journeys that were ended end; those that waited for theirs go on, and messages with them.

        Some at a time, until there are none left.
        """
        conn, slugs = work.tx.conn, {n: shop.slug for n, shop in (await shops_of(work, timers)).items()}
        stands = await definitions.hold(conn, {(int(timer.shop), timer.identity) for timer in timers})
        killed: list[Run] = []
        for timer in sorted(timers, key=lambda one: (one.shop, one.identity)):
            place = (int(timer.shop), timer.identity)
            handled = 0
            if stands.get(place) is Stand.KILLED:
                found = await runs.of_journey(conn, *place, _CHUNK)
                killed += [_ended(run, State.KILLED, work.tx.now) for run in found]
                handled = len(found)
            elif stands.get(place) is Stand.ACTIVE:
                handled = max(await self._resumed(work, place), await messages.let_go(conn, *place, _CHUNK))
            if handled >= _CHUNK:
                work.tx.set_timer(Timer(timer.shop, SWEEP_TIMER, timer.identity, work.tx.now, timer.partition))
        await _save(work, slugs, [], killed)

    async def come(self, work: Work, timers: Sequence[Timer]) -> None:
        """Days on which journeys are entered."""
        shops = await shops_of(work, timers)
        await days.come(work, await self.known.load(work.tx.conn, shops), shops, timers)

    async def _resumed(self, work: Work, place: tuple[int, str]) -> int:
        found = await runs.go_on(work.tx.conn, *place, _CHUNK)
        for run in found:
            work.tx.set_timer(run_timer(run, work.tx.now))
        return len(found)


async def shops_of(work: Work, timers: Iterable[Timer]) -> dict[int, Shop]:
    """The shops of timers, by number."""
    rows = await work.tx.conn.fetch(_SLUGS, sorted({int(timer.shop) for timer in timers}))
    return {number: work.shop(slug) for number, slug in rows}


async def _save(work: Work, slugs: Mapping[int, str], gone: Sequence[Gone], over: Sequence[Run]) -> None:
    conn, now = work.tx.conn, work.tx.now
    await runs.change(conn, [*(one.run for one in gone), *over])
    plans = [
        events.plan_of(done.run, done.step, slugs[done.run.shop], now)
        for one in gone
        for done in one.done
        if isinstance(done.step, Send) and done.outcome == _PLANNED
    ]
    words: list[Word] = []
    for one in gone:
        slug = slugs[one.run.shop]
        for done in one.done:
            words += _words(done, slug)
        if one.run.state is State.COMPLETED:
            words.append(of_run(Told(one.run), slug))
        else:
            work.tx.set_timer(run_timer(one.run, now))
    ended = [Told(run) for run in over]
    words += [of_run(one, slugs[one.run.shop]) for one in ended]
    words += await silenced(work, slugs, ended)
    await tell(work, words)
    await messages.add(conn, plans, messages.State.PLANNED, now)


def _words(done: Done, slug: str) -> list[Word]:
    """That a step is done, and what it asks of others."""
    run, step, key = done.run, done.step, events.key_of(done.run, slug)
    words = [Word(key, topics.CAMPAIGNS_JOURNEYS, partial(events.moved_of, done, slug))]
    if done.outcome == _PLANNED and isinstance(step, Points):
        words.append(Word(key, topics.LOYALTY_REQUESTS, partial(events.points_of, run, step, slug)))
    if done.outcome == _PLANNED and isinstance(step, Reward):
        words.append(Word(key, topics.LOYALTY_REQUESTS, partial(events.reward_of, run, step, slug)))
    return words


def _who_is_asked(shelves: Mapping[int, Shelf], going: Sequence[Run]) -> tuple[set[Who], bool]:
    """(those whose journeys ask what is known of them, whether any asks for single orders or messages)."""
    found, history = set(), False
    for run in going:
        program = program_in(shelves, run.shop, run.journey, run.version)
        if program is not None and program.asks:
            found.add((run.shop, run.customer))
            history = history or program.asks_history
    return found, history


def _ended(run: Run, state: State, now: datetime) -> Run:
    return run._replace(state=state, changed_at=now, due=None)
