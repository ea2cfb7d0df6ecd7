"""Writing counters: one sorted upsert for all changes of a batch; and which generation of them is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import msgspec
import numpy as np

from services.metrics.counters.domain import Deltas, currency_letters
from services.metrics.counters.store.reading import Generation, generation_of
from shared.contracts.shops import Shop
from shared.db.binary import BIGINT, INT, SMALLINT, Field, Layout
from shared.db.copying import copy_in

RESTATED, BOOKED = 0, 1

_BLANKS = int.from_bytes(b"   ", "big")

_LAYOUT = Layout(
    [
        Field("shop", SMALLINT),
        Field("generation", SMALLINT),
        Field("measure", SMALLINT),
        Field("param", INT),
        Field("currency", "S3"),
        Field("day", INT),
        Field("gap", INT),
        Field("value", BIGINT),
        Field("n", INT),
    ]
)
# Fixed width for binary COPY: no currency is three blanks there, which the cast to text takes away.
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_counter (
    shop smallint, generation smallint, measure smallint, param int, currency char(3), day int, gap int, value bigint,
    n int
) ON COMMIT DELETE ROWS;
DELETE FROM staged_counter
"""
_ADD = """
INSERT INTO counter AS c (shop, generation, basis, measure, param, currency, day, gap, shard, value)
SELECT shop, generation, $1::smallint, measure, param, currency::text, day, gap, $2::smallint, value
FROM staged_counter
ORDER BY n
ON CONFLICT (shop, generation, basis, measure, param, currency, day, gap, shard)
DO UPDATE SET value = c.value + excluded.value
"""
_LIVE = """
SELECT shop, number, zone, calendar, windows, loyal_over, lifecycle::text, periods, closing_days FROM generation
WHERE shop = ANY($1::int[]) AND live
"""
_FIRST = """
INSERT INTO generation (shop, number, live, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days)
VALUES ($1, 1, true, $2, $3, $4, $5, $6::text::jsonb, $7, $8)
ON CONFLICT (shop, number) DO NOTHING
"""


async def add(
    conn: asyncpg.Connection[Any], deltas: Deltas, generations: Mapping[int, int], shard: int, basis: int = RESTATED
) -> None:
    """Add changes (sorted and merged, as `Tally.deltas` and `merge` give them) to the counters of one shard.

    `generations` is the generation by shop. Rows are locked in the order of the key, so that two writers of one
    shard wait for each other and never in a circle. Call it once in a transaction and basis.
    """
    if not len(deltas):
        return
    rows = _LAYOUT.rows(len(deltas))
    shops = sorted(generations)
    numbers = np.array([generations[shop] for shop in shops])
    rows["shop"] = deltas.shop
    rows["generation"] = numbers[np.searchsorted(shops, deltas.shop)]
    for name in ("measure", "param", "day", "gap", "value"):
        rows[name] = getattr(deltas, name)
    rows["n"] = np.arange(len(deltas))
    rows["currency"] = currency_letters(np.where(deltas.currency == 0, _BLANKS, deltas.currency))
    await conn.execute(_STAGE)
    await copy_in(conn, "staged_counter", _LAYOUT.columns, rows)
    await conn.execute(_ADD, basis, shard)


async def ensure_generations(conn: asyncpg.Connection[Any], shops: Iterable[Shop]) -> dict[int, Generation]:
    """The live generation of each shop, by its number. A shop's first order begins one with the settings of then."""
    by_number = {shop.number: shop for shop in shops}
    known = await _live(conn, by_number)
    missing = sorted(by_number.keys() - known.keys())
    if not missing:
        return known
    for number in missing:
        shop = by_number[number]
        windows, periods = sorted(set(shop.windows)), sorted(set(shop.periods))
        stages = msgspec.json.encode(shop.lifecycle).decode()
        counted = (windows, shop.loyal_over, stages, periods, shop.closing_days)
        await conn.execute(_FIRST, number, shop.zone, shop.calendar, *counted)
    return await _live(conn, by_number)


async def _live(conn: asyncpg.Connection[Any], shops: Iterable[int]) -> dict[int, Generation]:
    rows = await conn.fetch(_LIVE, sorted(shops))
    return {row["shop"]: generation_of(row) for row in rows}
