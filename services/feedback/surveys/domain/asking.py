"""Whose turn it is: the rule of asking. Pure.

A **wish** is one survey on one occasion that a customer is to be asked, from `due` until `until`. Of a person, all of
whose identities count together:

1. Nobody is asked twice within the shop's `rest`, whatever the survey, nor the same survey twice within its `again`.
2. The window is free from the last asking plus `rest`. A wish is **ready** when it is due, the window is free, and its
   survey was last asked at least `again` ago.
3. As soon as any is ready, one is asked: that whose survey was asked the longest time ago; one never asked comes first.
   Of one survey, or of several never asked: the wish that was due first, then by the survey's name, then by its id.
4. A wish that was not asked before `until` is given up.

So a rare survey is not starved by a frequent one: while a wish is ready, each other survey can be asked at most once
before it. With n surveys it is asked after at most n − 1 windows, if it is given patience for as long.
An asking whose message was not sent (no consent, no address) does not count, and the window is free again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple


class Wish(NamedTuple):
    """A customer who is to be asked."""

    id: str
    survey: str
    due: datetime
    until: datetime


class Decision(NamedTuple):
    """What is to be done now."""

    ask: Wish | None
    lapsed: tuple[Wish, ...]
    """Given up: their time is over, or nobody asks their survey any more."""
    look: datetime | None
    """When to look again; None: nobody waits."""


def decide(
    wishes: Collection[Wish],
    asked: Mapping[str, datetime],
    again: Mapping[str, timedelta],
    rest: timedelta,
    now: datetime,
) -> Decision:
    """`wishes`: that wait. `asked`: when each survey was asked last. `again`: of each survey that is asked at all."""
    lapsed = tuple(sorted(one for one in wishes if one.survey not in again or one.until <= now))
    waiting = [one for one in wishes if one not in lapsed]
    ready = [one for one in waiting if _ready_at(one, asked, again, rest) <= now]
    if not ready:
        return Decision(None, lapsed, _look(waiting, asked, again, rest))
    first = min(ready, key=lambda one: (one.survey in asked, asked.get(one.survey, now), one.due, one.survey, one.id))
    after = {**asked, first.survey: now}
    return Decision(first, lapsed, _look([one for one in waiting if one != first], after, again, rest))


def _ready_at(wish: Wish, asked: Mapping[str, datetime], again: Mapping[str, timedelta], rest: timedelta) -> datetime:
    ready = wish.due
    if asked:
        ready = max(ready, max(asked.values()) + rest)
    if wish.survey in asked:
        ready = max(ready, asked[wish.survey] + again[wish.survey])
    return ready


def _look(
    waiting: Collection[Wish], asked: Mapping[str, datetime], again: Mapping[str, timedelta], rest: timedelta
) -> datetime | None:
    return min((min(one.until, _ready_at(one, asked, again, rest)) for one in waiting), default=None)
