"""Which customers stand behind each number. Pure; days are ordinals.

Whoever is counted is whoever is listed: each list restates the definition of its number over one customer's order days.
"""

from __future__ import annotations

from typing import Literal, get_args

from services.metrics.orders import Choice
from services.metrics.retention.domain.figures import Asked
from shared.kernel import DayOrdinal, start_of_month

Of = Literal[
    "held",
    "start",
    "end",
    "joined",
    "new",
    "won_back",
    "lost",
    "repeat",
    "loyal",
    "lifetime",
    "lifetime_repeat",
    "cohort",
    "first_purchase",
    "returned",
]
LISTS: tuple[str, ...] = get_args(Of)
OF_RETENTION: frozenset[str] = frozenset(LISTS) - {"cohort", "first_purchase", "returned"}
"""Those that window and period decide."""


def choice_of(of: str, asked: Asked, day: int) -> Choice:
    """The customers behind a number of `Customers` or `Trade` as of a day. KeyError for another name."""
    window, eve = (day - asked.window, day), day - asked.period
    window_before = (eve - asked.window, eve)
    ever, before = (0, day), (0, eve)
    held = Choice(first=ever, ordered=window, least=1)
    return {
        "held": held,
        "end": held,
        "start": Choice(first=before, ordered=window_before, least=1),
        "joined": Choice(first=ever, ordered=window, least=1, not_ordered=window_before),
        "new": Choice(first=(eve, day), ordered=window, least=1),
        "won_back": Choice(first=before, ordered=window, least=1, not_ordered=window_before),
        "lost": Choice(first=before, ordered=window_before, least=1, not_ordered=window),
        "repeat": Choice(first=ever, ordered=window, least=2),
        "loyal": Choice(first=ever, ordered=window, least=asked.loyal_over + 1),
        "lifetime": Choice(first=ever),
        "lifetime_repeat": Choice(first=ever, ordered=ever, least=2),
    }[of]


def choice_of_cohort(month: int, since: int, calendar: str, day: int) -> Choice:
    """Customers of a cohort (an index of a month) who ordered in the month that lies `since` months after it."""
    first, after = start_of_month(month, calendar) - 1, start_of_month(month + 1, calendar) - 1
    active, over = start_of_month(month + since, calendar) - 1, start_of_month(month + since + 1, calendar) - 1
    return Choice(first=(first, min(after, day)), ordered=(active, min(over, day)), least=1)


def choice_of_return(days: int, day: DayOrdinal | int, *, returned: bool) -> Choice:
    """Customers whose first order is `days` old or older; those of them who returned within that time."""
    return Choice(first=(0, day - days), again_within=days if returned else 0)
