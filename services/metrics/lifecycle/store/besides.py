"""What of customers' stages is written and read while another generation is built beside the live one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from services.metrics.lifecycle.domain.beside import GapEnd
from services.metrics.lifecycle.domain.walking import Told
from services.metrics.lifecycle.store.changes import OWED_CHANGE, OWED_RETRACTION, Row, told_of

_MARK = "INSERT INTO touched_customer (shop, customer) SELECT $1, c FROM unnest($2::bigint[]) AS c"
_TAKE = """
DELETE FROM touched_customer WHERE shop = $1 AND id IN (
    SELECT id FROM touched_customer WHERE shop = $1 ORDER BY id LIMIT $2
) RETURNING customer
"""
_STOOD = """
SELECT customer, changes, put_off, seen FROM customer_state
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[])
"""
_CHANGES = """
SELECT customer, n, day, previous, stage, reason, last_active, evidence, event_id, owed, threshold, late, time,
       retracted_by
FROM transition WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) ORDER BY customer, n
"""
_COUNTED = """
SELECT day, previous, stage FROM transition
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) AND retracted_by IS NULL
"""
_FORGET = "DELETE FROM transition WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[])"
_COLUMNS = (*Row._fields, "owed")
_VISITORS = "SELECT DISTINCT customer FROM visit WHERE shop = $1 AND customer > $2 ORDER BY customer LIMIT $3"
_ADD_GAPS = """
INSERT INTO built_gap AS g (shop, generation, partition, day, first, gap, value)
SELECT $1, $2, * FROM unnest($3::int[], $4::int[], $5::boolean[], $6::int[], $7::bigint[])
ON CONFLICT (shop, generation, partition, day, first, gap) DO UPDATE SET value = g.value + excluded.value
"""
_GAPS = """
SELECT day, first, gap, sum(value)::bigint FROM built_gap
WHERE shop = $1 AND generation = $2 AND ($3::int IS NULL OR partition = $3) AND day < $4
GROUP BY day, first, gap HAVING sum(value) <> 0
"""
_FIRST_GAP = (
    "SELECT min(day) FROM built_gap WHERE shop = $1 AND generation = $2 AND ($3::int IS NULL OR partition = $3)"
)
_FROZEN = "SELECT min(day), max(day) FROM gap_figure WHERE shop = $1 AND generation = $2 AND partition = $3"
_CLOCKS = "SELECT partition, until, origin FROM shop_clock WHERE shop = $1 ORDER BY partition"
_PARTITIONS = "SELECT max(partition) + 1 FROM consumer_offset WHERE topic = $1"


class Stood(NamedTuple):
    """Of a customer's row in the live generation."""

    changes: int
    put_off: bool
    seen: int


class Written(NamedTuple):
    """A change in the live generation, as its row has it."""

    told: Told
    row: Row
    owed: int

    @property
    def is_known(self) -> bool:
        """Whether it was told, or caught up with silently. What is owed is not: it may become needless."""
        return self.owed != OWED_CHANGE

    @property
    def stands(self) -> bool:
        """Whether it is true for all that anybody was told."""
        return self.row.retracted_by is None or self.owed == OWED_RETRACTION


async def mark(conn: asyncpg.Connection[Any], shop: int, customers: Collection[int]) -> None:
    """Their stages, visits or timers changed while the shop is being built."""
    if customers:
        await conn.execute(_MARK, shop, sorted(customers))


async def take(conn: asyncpg.Connection[Any], shop: int, limit: int) -> list[int]:
    """Take marks, the oldest first, and give their customers, each once. Before anything of them is read."""
    return sorted({row[0] for row in await conn.fetch(_TAKE, shop, limit)})


async def is_marked(conn: asyncpg.Connection[Any], shop: int) -> bool:
    """Whether any mark is left."""
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM touched_customer WHERE shop = $1)", shop))


async def stood(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int]
) -> dict[int, Stood]:
    """Customers who have a row in the generation."""
    rows = await conn.fetch(_STOOD, shop, generation, customers)
    return {row["customer"]: Stood(row["changes"], row["put_off"], row["seen"]) for row in rows}


async def written(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int]
) -> dict[int, list[Written]]:
    """All changes of each customer, taken back ones too."""
    found: dict[int, list[Written]] = {customer: [] for customer in customers}
    for row in await conn.fetch(_CHANGES, shop, generation, customers):
        values = dict(row)
        kept = Row(shop=shop, generation=generation, **{k: values[k] for k in Row._fields if k in values})
        found[row["customer"]].append(Written(told_of(row), kept, row["owed"]))
    return found


async def exchange(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int], rows: Iterable[tuple[Row, int]]
) -> list[tuple[int, int, int]]:
    """Write changes (with what is owed) of customers in place of those written; (day, previous, stage) that stood."""
    stood = [tuple(row) for row in await conn.fetch(_COUNTED, shop, generation, customers)]
    await conn.execute(_FORGET, shop, generation, customers)
    records = [(*row, owed) for row, owed in rows]
    if records:
        await conn.copy_records_to_table("transition", records=records, columns=_COLUMNS)
    return stood


async def visitors_behind(conn: asyncpg.Connection[Any], shop: int, after: int, limit: int) -> list[int]:
    """The next customers who have visited, by number."""
    return [row[0] for row in await conn.fetch(_VISITORS, shop, after, limit)]


async def add_gaps(conn: asyncpg.Connection[Any], shop: int, generation: int, gaps: Mapping[GapEnd, int]) -> None:
    """Add gaps that came or went."""
    rows = [(*key, value) for key, value in sorted(gaps.items()) if value]
    if rows:
        await conn.execute(_ADD_GAPS, shop, generation, *(list(column) for column in zip(*rows, strict=True)))


async def gaps_before(
    conn: asyncpg.Connection[Any], shop: int, generation: int, partition: int | None, day: int
) -> dict[int, Counter[tuple[bool, int]]]:
    """Gaps that ended before a day, by the day on which they did; of all partitions for None."""
    found: dict[int, Counter[tuple[bool, int]]] = {}
    for ended, first, gap, value in await conn.fetch(_GAPS, shop, generation, partition, day):
        found.setdefault(ended, Counter())[first, gap] += value
    return found


async def first_gap(conn: asyncpg.Connection[Any], shop: int, generation: int, partition: int | None) -> int | None:
    """The day on which the first gap ended."""
    day: int | None = await conn.fetchval(_FIRST_GAP, shop, generation, partition)
    return day


async def frozen(
    conn: asyncpg.Connection[Any], shop: int, generation: int, partition: int
) -> tuple[int | None, int | None]:
    """(first, last) day of which a figure is frozen."""
    row = await conn.fetchrow(_FROZEN, shop, generation, partition)
    return (None, None) if row is None else (row[0], row[1])


async def clocks_of(conn: asyncpg.Connection[Any], shop: int) -> list[asyncpg.Record]:
    """(partition, until, origin) of the shop's own clock."""
    return list(await conn.fetch(_CLOCKS, shop))


async def partitions(conn: asyncpg.Connection[Any], topic: str) -> int:
    """How many partitions a topic has, as far as any worker of this service was given them."""
    return int(await conn.fetchval(_PARTITIONS, topic) or 1)
