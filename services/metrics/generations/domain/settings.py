"""The settings that counters depend on: as a shop has chosen them, and as a generation was built with them. Pure."""

from __future__ import annotations

from typing import NamedTuple

from services.metrics.counters import Generation
from shared.contracts.shops import Lifecycle, Shop


class Choices(NamedTuple):
    """Two that are equal give the same counters and stages."""

    zone: str
    calendar: str
    windows: tuple[int, ...]
    loyal_over: int
    lifecycle: Lifecycle
    periods: tuple[int, ...]
    closing_days: int

    def keeps_days(self, other: Choices) -> bool:
        """Whether every order has the same days with the other's."""
        return (self.zone, self.calendar, self.closing_days) == (other.zone, other.calendar, other.closing_days)

    def keeps_stages(self, other: Choices) -> bool:
        """Whether every customer has the same stages with the other's."""
        return (self.zone, self.lifecycle) == (other.zone, other.lifecycle)

    def changed(self, other: Choices) -> list[str]:
        """Names of the settings that differ."""
        return [name for name, mine, its in zip(self._fields, self, other, strict=True) if mine != its]


def chosen_by(shop: Shop) -> Choices:
    """What the shop's newest settings ask for."""
    return Choices(
        shop.zone,
        shop.calendar,
        tuple(sorted(set(shop.windows))),
        shop.loyal_over,
        shop.lifecycle,
        tuple(sorted(set(shop.periods))),
        shop.closing_days,
    )


def built_with(generation: Generation) -> Choices:
    """What a generation was built with."""
    return Choices(
        generation.zone,
        generation.calendar,
        tuple(sorted(set(generation.windows))),
        generation.loyal_over,
        generation.lifecycle,
        tuple(sorted(set(generation.periods))),
        generation.closing_days,
    )
