"""Reading the counter table: prefix sums of many lines at many days, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from shared.contracts.shops import Lifecycle
from shared.db import Reads

Sums = npt.NDArray[np.int64]

_NO_DAY = -(2**31)  # before every day that an int4 column can hold
_LAST_CURRENCY = "~"  # sorts after every currency code, which are upper-case letters
_LARGEST_GAP = 2**31 - 1

# One range of the primary key for each line, so its cost follows the days and shards it covers, never the customers.
# A value belongs to the first asked day that is not before its own day: width_bucket counts the asked days before it.
_SUMS_UNTIL = """
SELECT s.buckets, s.totals
FROM unnest($3::int[], $4::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[], $11::int[])
     WITH ORDINALITY AS l(basis, measure, param, first_currency, last_currency, gap_from, gap_to, after, delay, line)
CROSS JOIN LATERAL (
    SELECT array_agg(bucket) AS buckets, array_agg(total) AS totals
    FROM (
        SELECT width_bucket(
                   CASE WHEN l.delay IS NULL THEN c.day ELSE c.day - c.gap + l.delay END, $12::int[]
               ) AS bucket,
               sum(c.value)::bigint AS total
        FROM counter c
        WHERE c.shop = $1 AND c.generation = $2
          AND c.basis = l.basis AND c.measure = l.measure AND c.param = l.param
          AND c.currency >= l.first_currency AND c.currency <= l.last_currency
          AND c.day > l.after AND c.day <= $13
          AND c.gap >= l.gap_from AND c.gap <= l.gap_to
        GROUP BY 1
    ) b
) s
ORDER BY l.line
"""


_USUAL = Lifecycle()


@dataclass(frozen=True, slots=True)
class CounterSet:
    """Which counters of a shop: one generation, on one basis."""

    shop: int
    generation: int
    basis: int = 0


@dataclass(frozen=True, slots=True)
class Generation:
    """A shop's live counters and the settings that they were built with, which may be older than the shop's own."""

    counters: CounterSet
    zone: str
    calendar: str
    windows: tuple[int, ...]
    loyal_over: int
    lifecycle: Lifecycle = _USUAL
    """When its customers count as new, lapsing and lost."""
    periods: tuple[int, ...] = ()
    """Whose customers won and lost are counted on basis booked."""
    closing_days: int = 3
    """A month closes for basis booked so many days after its end."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series of day-indexed changes: which rows of the table are added up."""

    measure: int
    param: int = 0
    currency: str | None = ""
    """None adds up every currency; use it for numbers of orders only, never for money."""
    gaps: tuple[int, int] = (0, _LARGEST_GAP)
    """First and last gap."""
    after: int = _NO_DAY
    """Changes of this day and before are left out."""
    delay: int | None = None
    """If given, a change counts from `day - gap + delay` on, and not from its own day."""
    basis: int | None = None
    """If given, another one than that of the counters."""


_LIVE = """
SELECT number, zone, calendar, windows, loyal_over, lifecycle::text, periods, closing_days FROM generation
WHERE shop = $1 AND live ORDER BY number DESC LIMIT 1
"""


async def live_generation(reads: Reads, shop: int) -> Generation | None:
    """The counters to read, on basis `restated`; None while nothing was counted for the shop."""
    row = await reads.fetchrow(_LIVE, shop)
    if row is None:
        return None
    return generation_of((shop, *row))


def generation_of(row: Iterable[Any]) -> Generation:
    """From a row of the table: shop, number, and what a generation has, in its order."""
    shop, number, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days = row
    counters, stages = CounterSet(shop, number), lifecycle_of(lifecycle)
    return Generation(counters, zone, calendar, tuple(windows), loyal_over, stages, tuple(periods), closing_days)


@lru_cache(maxsize=256)
def lifecycle_of(settings: str) -> Lifecycle:
    """Settings of stages, from their JSON."""
    return msgspec.json.decode(settings, type=Lifecycle)


async def sums_until(reads: Reads, counters: CounterSet, lines: Sequence[Line], days: Sequence[int]) -> list[Sums]:
    """For each line, in order: the sum of its changes up to and including each of `days` (rising, distinct ordinals).

    All shards are added. One statement, so all sums are of one moment.
    """
    thresholds = np.asarray(days, dtype=np.int64)
    rows = await reads.fetch(
        _SUMS_UNTIL,
        counters.shop,
        counters.generation,
        [counters.basis if line.basis is None else line.basis for line in lines],
        [line.measure for line in lines],
        [line.param for line in lines],
        [line.currency or "" for line in lines],
        [_LAST_CURRENCY if line.currency is None else line.currency for line in lines],
        [line.gaps[0] for line in lines],
        [line.gaps[1] for line in lines],
        [line.after for line in lines],
        [line.delay for line in lines],
        [int(day) + 1 for day in thresholds],
        int(thresholds[-1]),
    )
    sums = np.zeros((len(lines), len(thresholds) + 1), dtype=np.int64)
    for line, (buckets, totals) in enumerate(rows):
        if buckets is not None:
            sums[line, buckets] = totals
    return list(sums[:, :-1].cumsum(axis=1))


_FIRST_DAY = """
SELECT day FROM counter
WHERE shop = $1 AND generation = $2 AND basis = $3 AND measure = $4 AND param = 0 AND currency = ''
GROUP BY day HAVING sum(value) > 0 ORDER BY day LIMIT 1
"""


async def first_day_of(reads: Reads, counters: CounterSet, measure: int) -> int | None:
    """The earliest day on which a measure without param and currency stands above zero; None when it never does."""
    row = await reads.fetchrow(_FIRST_DAY, counters.shop, counters.generation, counters.basis, measure)
    return None if row is None else int(row["day"])


_CELLS = """
SELECT param, day, sum(value)::bigint
FROM counter
WHERE shop = $1 AND generation = $2 AND basis = ANY($3::int[]) AND measure = $4 AND param >= $5 AND param <= $6
  AND currency = $7
GROUP BY param, day
"""


async def totals_by_param(
    reads: Reads,
    counters: CounterSet,
    measure: int,
    params: tuple[int, int],
    currency: str = "",
    *,
    booked: bool = False,
) -> dict[tuple[int, int], int]:
    """Totals of a measure by (param, day), for params from the first to the last given one.

    Booked: of both bases, since that of `booked` holds differences.
    """
    bases = [counters.basis, 1] if booked else [counters.basis]
    rows = await reads.fetch(_CELLS, counters.shop, counters.generation, bases, measure, params[0], params[1], currency)
    return {(param, day): total for param, day, total in rows}
