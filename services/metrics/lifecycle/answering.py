"""What every answer about stages rests on: the shop's live generation, its rules, and the day by its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.metrics.counters import CounterSet, live_generation
from services.metrics.lifecycle.domain.stages import Stage
from services.metrics.lifecycle.domain.thresholds import Rules
from services.metrics.lifecycle.events import rules_of
from services.metrics.lifecycle.store.counting import day_of_shop
from services.metrics.questions import day_until
from shared.contracts.shops import Lifecycle, Shop
from shared.db import Reads
from shared.kernel import Clock, DayOrdinal, Zone

_NOTHING_COUNTED = -1  # a generation that no shop has


@dataclass(frozen=True, slots=True)
class Ground:
    """See the module."""

    shop: Shop
    counters: CounterSet
    windows: frozenset[int]
    """Windows in days that are kept as counters."""
    zone: Zone
    calendar: str
    lifecycle: Lifecycle
    today: DayOrdinal

    @property
    def rules(self) -> Rules:
        """By which stages were worked out."""
        return rules_of(self.lifecycle)

    def day(self, field: str, given: date | None, *, where: str = "query") -> DayOrdinal:
        """The asked day, or the shop's present one. 422 when it lies after that."""
        return day_until(field, given, self.today, where=where)


async def ground_of(reads: Reads, shop: Shop, clock: Clock) -> Ground:
    """The shop's ground; its own settings while nothing was counted for it."""
    live = await live_generation(reads, shop.number)
    zone = Zone(shop.zone if live is None else live.zone)
    today = await day_of_shop(reads, shop.number, zone, clock.now(), stream=shop.clock == "stream")
    if live is None:
        nothing = CounterSet(shop.number, _NOTHING_COUNTED)
        return Ground(shop, nothing, frozenset(), zone, shop.calendar, shop.lifecycle, today)
    return Ground(shop, live.counters, frozenset(live.windows), zone, live.calendar, live.lifecycle, today)


def stage_name(stage: int) -> str:
    """As the contract has it."""
    return Stage(stage).name.lower()
