"""Stages read from counters: a few ranges of one table in one statement, whatever the number of customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.metrics.counters import CounterSet, Line, Measure, sums_until
from services.metrics.lifecycle.domain.census import COUNTED, FLOWS, Census, census_of, flow_param
from shared.db import Reads
from shared.kernel import DayOrdinal, Zone

_UNTIL = "SELECT min(until) AS until FROM shop_clock WHERE shop = $1"


async def census_at(reads: Reads, counters: CounterSet, at: Sequence[int], since: Sequence[int]) -> list[Census]:
    """Customers by stage at the end of each of `at` (rising, distinct ordinals), and their changes in `(since, at]`."""
    days = sorted({*at, *since})
    lines = [Line(Measure.STAGE, stage) for stage in COUNTED]
    lines += [Line(Measure.STAGE_FLOW, flow_param(*flow), after=min(since)) for flow in FLOWS]
    sums = await sums_until(reads, counters, lines, days)
    return census_of(sums[: len(COUNTED)], sums[len(COUNTED) :], at, since, days)


async def day_of_shop(reads: Reads, shop: int, zone: Zone, now: datetime, *, stream: bool) -> DayOrdinal:
    """Which day it is by the shop's clock: now, or how far all of its stream has come."""
    row = await reads.fetchrow(_UNTIL, shop) if stream else None
    until = row["until"] if row is not None else None
    return zone.day_of(now if until is None else min(until, now))
