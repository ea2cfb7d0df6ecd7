"""Days that come: journeys that are entered on a date, at a time of the shop's clock.

A timer stands for a journey's day and goes through its customers some at a time: where it has come to is part of its
name. The last one of a day sets the next day's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.campaigns import audience, segments
from services.campaigns.journeys.domain.dates import (
    birthday_among,
    calendar_of,
    days_there,
    falls_on,
    instant_of,
    next_day_from,
)
from services.campaigns.journeys.domain.happening import Happening
from services.campaigns.journeys.domain.journey import OnDate
from services.campaigns.journeys.entering import take
from services.campaigns.journeys.knowing import Known, asking, known_of
from services.campaigns.journeys.store import candidates
from services.campaigns.journeys.store.definitions import Shelf, Stand
from services.campaigns.journeys.timing import Turn, turn_timer
from shared.contracts.shops import Shop
from shared.kernel import read_birthday
from shared.messaging.handling import Timer, Work

_CHUNK = 500
_RUNNING = (Stand.ACTIVE, Stand.PAUSED)


class Day(NamedTuple):
    """A journey's day, as far as it has come."""

    shop: Shop
    shelf: Shelf
    journey: str
    trigger: OnDate
    turn: Turn


async def come(work: Work, shelves: Mapping[int, Shelf], shops: Mapping[int, Shop], timers: Sequence[Timer]) -> None:
    """The handler of the timers."""
    happenings: list[Happening] = []
    for timer in timers:
        shelf, turn = shelves.get(int(timer.shop)), Turn.of(timer)
        trigger = None if shelf is None else _trigger(shelf, turn.journey)
        if shelf is None or trigger is None:
            continue  # another version is entered in another way, or the journey was ended
        day = Day(shops[int(timer.shop)], shelf, turn.journey, trigger, turn)
        happenings += await _turned(work, day)
    await take(work, shops, shelves, happenings)


def _trigger(shelf: Shelf, journey: str) -> OnDate | None:
    if shelf.stands.get(journey) not in _RUNNING:
        return None
    version = max(at for name, at in shelf.programs if name == journey)
    trigger = shelf.programs[journey, version].journey.trigger
    return trigger if isinstance(trigger, OnDate) else None


async def _turned(work: Work, day: Day) -> list[Happening]:
    """Those of some customers whose day it is; and the timer that goes on from there."""
    now, zone, turn = work.tx.now, day.shop.zone, day.turn
    if turn.day is None:
        first = next_day_from(day.trigger, now, zone)
        if first is not None:
            work.tx.set_timer(turn_timer(turn.at(first), instant_of(first, day.trigger.at, zone)))
        return []
    instant = instant_of(turn.day, day.trigger.at, zone)
    if instant > now:  # another version comes later in the day
        work.tx.set_timer(turn_timer(turn, instant))
        return []
    found: list[int] = []
    if day.shelf.stands[day.journey] is Stand.ACTIVE:
        found = await candidates.some(work.tx.conn, day.shop, day.trigger, turn.day, (turn.after, _CHUNK))
    if len(found) == _CHUNK:
        work.tx.set_timer(turn_timer(turn._replace(after=found[-1]), now))
    elif day.trigger.on is None:
        after = turn.day + timedelta(days=1)
        work.tx.set_timer(turn_timer(turn.at(after), instant_of(after, day.trigger.at, zone)))
    return await _happened(work, day, found, instant)


async def _happened(work: Work, day: Day, found: Sequence[int], instant: datetime) -> list[Happening]:
    shop, on = day.shop, day.turn.day
    assert on is not None, "it is a day's turn"
    who, asked = day.trigger.who, [(shop.number, one) for one in found]
    history = who is not None and segments.HISTORY in segments.needed(who)
    persons = await known_of(work.tx.conn, {shop.number: shop}, asked, work.tx.now, history=history)
    made: dict[int, Happening] = {}
    for known in persons.values():
        fitting = _fitting(known, day, on)
        if fitting is not None:
            came, year = fitting
            made[known.canonical] = Happening(
                shop=shop.number,
                customer=known.canonical,
                name="date",
                at=instant,
                cause=f"date:{came.isoformat()}",
                fields={"day": came.isoformat(), "year": year},
                journey=day.journey,
            )
    return [made[one] for one in sorted(made)]


def _fitting(known: Known, day: Day, on: date) -> tuple[date, int] | None:
    """The day that brings somebody in, and its year; None where it is not theirs."""
    facts, trigger = known.facts, day.trigger
    if facts.profile.erased or (trigger.who is not None and not asking(known)(trigger.who)):
        return None
    if trigger.since == "birthday":
        return _birthday(facts.profile.contacts, day, on)
    moment = None if trigger.since is None else facts.days.get(trigger.since)
    fits = trigger.since is None or (moment is not None and falls_on(trigger, date.fromordinal(moment), on))
    return (on, on.year) if fits else None


def _birthday(who: audience.Contacts, day: Day, on: date) -> tuple[date, int] | None:
    from services.campaigns.pacing import zone_of  # here: where numbers are from takes its time at the start

    if who.birthday is None:
        return None
    days = days_there(day.trigger, on, day.shop.zone, zone_of(who.phone, day.shop.zone))
    calendar = calendar_of(segments.language_of(who.locale), day.shop.calendar)
    return birthday_among(read_birthday(who.birthday), calendar, days)
