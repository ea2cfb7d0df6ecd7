"""A whole shop's stages by brute force, where every event came in order: the shop's own figure of each day included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mandegar.recount.crowds import changes_of_crowd
from mandegar.recount.measures import Recount
from mandegar.recount.stages import Change, ShopGaps, StageRules, changes_of

OrderDays = Mapping[str, Sequence[int]]
"""Customer to the days of their counted orders, ascending; several orders on a day stand there several times."""


def order_days(recount: Recount, shop: str) -> dict[str, list[int]]:
    """The order days of all customers of a shop, from its purchases."""
    days: dict[str, list[int]] = defaultdict(list)
    query = "SELECT customer, day FROM purchase WHERE shop = $shop AND customer IS NOT NULL ORDER BY customer, day"
    for customer, day in recount.connection.execute(query, {"shop": shop}).fetchall():
        days[customer].append(day.toordinal())
    return dict(days)


def frozen_figures(orders: OrderDays, quantile: int, first: int, last: int) -> dict[int, ShopGaps]:
    """What stands frozen from the start of each day `first` to `last`: all gaps that had ended before that day."""
    ended, gaps, firsts = [], [], []
    for days in orders.values():
        distinct = sorted(set(days))
        for at, (before, after) in enumerate(pairwise(distinct)):
            ended.append(after)
            gaps.append(after - before)
            firsts.append(at == 0)
    end, gap, is_first = np.array(ended, np.int64), np.array(gaps, np.int64), np.array(firsts, bool)
    frozen = {}
    for day in range(first, last + 1):
        known, known_first = gap[end < day], gap[(end < day) & is_first]
        frozen[day] = ShopGaps(len(known), _rank(known, quantile), len(known_first), _rank(known_first, quantile))
    return frozen


def _rank(values: npt.NDArray[np.int64], percent: int) -> int | None:
    """`nearest_rank` of values in any order."""
    rank = -(-percent * len(values) // 100)
    return int(np.partition(values, rank - 1)[rank - 1]) if rank else None


def changes_of_shop(
    orders: OrderDays,
    rules: StageRules,
    end: int,
    *,
    visits: Mapping[str, Sequence[int]] | None = None,
    partition_of: Callable[[str], int] | None = None,
) -> dict[str, list[Change]]:
    """All changes of all customers up to the end of day `end`, each judged by the figure of their own partition.

    Without `partition_of` the shop is one. `orders` and `visits` must be all that the shop ever had.
    """
    visits = visits or {}
    parts: dict[int, dict[str, Sequence[int]]] = defaultdict(dict)
    for customer in {*orders, *visits}:
        parts[partition_of(customer) if partition_of else 0][customer] = orders.get(customer, ())
    first = min((day for days in (*orders.values(), *visits.values()) for day in days), default=end)
    changes: dict[str, list[Change]] = {}
    for part in parts.values():
        frozen = frozen_figures(part, rules.quantile, first, end) if rules.personal else {}
        if not visits:
            changes |= changes_of_crowd(part, rules, frozen, end)
            continue
        for customer, days in part.items():
            changes[customer] = changes_of(days, visits.get(customer, ()), rules, frozen, end)
    return changes
