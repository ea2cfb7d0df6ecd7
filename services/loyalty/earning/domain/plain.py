"""The common case by columns: points for money, nothing else to judge. Thousands of orders at a time. Pure.

`PlainRule.of` says whether a programme has it; tests hold `points` to what `entitlement` gives, order by order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

from services.loyalty.programmes import POINTS_MAX, OnOrder, Programme, Rate, Rounding

Ints = npt.NDArray[np.int64]
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PlainRule:
    """A programme whose orders earn by one rule alone: amount by rate, without conditions and caps."""

    rule: str
    currency: str
    points: int
    per: int
    rounding: Rounding
    percents: tuple[tuple[str, int], ...]
    """What tiers multiply by, where the rule minds them."""

    @classmethod
    def of(cls, programme: Programme) -> PlainRule | None:
        """None where orders need the general way."""
        return _plain_rule(programme)

    def percent_of(self, tier: str) -> int:
        """What a tier multiplies by."""
        return dict(self.percents).get(tier, 100)

    def points_of(self, revenue: Ints, percent: Ints) -> Ints:
        """Points of orders in the rule's currency that stand and have no refund, by their revenue in minor units.

        `percent` by order: `percent_of` its customer's tier. No order gets more than `POINTS_MAX`.
        """
        points = np.zeros(len(revenue), np.int64)
        for each in np.unique(percent).tolist():
            rows = np.flatnonzero(percent == each)
            points[rows] = self._points(revenue[rows], each)
        return points

    def _points(self, revenue: Ints, percent: int) -> Ints:
        common = gcd(self.points * percent, self.per * 100)
        times, per = self.points * percent // common, self.per * 100 // common
        # Amounts beyond this come to more than the most points of a posting, so that nothing overflows below.
        most = (POINTS_MAX + 1) * per // times + 1
        if most * times + per > _INT64_MAX:
            exact = [min(self._one(int(amount), times, per), POINTS_MAX) for amount in revenue]
            return np.array(exact, np.int64)
        whole, rest = np.divmod(np.minimum(revenue, most) * times, per)
        found: Ints = np.minimum(whole + self._more(whole, rest, per), POINTS_MAX)
        return found

    def _one(self, amount: int, times: int, per: int) -> int:
        whole, rest = divmod(amount * times, per)
        return whole + int(self._more(np.array([whole % 2]), np.array([rest], dtype=object), per)[0])

    def _more(self, whole: npt.NDArray[np.int64], rest: npt.NDArray[np.int64], per: int) -> npt.NDArray[np.int64]:
        """1 where rounding goes up."""
        match self.rounding:
            case "down":
                more = np.zeros(len(whole), np.bool_)
            case "up":
                more = rest > 0
            case "half_up":
                more = rest >= per - rest
            case "half_even":
                more = (rest > per - rest) | ((rest == per - rest) & (whole % 2 == 1))
        return more.astype(np.int64)


@lru_cache(maxsize=256)
def _plain_rule(programme: Programme) -> PlainRule | None:
    rules = [rule for rule in programme.rules if isinstance(rule.on, OnOrder)]
    if len(rules) != 1 or programme.caps:
        return None
    rule = rules[0]
    if not isinstance(rule.earn, Rate) or rule.when is not None or rule.caps:
        return None
    levels = programme.tiers.levels if programme.tiers and rule.by_tier else ()
    return PlainRule(
        rule.id,
        rule.earn.currency or programme.currency,
        rule.earn.points,
        rule.earn.per,
        programme.rounding,
        tuple((level.id, level.percent) for level in levels),
    )
