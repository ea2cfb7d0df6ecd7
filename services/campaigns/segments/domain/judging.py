"""Whom a condition holds for, and until when. Pure.

The same is said in SQL (`segments/compiling.py`) for many persons at once; a test holds the two against each other.
A day runs from its first instant to that of the next, so that both count days of age alike where clocks go back
over midnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from services.campaigns import audience
from services.campaigns.audience import Profile, nps_group
from services.campaigns.consent import Word, holding
from services.campaigns.segments.domain.condition import (
    Age,
    Agreed,
    All,
    Among,
    Attribute,
    Between,
    Bought,
    Condition,
    Known,
    Moment,
    Money,
    Not,
    Number,
    Responded,
    Some,
    nodes,
)
from services.campaigns.segments.domain.history import NO_HISTORY, History, Kept, Reply
from shared.kernel import DayOrdinal, Zone, moment_of

_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", "abcdefghijklmnopqrstuvwxyz-")


Days = Mapping[Moment, int | None]
"""Local days of the shop, of those instants that are known."""


class Facts(NamedTuple):
    """What is known of a person, as conditions ask for it."""

    profile: Profile
    """Of the person: all of their identities as one."""
    days: Days
    agreed: frozenset[tuple[str, str]]
    """Channels and purposes by and for which they may be sent messages."""
    orders: tuple[tuple[int, Kept], ...] = ()
    """Each with its day."""
    replies: tuple[tuple[int, Reply], ...] = ()
    """Likewise; orders that are due to messages among them."""


def facts_of(profile: Profile, words: Iterable[Word], zone: Zone, history: History = NO_HISTORY) -> Facts:
    """`profile`: of the person; `words`, `history`: of all of their identities; `zone`: of the shop. `history` is
    looked at by conditions that need `HISTORY` alone."""
    answer = profile.last_answer
    instants: dict[Moment, int | None] = {
        "first_order": profile.first_order_at,
        "last_order": profile.last_order_at,
        "last_answer": None if answer is None else answer.at,
    }
    days: Days = {name: None if at is None else day_at(zone, moment_of(at)) for name, at in instants.items()}
    agreed = frozenset(at for at, word in holding(words).items() if word.state == "given")
    orders = tuple((day_at(zone, moment_of(one.at)), one) for one in history.orders)
    replies = tuple((day_at(zone, moment_of(one.at)), one) for one in (*history.replies, *history.converted()))
    return Facts(profile, days, agreed, orders, replies)


def day_at(zone: Zone, at: datetime) -> int:
    """The local day that an instant belongs to: the last one that has begun."""
    day = zone.day_of(at)
    return day + 1 if at >= zone.start_of(DayOrdinal(day + 1)) else int(day)


def belongs(condition: Condition, facts: Facts, today: int) -> bool:
    """Whether somebody is in the segment. Who is erased is in none."""
    return not facts.profile.erased and holds(condition, facts, today)


def holds(condition: Condition, facts: Facts, today: int) -> bool:
    """What the condition says of a person on a local day of the shop."""
    match condition:
        case All():
            return all(holds(one, facts, today) for one in condition.of)
        case Some():
            return any(holds(one, facts, today) for one in condition.of)
        case Not():
            return not holds(condition.of, facts, today)
        case Age() | Between():
            return _of_days(condition, facts, today)
        case Bought() | Responded():
            since = 0 if condition.days is None else today - condition.days
            times = sum(day >= since for day in _days_of(condition, facts))
            return times >= (condition.least if isinstance(condition, Bought) else 1)
        case _:
            return _of_profile(condition, facts)


def changes_on(condition: Condition, facts: Facts, today: int) -> int | None:
    """The first day after `today` on which the answer differs, if nothing else is heard of the person. None: never."""
    if facts.profile.erased:
        return None
    now = holds(condition, facts, today)
    day = next_turn(condition, facts, today)
    while day is not None and holds(condition, facts, day) == now:
        day = next_turn(condition, facts, day)
    return day


def next_turn(condition: Condition, facts: Facts, today: int) -> int | None:
    """The first day after `today` on which the answer may differ."""
    turns = [turn_of_ages([condition], facts.days, today)]
    for node in nodes(condition):
        if isinstance(node, Bought | Responded) and node.days is not None:
            turns += [turn for day in _days_of(node, facts) if (turn := ends_on(day, node.days)) > today]
    return min((turn for turn in turns if turn is not None), default=None)


def turn_of_ages(conditions: Iterable[Condition], days: Days, today: int) -> int | None:
    """The same, by what they say of ages alone."""
    turns = (turn for one in conditions for node in nodes(one) if isinstance(node, Age) for turn in _turns(node, days))
    return min((turn for turn in turns if turn > today), default=None)


def ends_on(day: int, days: int) -> int:
    """The day on which what happened on a day is longer ago than so many days."""
    return day + days + 1


def language_of(locale: str | None) -> str | None:
    """The first part of a locale, in lower case."""
    return None if locale is None else locale.translate(_CAPITALS).partition("-")[0]


def _days_of(condition: Bought | Responded, facts: Facts) -> Iterator[int]:
    """The days of what it asks for."""
    if isinstance(condition, Responded):
        for day, reply in facts.replies:
            if reply.did == condition.did and condition.campaign in (None, reply.campaign):
                yield day
        return
    for day, order in facts.orders:
        if not (order.products if condition.field == "product" else order.categories).isdisjoint(condition.values):
            yield day


def _turns(node: Age, days: Days) -> list[int]:
    """Days on which the condition begins to hold, or ends."""
    day = days.get(node.since)
    if day is None:
        return []
    starts = [] if node.least is None else [day + node.least]
    return starts if node.most is None else [*starts, day + node.most + 1]


def _of_profile(condition: Number | Money | Among | Known | Attribute | Agreed, facts: Facts) -> bool:
    profile = facts.profile
    match condition:
        case Agreed():
            return (condition.channel, condition.purpose) in facts.agreed
        case Number():
            number = _found(profile, condition.field)
            return isinstance(number, int) and _within(number, condition.least, condition.most)
        case Money():
            net, orders = profile.money.get(condition.currency, 0), profile.counts.get(condition.currency, 0)
            if condition.field == "revenue":
                return _within(net, condition.least, condition.most)
            # Multiplied, not divided: an average is no whole number.
            least, most = ((None if limit is None else limit * orders) for limit in (condition.least, condition.most))
            return orders > 0 and _within(net, least, most)
        case Among():
            return _found(profile, condition.field) in condition.values
        case Known() | Attribute():
            return _is_known(condition, profile)


def _is_known(condition: Known | Attribute, profile: Profile) -> bool:
    if isinstance(condition, Attribute):
        return _is_said(condition, profile.attributes.get(condition.name))
    return _found(profile, condition.field) is not None


def _is_said(condition: Attribute, said: audience.Attribute | None) -> bool:
    if said is None:
        return False
    if condition.values:
        return not set(condition.values).isdisjoint(said.values)
    if condition.least is None and condition.most is None:
        return True
    return said.number is not None and _within(said.number, condition.least, condition.most)


def _found(profile: Profile, field: str) -> object:
    match field:
        case "language":
            return language_of(profile.contacts.locale)
        case "name" | "email" | "phone" | "locale" | "birthday":
            return getattr(profile.contacts, field)
        case "first_order" | "last_order":
            return getattr(profile, f"{field}_at")
        case "nps_score" | "nps_group":
            score = None if profile.last_nps is None else profile.last_nps.score
            return score if field == "nps_score" else nps_group(score)
        case _:
            return getattr(profile, field)


def _of_days(condition: Age | Between, facts: Facts, today: int) -> bool:
    if isinstance(condition, Age):
        day = facts.days.get(condition.since)
        return day is not None and _within(today - day, condition.least, condition.most)
    day = facts.days.get(condition.field)
    since, until = (None if one is None else one.toordinal() for one in (condition.since, condition.until))
    return day is not None and _within(day, since, until)


def _within(value: int, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
