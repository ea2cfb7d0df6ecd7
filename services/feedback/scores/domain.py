"""Scores and how sure they are. Pure.

What is counted is persons: of each the last answer in the window. Intervals are of 95 %:

- **NPS**: as `shared/kernel/promoters.py` says, for everybody who tells one.
- **CSAT**: the share of 4 and 5, by Wilson's interval for a proportion, which holds for few answers and at the ends.
  (E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.)
- **CES**: the mean of 1 to 7, mean ± z s / √n with the sample's standard deviation s; none for a single answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from math import sqrt
from typing import Literal, NamedTuple

from services.feedback.surveys import SCALES
from shared.kernel import Z_95, promoters_of

Measure = Literal["nps", "csat", "ces"]
Step = Literal["day", "week", "month"]
POINTS_MAX = 120
_DIGITS = 4
_SATISFIED_FROM = 4
_MONTHS = 12


class Figure(NamedTuple):
    """A score. None: nobody answered, or nothing can be said of how sure it is."""

    answers: int
    score: float | None
    low: float | None
    high: float | None
    mean: float | None
    """Of the scale's own numbers."""
    counts: dict[int, int]
    """Of each number of the scale, how many persons chose it."""


def figure(measure: Measure, tally: Mapping[int, int]) -> Figure:
    """The score of these answers. ValueError for one that is not on the measure's scale."""
    lowest, highest = SCALES[measure]
    if not all(lowest <= score <= highest for score in tally):
        raise ValueError("a score lies on another scale")
    counts = {score: tally.get(score, 0) for score in range(lowest, highest + 1)}
    n = sum(counts.values())
    if n == 0:
        return Figure(0, None, None, None, None, counts)
    mean = sum(score * count for score, count in counts.items()) / n
    found = {"nps": _nps, "csat": _csat, "ces": _ces}[measure](counts, n)
    score, low, high, average = (None if one is None else round(one, _DIGITS) for one in (*found, mean))
    return Figure(n, score, low, high, average, counts)


def _nps(counts: Mapping[int, int], _n: int) -> tuple[float | None, float | None, float | None]:
    found = promoters_of(counts)
    return found.score, found.low, found.high


def _csat(counts: Mapping[int, int], n: int) -> tuple[float, float, float]:
    share = sum(count for score, count in counts.items() if score >= _SATISFIED_FROM) / n
    middle = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    return 100 * share, 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def _ces(counts: Mapping[int, int], n: int) -> tuple[float, float | None, float | None]:
    mean = sum(score * count for score, count in counts.items()) / n
    if n == 1:
        return mean, None, None
    variance = sum(count * (score - mean) ** 2 for score, count in counts.items()) / (n - 1)
    half = Z_95 * sqrt(variance / n)
    return mean, max(1.0, mean - half), min(7.0, mean + half)


def ends(since: date, until: date, step: Step) -> list[date]:
    """The last days of steps from one day to another; the last one is `until`. One more than `POINTS_MAX` at most."""
    found: list[date] = []
    day = since
    while day <= until and len(found) <= POINTS_MAX:
        last = min(_last_of(day, step), until)
        found.append(last)
        day = last + timedelta(days=1)
    return found


def _last_of(day: date, step: Step) -> date:
    if step == "day":
        return day
    if step == "week":
        return day + timedelta(days=6)
    first = date(day.year + day.month // _MONTHS, day.month % _MONTHS + 1, 1)
    return first - timedelta(days=1)
