"""The same walk as `stages`, for all customers at once: each day the clock's rules are asked of everybody by arrays.

Written apart from the plain walk, and held against it: a shop of twenty thousand customers is walked in seconds. For
shops where orders alone decide who lapses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mandegar.recount.stages import Change, Frozen, Patience, ShopGaps, StageRules, patience

_PROSPECT, _NEW, _ACTIVE, _LAPSING, _LOST, _REACTIVATED = range(6)
_NAMES = ("prospect", "new", "active", "lapsing", "lost", "reactivated")

InForce = Mapping[str, Mapping[int, tuple[ShopGaps, int | None]]]
"""Customer to order day to the figure by which it was judged, and the day on which that was frozen."""


def changes_of_crowd(
    orders: Mapping[str, Sequence[int]], rules: StageRules, frozen: Frozen, end: int, *, in_force: InForce | None = None
) -> dict[str, list[Change]]:
    """Each customer's changes up to the end of day `end`; all of them by the same frozen figures.

    `in_force`: the figure of each order day of each customer instead, where they did not all see the same ones.
    """
    names = sorted(orders)
    found: list[list[Change]] = [[] for _ in names]
    bought: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for who, name in enumerate(names):
        for day in orders[name]:
            bought[day][who] += 1
    crowd = _Crowd(len(names), rules, found)
    shop, frozen_on = ShopGaps(), None
    for today in range(min([*bought, *frozen], default=end + 1), end + 1):
        if today in frozen:
            shop, frozen_on = frozen[today], today
        crowd.begin(today)
        for who, times in bought.get(today, {}).items():
            seen = (shop, frozen_on) if in_force is None else in_force[names[who]][today]
            crowd.order(who, today, times, *seen)
    return dict(zip(names, found, strict=True))


class _Crowd:
    def __init__(self, size: int, rules: StageRules, found: list[list[Change]]) -> None:
        self._rules, self._found = rules, found
        self._stage = np.zeros(size, np.int8)
        self._entered = np.zeros(size, np.int64)
        self._last = np.zeros(size, np.int64)
        self._wait = np.zeros(size, np.int64)
        self._patience: list[Patience | None] = [None] * size
        self._days: list[list[int]] = [[] for _ in range(size)]

    def begin(self, today: int) -> None:
        """Who is lost today; of the others who lapses; of the others who is onboarded."""
        stage = self._stage
        held = (stage != _PROSPECT) & (stage != _LOST)
        lost = held & (today - self._last >= self._rules.lost_days)
        lapsing = held & ~lost & (stage != _LAPSING) & (today - self._last >= self._wait)
        fresh = (stage == _NEW) | (stage == _REACTIVATED)
        onboarded = fresh & ~lost & ~lapsing & (today - self._entered >= self._rules.onboarding_days)
        for who in np.flatnonzero(lost).tolist():
            self._found[who].append(Change(today, _NAMES[stage[who]], "lost", "window"))
        for who in np.flatnonzero(lapsing).tolist():
            self._found[who].append(Change(today, _NAMES[stage[who]], "lapsing", "threshold", self._patience[who]))
        for who in np.flatnonzero(onboarded).tolist():
            self._found[who].append(Change(today, _NAMES[stage[who]], "active", "onboarded"))
        self._entered[lost | lapsing | onboarded] = today
        stage[lost], stage[lapsing], stage[onboarded] = _LOST, _LAPSING, _ACTIVE

    def order(self, who: int, today: int, times: int, shop: ShopGaps, frozen_on: int | None) -> None:
        """One customer's orders of the day."""
        for _ in range(times):
            before = int(self._stage[who])
            after = {_PROSPECT: _NEW, _LOST: _REACTIVATED}.get(before, _ACTIVE)
            if before != after:
                self._found[who].append(Change(today, _NAMES[before], _NAMES[after], "order"))
                self._stage[who], self._entered[who] = after, today
        self._days[who].append(today)
        self._last[who] = today
        self._patience[who] = found = patience(self._rules, self._days[who], shop, frozen_on)
        self._wait[who] = found.days
