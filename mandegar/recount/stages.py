"""Stages of customers by brute force: day after day is walked, and on each the rules are asked as they are written.

Days are numbers (`date.toordinal()`). A day begins with what the clock does, then come its orders, then its visits.
Standard library only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal, NamedTuple

Activity = Literal["orders", "visits", "either"]
HELD = ("new", "active", "lapsing", "reactivated")
OWN_GAPS = 20
"""So many of the newest own gaps are looked at."""
SHOP_GAPS_LEAST = 20
"""A shop's quantile over fewer gaps is not believed."""


@dataclass(frozen=True)
class StageRules:
    """What a shop has chosen."""

    lost_days: int = 365
    onboarding_days: int = 30
    personal: bool = True
    lapsing_days: int = 90
    floor: int = 7
    quantile: int = 80
    activity: Activity = "orders"


class ShopGaps(NamedTuple):
    """What the shop's customers showed, frozen at the start of a day: how many gaps, and their quantile in days."""

    gaps: int = 0
    gap_days: int | None = None
    first_gaps: int = 0
    """From a customer's first order day to the second."""
    first_gap_days: int | None = None


class Patience(NamedTuple):
    """After how many days without activity a customer lapses, and where the number comes from."""

    days: int
    personal: bool
    own_gaps: int = 0
    own_gap_days: int | None = None
    shop_gaps: int = 0
    shop_gap_days: int | None = None
    frozen_on: int | None = None


class Change(NamedTuple):
    """A customer went from one stage to the next."""

    day: int
    previous: str
    stage: str
    reason: Literal["order", "visit", "onboarded", "threshold", "window"]
    patience: Patience | None = None
    """What was passed, for `lapsing` only."""

    @property
    def days(self) -> int | None:
        """The threshold that was passed."""
        return None if self.patience is None else self.patience.days


Frozen = Mapping[int, ShopGaps]
"""The shop's figures by the day from whose start they are in force, each until the next."""


def changes_of(
    orders: Iterable[int], visits: Iterable[int], rules: StageRules, frozen: Frozen, end: int
) -> list[Change]:
    """All changes of one customer up to the end of day `end`, from the days of counted orders (repeats count)."""
    bought, visited = Counter(orders), frozenset(visits)
    walk = _Walk(rules, frozen)
    for today in range(min([*bought, *visited], default=end + 1), end + 1):
        walk.begin(today)
        for _ in range(bought[today]):
            walk.order(today)
        if today in visited:
            walk.visit(today)
        walk.close(today)
    return walk.changes


class _Walk:
    def __init__(self, rules: StageRules, frozen: Frozen) -> None:
        self.changes: list[Change] = []
        self._rules = rules
        self._frozen, self._frozen_days = frozen, sorted(frozen)
        self._stage = "prospect"
        self._entered = 0
        """The day on which the stage began."""
        self._came = 0
        """The day of the order or visit that last changed the stage."""
        self._order_days: list[int] = []
        self._visit_days: list[int] = []
        self._active_day: int | None = None
        self._patience = Patience(rules.lapsing_days, personal=False)

    def begin(self, today: int) -> None:
        """What the clock does at the start of the day: lost goes before lapsing, lapsing before onboarded."""
        stage, rules = self._stage, self._rules
        if stage not in HELD:
            return
        assert self._active_day is not None, "who is held has ordered"
        if today >= self._order_days[-1] + rules.lost_days:
            self._go("lost", today, "window")
        elif stage != "lapsing" and today >= self._active_day + self._patience.days:
            self._go("lapsing", today, "threshold", self._patience)
        elif stage in ("new", "reactivated") and today >= self._entered + rules.onboarding_days:
            self._go("active", today, "onboarded")

    def order(self, today: int) -> None:
        """One counted order."""
        goes = {"prospect": "new", "lost": "reactivated", "new": "active", "reactivated": "active", "lapsing": "active"}
        if self._stage in goes:
            self._go(goes[self._stage], today, "order")
            self._came = today
        if today not in self._order_days[-1:]:
            self._order_days.append(today)

    def visit(self, today: int) -> None:
        """The visits of a day."""
        self._visit_days.append(today)
        if self._stage == "lapsing" and self._rules.activity != "orders":
            self._go("active", today, "visit")
            self._came = today

    def close(self, today: int) -> None:
        """The end of the day: was the customer active on it, then the threshold is another one from now on."""
        activity = self._rules.activity
        if activity == "orders":
            days = self._order_days
        elif activity == "visits":
            days = self._visit_days
        else:
            days = sorted({*self._order_days, *self._visit_days})
        last = days[-1] if days else None
        if activity == "visits" and self._order_days:  # nobody lapses before they came
            last = max(last or 0, self._came)
        if last == today:
            self._active_day = today
            self._patience = self._patience_at(today, days)

    def _patience_at(self, today: int, days: Sequence[int]) -> Patience:
        at = bisect_right(self._frozen_days, today) - 1
        if at < 0:
            return patience(self._rules, days, ShopGaps(), None)
        return patience(self._rules, days, self._frozen[self._frozen_days[at]], self._frozen_days[at])

    def _go(
        self,
        stage: str,
        today: int,
        reason: Literal["order", "visit", "onboarded", "threshold", "window"],
        passed: Patience | None = None,
    ) -> None:
        self.changes.append(Change(today, self._stage, stage, reason, passed))
        self._stage, self._entered = stage, today


def patience(rules: StageRules, active_days: Sequence[int], shop: ShopGaps, frozen_on: int | None) -> Patience:
    """The threshold of a customer with these distinct days of activity, while the shop stands at `shop`."""
    own = sorted([after - before for before, after in pairwise(active_days)][-OWN_GAPS:])
    n = len(own)
    shop_count, shop_days = (shop.gaps, shop.gap_days) if n else (shop.first_gaps, shop.first_gap_days)
    if not rules.personal or shop_days is None or shop_count < SHOP_GAPS_LEAST:
        return Patience(rules.lapsing_days, personal=False)
    own_days = nearest_rank(own, rules.quantile)
    # w * own + (1 - w) * shop with w = n / (n + 3), rounded up: in whole numbers, so that nothing is lost.
    mixed = -(-(n * (own_days or 0) + 3 * shop_days) // (n + 3))
    return Patience(max(rules.floor, mixed), True, n, own_days, shop_count, shop_days, frozen_on)


def nearest_rank(ascending: Sequence[int], percent: int) -> int | None:
    """The least value that at least `percent` percent of all values do not exceed; None of nothing."""
    rank = -(-percent * len(ascending) // 100)
    return int(ascending[rank - 1]) if rank else None


def stage_at(changes: Sequence[Change], day: int) -> str:
    """The stage at the end of a day."""
    return next((change.stage for change in reversed(changes) if change.day <= day), "prospect")


def month_counts(changes: Iterable[Sequence[Change]], until: date | None = None) -> dict[str, Counter[str]]:
    """By month (YYYY-MM, in order), how many changes led to each stage; those after `until` are left out."""
    last = date.max.toordinal() if until is None else until.toordinal()
    days = Counter((change.day, change.stage) for of_one in changes for change in of_one if change.day <= last)
    months: dict[str, Counter[str]] = {}
    for (day, stage), count in sorted(days.items()):
        months.setdefault(f"{date.fromordinal(day):%Y-%m}", Counter())[stage] += count
    return months
