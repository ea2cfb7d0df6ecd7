"""Figures of campaigns, and how sure they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

Z = 1.959963984540054
"""Of 95 %, two-sided."""


class Interval(NamedTuple):
    """A share, or a difference of two, with its bounds of 95 %."""

    value: float
    low: float
    high: float


class Figures(NamedTuple):
    """Of a campaign, or of a step, variant and channel of it. Messages, unless said otherwise."""

    planned: int = 0
    """That wait, or are on their way."""
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    suppressed: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    opened: int = 0
    """By persons; a scanner's opens and clicks count nowhere."""
    clicked: int = 0
    segments: int = 0
    """Text messages that are paid for."""
    reached: int = 0
    """Persons who were sent one."""
    converted: int = 0
    """Persons with an order that is attributed here."""
    orders: int = 0


class Row(NamedTuple):
    """A step of a campaign by a channel, in a variant."""

    step: str
    variant: str
    channel: str
    figures: Figures
    revenue: tuple[tuple[str, int], ...]
    """Of the orders, net of refunds: minor units by currency."""


def wilson(hits: int, total: int) -> Interval | None:
    """A share with the score interval of Wilson (1927). None over nobody.

    With z of 95 % and p = hits / total: (2·hits + z² ± z·√(z² + 4·hits·(1 − p))) / (2·(total + z²)).
    """
    if total == 0:
        return None
    share, square = hits / total, Z * Z
    middle, spread = 2 * hits + square, Z * sqrt(square + 4 * hits * (1 - share))
    low, high = ((middle + sign * spread) / (2 * (total + square)) for sign in (-1, 1))
    return Interval(share, 0.0 if hits == 0 else low, 1.0 if hits == total else high)


def newcombe(hits: int, total: int, other_hits: int, other_total: int) -> Interval | None:
    """The first share less the other, with the hybrid score interval; None where either is over nobody.

    Newcombe (1998), Statistics in Medicine 17:873-890, method 10: with the Wilson bounds (l, u) of each share p,
    d − √((p₁ − l₁)² + (u₂ − p₂)²) to d + √((u₁ − p₁)² + (p₂ − l₂)²).
    """
    one, other = wilson(hits, total), wilson(other_hits, other_total)
    if one is None or other is None:
        return None
    difference = one.value - other.value
    low = difference - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    high = difference + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Interval(difference, low, high)


def against(row: Row, rows: Iterable[Row]) -> tuple[str, Interval] | None:
    """(the variant it is held against, by how much more of whom it reached bought).

    That is the first variant of the step and channel; None for that one itself, and where either reached nobody.
    """
    first = min(
        (one for one in rows if (one.step, one.channel) == (row.step, row.channel)), key=lambda one: one.variant
    )
    if first.variant == row.variant:
        return None
    mine, other = row.figures, first.figures
    found = newcombe(mine.converted, mine.reached, other.converted, other.reached)
    return None if found is None else (first.variant, found)


class Arm(NamedTuple):
    """Whom a journey was for, or whom it held out."""

    runs: int = 0
    persons: int = 0
    """By their first run: who is of both groups, being merged, counts where they were first."""
    converted: int = 0
    """Persons with an order within the window after any of their runs began."""
    orders: int = 0
    revenue: tuple[tuple[str, int], ...] = ()
    """Of these orders, net of refunds: minor units by currency."""


class Lift(NamedTuple):
    """What a journey brings: those whom it treats, beside those who were held out by chance."""

    treated: Arm
    control: Arm

    @property
    def difference(self) -> Interval | None:
        """By how much more of the treated bought; None where nobody is treated."""
        treated, control = self.treated, self.control
        return newcombe(treated.converted, treated.persons, control.converted, control.persons)


class Variant(NamedTuple):
    """Whom a random split sent one way, beside those who were held out and came to the same split."""

    split: str
    name: str
    sent: int
    """Messages, after the split."""
    treated: Arm
    control: Arm | None
    """Of all ways of the split, as nothing is sent on any; None where nobody was held out."""

    @property
    def difference(self) -> Interval | None:
        """By how much more of the treated bought; None without a control group."""
        treated, control = self.treated, self.control
        if control is None:
            return None
        return newcombe(treated.converted, treated.persons, control.converted, control.persons)


def each(amount: int, persons: int) -> float:
    """Minor units by person. Over somebody."""
    return round(amount / persons, 2)
