"""From a shop and a question to answers: finds the live counters, counts or scans, and decides the figures.

Used by the API and by whoever publishes snapshots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.metrics.counters import CounterSet, live_generation
from services.metrics.nps import scored, tallies_at
from services.metrics.retention.books import Books, booked_return_rates_at
from services.metrics.retention.domain.figures import Asked, Counts, ReturnRate, figures_of
from services.metrics.retention.events import retention
from services.metrics.retention.store import counts_at, return_rates_at, scanned_counts_at
from shared.contracts.metrics import Retention
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import DayOrdinal, Zone, kept_currency

DEFAULT_WINDOW = 365
DEFAULT_PERIOD = 30

_NOTHING_COUNTED = -1  # a generation that no shop has: before the first order, every sum is zero


@dataclass(frozen=True, slots=True)
class Basis:
    """What a shop's figures rest on: its live counters, and the zone and calendar of their days."""

    shop: Shop
    counters: CounterSet
    zone: Zone
    calendar: str
    windows: frozenset[int]
    least: frozenset[int]
    """For how many orders customers are counted by window: "this many or more"."""
    periods: frozenset[int] = frozenset()
    """Whose customers won and lost are counted on basis booked."""

    def is_counted(self, asked: Asked) -> bool:
        """Whether counters answer; otherwise orders are scanned."""
        if asked.basis == "booked" and asked.period not in self.periods:
            return False
        return self._is_counted_restated(asked)

    def _is_counted_restated(self, asked: Asked) -> bool:
        return asked.window in self.windows and asked.period <= asked.window and (asked.loyal_over + 1) in self.least

    async def counts_at(self, reads: Reads, asked: Asked, at: Sequence[int]) -> list[Counts]:
        """The whole numbers at each of `at` (rising, distinct ordinals), on the asked basis."""
        count = counts_at if self._is_counted_restated(asked) else scanned_counts_at
        restated = await count(reads, self.counters, asked, at)
        if asked.basis == "restated":
            return restated
        return await Books(self.counters, asked, self.is_counted(asked)).counts_at(reads, at, restated)


async def basis_of(reads: Reads, shop: Shop) -> Basis:
    """The shop's live counters; its own settings while nothing was counted for it."""
    live = await live_generation(reads, shop.number)
    if live is None:
        nothing = CounterSet(shop.number, _NOTHING_COUNTED)
        return Basis(shop, nothing, Zone(shop.zone), shop.calendar, frozenset(), frozenset())
    least = frozenset({1, 2, live.loyal_over + 1})
    zone, windows, periods = Zone(live.zone), frozenset(live.windows), frozenset(live.periods)
    return Basis(shop, live.counters, zone, live.calendar, windows, least, periods)


async def answers(reads: Reads, basis: Basis, asked: Asked, at: Sequence[int]) -> list[Retention]:
    """An answer for each of `at` (rising, distinct ordinals), all of one moment if `reads` is.

    Exact for every question. NPS is of no basis: what customers answer is neither cancelled nor refunded.
    Raises InconsistentCounts when the counters contradict themselves.
    """
    counted = await basis.counts_at(reads, asked, at)
    said = await tallies_at(reads, basis.counters.shop, basis.zone, at, asked.window)
    return [
        retention(
            day,
            asked,
            counts,
            figures_of(asked, day, counts),
            said=scored(tally),
            industry=basis.shop.benchmark,
        )
        for day, counts, tally in zip(at, counted, said, strict=True)
    ]


async def return_rates(reads: Reads, basis: Basis, at: int, *, booked: bool = False) -> list[ReturnRate]:
    """Return rates of everybody whose first order is old enough on a day, on either basis."""
    restated = await return_rates_at(reads, basis.counters, at)
    return await booked_return_rates_at(reads, basis.counters, at, restated) if booked else restated


async def figures(
    reads: Reads,
    shop: Shop,
    as_of: DayOrdinal,
    *,
    window: int = DEFAULT_WINDOW,
    period: int = DEFAULT_PERIOD,
    loyal_over: int | None = None,
    currency: str | None = None,
) -> Retention:
    """Retention of a shop at a day of its zone. What is not given is the shop's own or the usual.

    `reads` may be the connection of a write transaction: the snapshot that is published beside a change sees it.
    """
    asked = Asked(
        window=window,
        period=period,
        loyal_over=shop.loyal_over if loyal_over is None else loyal_over,
        currency=currency or kept_currency(shop.currency),
    )
    [answer] = await answers(reads, await basis_of(reads, shop), asked, [as_of])
    return answer
