"""Net promoter score: of answers from 0 to 10, the share of 9 and 10 less the share of 0 to 6, and how sure that is.

The difference of two shares of one multinomial sample, p of promoters and d of detractors, has variance
(p + d − (p − d)²) / n; the interval is NPS ± 100 z √variance, cut at ± 100 (L. A. Goodman, On simultaneous confidence
intervals for multinomial proportions, Technometrics 7, 1965). Where all scored alike it has no width: with few answers
read it with their number beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

NPS_SCALE = (0, 10)
DETRACTORS_TO, PROMOTERS_FROM = 6, 9
CONFIDENCE_PERCENT = 95
Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


class Promoters(NamedTuple):
    """How many would recommend, would not care, would advise against; and what follows. None: nobody answered."""

    promoters: int
    passives: int
    detractors: int
    score: float | None
    """100 · (promoters − detractors) ÷ answers, not rounded."""
    low: float | None
    high: float | None

    @property
    def answers(self) -> int:
        """What the score is divided by."""
        return self.promoters + self.passives + self.detractors


def promoters_of(tally: Mapping[int, int]) -> Promoters:
    """The score of these answers, given as how many chose which number. ValueError for one off the scale."""
    lowest, highest = NPS_SCALE
    if not all(lowest <= score <= highest for score in tally):
        raise ValueError("a score lies on another scale")
    promoters = sum(count for score, count in tally.items() if score >= PROMOTERS_FROM)
    detractors = sum(count for score, count in tally.items() if score <= DETRACTORS_TO)
    n = sum(tally.values())
    passives = n - promoters - detractors
    if n == 0:
        return Promoters(0, 0, 0, None, None, None)
    difference = (promoters - detractors) / n
    half = Z_95 * sqrt(max(0.0, (promoters + detractors) / n - difference**2) / n)
    low, high = 100 * max(-1.0, difference - half), 100 * min(1.0, difference + half)
    return Promoters(promoters, passives, detractors, 100 * difference, low, high)
