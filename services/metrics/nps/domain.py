"""From answers to the net promoter score of days. Pure.

Of each customer the last answer in the window counts. So an answer given at t, followed by the same customer's next
one at u, counts at the end of day D exactly where t lies in the window of D and u lies after D: on one run of days. A
series of days is counted from where these runs begin and end, each answer once, however many days are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.kernel import CONFIDENCE_PERCENT, EPOCH_DAY, DayOrdinal, Zone, promoters_of

_DIGITS = 4


class Answer(NamedTuple):
    """An answer on the scale from 0 to 10."""

    shop: int
    answer: str
    customer: int
    """For whom it counts."""
    identity: int
    """Whom the event named."""
    at: datetime
    score: int


class Run(NamedTuple):
    """Answers with this score that count from one of the asked days on, and no longer at another; by place."""

    since: int
    until: int
    score: int
    answers: int


class Scored(NamedTuple):
    """A net promoter score, with what it was made of. None: nobody answered."""

    score: float | None
    low: float | None
    high: float | None
    answers: int
    promoters: int
    passives: int
    detractors: int
    confidence_percent: int


def windows(zone: Zone, days: Sequence[int], length: int) -> tuple[list[datetime], list[datetime]]:
    """(first instants, instants behind the last) of windows of so many days that end on these; ordinals, rising."""
    # No platform had answers before 1970, and not every zone tells what its days were long before.
    begins = [zone.start_of(DayOrdinal(max(day - length + 1, EPOCH_DAY))) for day in days]
    return begins, [zone.start_of(DayOrdinal(day + 1)) for day in days]


def tallies(runs: Iterable[Run], count: int) -> list[dict[int, int]]:
    """Of each of `count` days: how many customers stand with which score."""
    changes: list[dict[int, int]] = [{} for _ in range(count + 1)]
    for run in runs:
        for place, answers in ((run.since, run.answers), (run.until, -run.answers)):
            changes[place][run.score] = changes[place].get(run.score, 0) + answers
    standing: dict[int, int] = {}
    found = []
    for change in changes[:count]:
        for score, answers in change.items():
            standing[score] = standing.get(score, 0) + answers
        found.append({score: answers for score, answers in standing.items() if answers})
    return found


def scored(tally: dict[int, int]) -> Scored:
    """The score of a day, by the formula of `shared/kernel/promoters.py`."""
    found = promoters_of(tally)
    score, low, high = (None if one is None else round(one, _DIGITS) for one in found[3:])
    groups = (found.answers, found.promoters, found.passives, found.detractors)
    return Scored(score, low, high, *groups, CONFIDENCE_PERCENT)
