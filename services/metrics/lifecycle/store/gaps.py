"""Gaps of a shop's customers by length, and their frozen figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from services.metrics.lifecycle.domain.figures import Series
from services.metrics.lifecycle.domain.thresholds import Figure

WHOLE_SHOP = -1
"""In place of a partition: the shop has one figure."""
_ADD = """
INSERT INTO gap_count AS g (shop, generation, partition, first, gap, value)
SELECT * FROM unnest($1::smallint[], $2::smallint[], $3::int[], $4::boolean[], $5::int[], $6::bigint[])
ON CONFLICT (shop, generation, partition, first, gap) DO UPDATE SET value = g.value + excluded.value
"""
_COUNTED = """
SELECT partition, first, gap, value FROM gap_count
WHERE shop = $1 AND generation = $2 AND ($3::int[] IS NULL OR partition = ANY($3::int[]))
"""
_FIGURES = """
SELECT f.partition, f.day, f.gaps, f.gap_days, f.first_gaps, f.first_gap_days
FROM unnest($3::int[]) AS p(partition)
CROSS JOIN LATERAL (
    SELECT coalesce(max(e.day), 0) AS day FROM gap_figure e
    WHERE e.shop = $1 AND e.generation = $2 AND e.partition = p.partition AND e.day <= $4
) AS since
JOIN gap_figure f
  ON f.shop = $1 AND f.generation = $2 AND f.partition = p.partition AND f.day >= since.day
ORDER BY f.partition, f.day
"""
_KEEP = """
INSERT INTO gap_figure (shop, generation, partition, day, gaps, gap_days, first_gaps, first_gap_days)
SELECT * FROM unnest($1::smallint[], $2::smallint[], $3::int[], $4::int[], $5::bigint[], $6::int[], $7::bigint[],
                     $8::int[])
ON CONFLICT (shop, generation, partition, day) DO NOTHING
"""


class GapKey(NamedTuple):
    """Which count."""

    shop: int
    generation: int
    partition: int
    first: bool
    gap: int


class Kept(NamedTuple):
    """A figure that was frozen."""

    shop: int
    generation: int
    partition: int
    figure: Figure


async def add(conn: asyncpg.Connection[Any], changes: Mapping[GapKey, int]) -> None:
    """Add to counts, in the order of the key."""
    rows = [(*key, value) for key, value in sorted(changes.items()) if value]
    if rows:
        await conn.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))


async def counted(
    conn: asyncpg.Connection[Any], shop: int, generation: int, partitions: Sequence[int] | None
) -> dict[int, dict[bool, Counter[int]]]:
    """Gaps by partition, first ones apart, by length. None: of all partitions, added up under WHOLE_SHOP."""
    found: dict[int, dict[bool, Counter[int]]] = {}
    asked = None if partitions is None else list(partitions)
    for partition, first, gap, value in await conn.fetch(_COUNTED, shop, generation, asked):
        of = found.setdefault(WHOLE_SHOP if partitions is None else partition, {False: Counter(), True: Counter()})
        of[first][gap] += value
    return found


async def figures(
    conn: asyncpg.Connection[Any], shop: int, generation: int, partitions: Sequence[int], since: int
) -> dict[int, Series]:
    """Figures in force on `since` or later, by partition."""
    found: dict[int, list[Figure]] = {partition: [] for partition in partitions}
    for partition, *columns in await conn.fetch(_FIGURES, shop, generation, list(partitions), since):
        found[partition].append(Figure(*columns))
    return {partition: Series(known, [-1] * len(known)) for partition, known in found.items()}


async def keep(conn: asyncpg.Connection[Any], frozen: Sequence[Kept]) -> None:
    """Write figures; one that is there stays."""
    if frozen:
        rows = [(one.shop, one.generation, one.partition, *one.figure) for one in frozen]
        await conn.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)))
