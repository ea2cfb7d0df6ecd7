"""Shops as their customers' stages see them: settings of the live generation, the clock, the daily figure."""

from __future__ import annotations

from collections.abc import Sequence

from services.metrics import counters
from services.metrics.counters import Generation
from services.metrics.lifecycle.domain.walking import LIVE
from services.metrics.lifecycle.events import rules_of
from services.metrics.lifecycle.speaking import Life
from shared import clocks
from shared.contracts.shops import Shop
from shared.kernel import DayOrdinal, Zone
from shared.messaging.handling import Timer, Work

GAPS_TIMER = "gap_figure"


def watch_gaps(work: Work, life: Life, partition: int) -> None:
    """Have the figure of a shop on wall time frozen when its next day begins. `partition`: one of its events."""
    start = life.zone.start_of(DayOrdinal(life.zone.day_of(work.tx.now) + 1))
    # The slug is the identity: a handler is given shops by slug.
    work.tx.set_timer(Timer(life.number, GAPS_TIMER, life.shop.slug, start, partition))


async def lives_of(work: Work, shops: Sequence[Shop]) -> dict[int, Life]:
    """Shops, by number, with the settings that their live generations were built with, which stay live meanwhile."""
    await counters.hold(work.tx.conn, [shop.number for shop in shops])
    generations = await counters.ensure_generations(work.tx.conn, shops)
    return {shop.number: life_of(shop, generations[shop.number]) for shop in shops}


def life_of(shop: Shop, generation: Generation) -> Life:
    """A shop with the settings that its live generation was built with."""
    return Life(shop, generation.counters.generation, Zone(generation.zone), rules_of(generation.lifecycle))


async def moments_of(work: Work, life: Life, partitions: Sequence[int]) -> dict[int, tuple[int, str]]:
    """(day, origin) that the shop's clock has reached, by partition."""
    if not life.streams:
        return dict.fromkeys(partitions, (int(life.zone.day_of(work.tx.now)), LIVE))
    known = await clocks.read(work.tx.conn, {(int(life.number), partition) for partition in partitions})
    found = dict.fromkeys(partitions, (0, LIVE))
    found |= {partition: (int(life.zone.day_of(until)), origin) for (_, partition), (until, origin) in known.items()}
    return found
