"""The day's turn of a reward that was granted: word ahead of its end, and its end. Pure.

It does not matter how late it is done, or how many days at once: each day does what it would have done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.loyalty.rewards.domain.redemption import NOTHING_TOLD, Redemption, State


class Word(NamedTuple):
    """What a day brings."""

    day: int
    lead: int
    """So many days ahead of the end; 0: it is the end."""
    one: Redemption
    """As it is then."""


def granted(one: Redemption, reminders: Sequence[int], day: int, ends: int) -> Redemption:
    """One that is granted on a day and ends with the beginning of another: of leads that lie behind nobody is told."""
    noticed = min((lead for lead in reminders if ends - day <= lead), default=NOTHING_TOLD)
    return one._replace(noticed=noticed, due_day=_next(ends, reminders, noticed))


def turn(one: Redemption, reminders: Sequence[int], day: int, ends: int) -> tuple[Redemption, list[Word]]:
    """The redemption once all days up to `day` have begun, and what they brought."""
    words: list[Word] = []
    while one.state is State.GRANTED:
        at = _next(ends, reminders, one.noticed)
        if at > day:
            return one._replace(due_day=at), words
        lead = ends - at
        after = {"noticed": lead, "due_day": _next(ends, reminders, lead)} if lead else {"due_day": None}
        one = one._replace(state=State.GRANTED if lead else State.EXPIRED, **after)
        words.append(Word(at, lead, one))
    return one, words


def _next(ends: int, reminders: Sequence[int], noticed: int) -> int:
    return ends - max((lead for lead in reminders if lead < noticed), default=0)
