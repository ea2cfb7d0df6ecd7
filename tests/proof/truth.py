"""What must stand for one shop, worked out from its events as they arrived, by `mandegar.recount` alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mandegar.demo.stages import rules_of
from mandegar.recount import Books, Purchase, ShopRules, account_of_events
from mandegar.recount.freezing import frozen_as_it_came
from mandegar.recount.stages import Change, changes_of, stage_at
from shared.contracts.shops import Shop

LATER = datetime(2035, 1, 1, tzinfo=UTC)
"""No event of a stream lies in the future of it."""
Arrived = Sequence[tuple[int, bytes]]
"""(partition, event) of `orders.v1` in order of arrival, clocks among them."""


@dataclass(frozen=True)
class Truth:
    """One shop."""

    shop: Shop
    purchases: list[Purchase]
    books: Mapping[str, Books]
    """By basis."""
    changes: Mapping[str, list[Change]]
    """Changes of stage that stand at last, by customer; of everybody who has one."""
    end: int
    """The last day that has begun."""
    visited: Mapping[str, Collection[int]]
    """Days of visits by customer."""

    def in_stage(self, stage: str, day: int) -> set[str]:
        """The customers in a stage at the end of a day."""
        return {customer for customer, changes in self.changes.items() if stage_at(changes, day) == stage}


def truth_of(
    shop: Shop,
    arrived: Arrived,
    visits: Iterable[tuple[str, int]],
    end: int,
    *,
    partition_of: Callable[[str], int] | None = None,
) -> Truth:
    """All of a shop's truth. `visits`: (customer, day); without `partition_of` the shop has one figure (wall time)."""
    own = ShopRules(shop.zone, shop.currency, calendar=shop.calendar, closing_days=shop.closing_days)
    account = account_of_events((value for _, value in arrived), {shop.slug: own}, LATER)
    rules, place = rules_of(shop.lifecycle), partition_of or _one
    frozen = {}
    if rules.personal:
        frozen = frozen_as_it_came(arrived, shop.slug, own, rules.quantile, partition_of=place, now=LATER)
    orders: dict[str, list[int]] = defaultdict(list)
    for purchase in account.purchases:
        if purchase.customer is not None:
            orders[purchase.customer].append(purchase.day.toordinal())
    visited: dict[str, set[int]] = defaultdict(set)
    for customer, day in visits:
        visited[customer].add(day)
    changes = {
        customer: changes_of(days, visited[customer], rules, frozen.get(place(customer), {}), end)
        for customer, days in orders.items()
    }
    books = {"restated": Books.restated(account.purchases, {shop.slug: shop.calendar}), "booked": account.books}
    return Truth(shop, account.purchases, books, {who: own for who, own in changes.items() if own}, end, visited)


def _one(_: str) -> int:
    return 0
