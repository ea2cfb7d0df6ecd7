"""After how many days without activity a customer lapses: all alike, or by their own rhythm and the shop's. Pure.

Source: DOMAIN, "Lifecycle": w * Q(own gaps) + (1 - w) * Q(the shop's gaps), w = n / (n + 3) for n own gaps, with a
floor; one-time buyers use the shop's gaps from first to second order. Whole days, rounded up, in integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

OWN_GAPS_MAX = 20
"""So many of a customer's newest gaps are looked at: habits change, and a row must not grow with each order."""
FIGURE_GAPS_MIN = 20
"""With fewer gaps the shop's quantile means nothing, and the fixed threshold holds."""
OWN_GAPS_PULL = 3
"""So many gaps of the shop stand beside a customer's own."""


class Activity(IntEnum):
    """What the days without activity are counted from."""

    ORDERS = 0
    VISITS = 1
    EITHER = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """When a shop's customers count as new, lapsing and lost. In days; `quantile` in percent."""

    lost_days: int = 365
    onboarding_days: int = 30
    personal: bool = True
    fixed_days: int = 90
    floor: int = 7
    quantile: int = 80
    activity: Activity = Activity.ORDERS


class Figure(NamedTuple):
    """Quantiles of the shop's gaps, frozen at the start of `day` and in force until the next."""

    day: int | None = None
    gaps: int = 0
    """How many gaps were known."""
    gap_days: int | None = None
    first_gaps: int = 0
    """Of those: from a customer's first day to the second."""
    first_gap_days: int | None = None


NO_FIGURE = Figure()


class Threshold(NamedTuple):
    """The threshold and where it comes from."""

    days: int
    personal: bool
    own_gaps: int = 0
    own_gap_days: int | None = None
    shop_gaps: int = 0
    shop_gap_days: int | None = None
    figure_day: int | None = None


def quantile(rising: Sequence[int], percent: int) -> int:
    """The nearest-rank quantile: the smallest value that at least so many percent do not exceed."""
    return rising[-(-percent * len(rising) // 100) - 1]


def threshold(rules: Rules, own_gaps: Sequence[int], figure: Figure) -> Threshold:
    """The threshold of a customer with these gaps, newest last, under the figure in force on their last active day."""
    own = own_gaps[-OWN_GAPS_MAX:]
    count, days = (figure.gaps, figure.gap_days) if own else (figure.first_gaps, figure.first_gap_days)
    if not rules.personal or days is None or count < FIGURE_GAPS_MIN:
        return Threshold(rules.fixed_days, personal=False, own_gaps=len(own))
    if not own:
        return Threshold(max(rules.floor, days), True, 0, None, count, days, figure.day)
    own_days = quantile(sorted(own), rules.quantile)
    weighed = len(own) * own_days + OWN_GAPS_PULL * days
    blended = -(-weighed // (len(own) + OWN_GAPS_PULL))
    return Threshold(max(rules.floor, blended), True, len(own), own_days, count, days, figure.day)
