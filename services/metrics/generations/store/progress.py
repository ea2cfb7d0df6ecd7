"""Builds in the database: begun, moved on, given up; and how far they are, for people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.metrics.counters import Generation, generation_of
from services.metrics.generations.domain.progress import Phase, Progress
from services.metrics.generations.domain.settings import Choices, built_with
from shared.db import Reads

_GENERATION = """
SELECT shop, number, zone, calendar, windows, loyal_over, lifecycle::text, periods, closing_days FROM generation
"""
_LIVE = f"{_GENERATION} WHERE shop = $1 AND live"
_OF_NUMBER = f"{_GENERATION} WHERE shop = $1 AND number = $2"
_CURRENT = """
SELECT generation, phase, same_days, order_cursor, customer_cursor, orders_done, customers_done, moved, busy_ms,
       stage_cursor, stages_done
FROM generation_build WHERE shop = $1 FOR UPDATE
"""
_NEW = """
INSERT INTO generation
    (shop, number, live, building, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days)
SELECT $1, max(number) + 1, false, true, $2, $3, $4, $5, $6::text::jsonb, $7, $8 FROM generation WHERE shop = $1
RETURNING number
"""
_BEGIN = """
INSERT INTO generation_build
    (shop, generation, phase, same_days, order_cursor, customer_cursor, orders, orders_done, customers, customers_done,
     moved, busy_ms, began_at)
VALUES ($1, $2, 1, $3, '', 0, $4, 0, $5, 0, 0, 0, $6)
"""
_SIZE = """
SELECT (SELECT count(*) FROM order_fact WHERE shop = $1) AS orders,
       (SELECT count(*) FROM customer_state WHERE shop = $1 AND generation = $2) AS customers
"""
_SAVE = """
UPDATE generation_build
SET phase = $2, order_cursor = $3, customer_cursor = $4, orders_done = $5, customers_done = $6, moved = $7,
    busy_ms = $8, stage_cursor = $9, stages_done = $10
WHERE shop = $1
"""
_PROGRESS = """
SELECT b.generation, b.phase, b.orders, b.orders_done, b.customers, b.customers_done, b.stages_done, b.moved,
       b.busy_ms
FROM generation_build b WHERE b.shop = $1
"""
_GIVE_UP = (
    "UPDATE generation SET building = false WHERE shop = $1 AND building",
    "DELETE FROM generation_build WHERE shop = $1",
)


@dataclass(frozen=True, slots=True)
class Build:
    """A build as it stands between two steps."""

    generation: Generation
    phase: Phase
    same_days: bool
    order_cursor: str
    customer_cursor: int
    orders_done: int
    customers_done: int
    moved: int
    busy_ms: int
    stage_cursor: int
    stages_done: int
    live: Generation
    """The generation that it is to take the place of."""

    @property
    def same_stages(self) -> bool:
        """Whether every customer keeps the stages that they have."""
        return built_with(self.generation).keeps_stages(built_with(self.live))

    @property
    def number(self) -> int:
        """Of the generation that is being built."""
        return self.generation.counters.generation


async def live(reads: Reads, shop: int) -> Generation | None:
    """The live generation; None before the shop's first order."""
    row = await reads.fetchrow(_LIVE, shop)
    return None if row is None else generation_of(row)


async def current(conn: asyncpg.Connection[Any], shop: int) -> Build | None:
    """The shop's build, locked for the transaction."""
    row = await conn.fetchrow(_CURRENT, shop)
    if row is None:
        return None
    number, phase, *rest = row
    found = await conn.fetchrow(_OF_NUMBER, shop, number)
    assert found is not None, "a build has its generation"
    before = await live(conn, shop)
    assert before is not None, "what is built takes something's place"
    generation = generation_of(found)
    stands: tuple[Any, ...] = (*rest, before)
    return Build(generation, Phase(phase), *stands)


async def begin(
    conn: asyncpg.Connection[Any], shop: int, choices: Choices, before: Generation, *, keeps_days: bool, now: datetime
) -> None:
    """Begin to build. The caller holds the shop alone, so that every order that changes from now on is marked."""
    lifecycle = msgspec.json.encode(choices.lifecycle).decode()
    zone, calendar, windows, loyal_over, _, periods, closing_days = choices
    number = await conn.fetchval(_NEW, shop, zone, calendar, windows, loyal_over, lifecycle, periods, closing_days)
    size = await conn.fetchrow(_SIZE, shop, before.counters.generation)
    assert size is not None, "an aggregate without GROUP BY has one row"
    for table in ("touched_order", "touched_customer"):
        await conn.execute(f"DELETE FROM {table} WHERE shop = $1", shop)  # noqa: S608 - constants
    await conn.execute(_BEGIN, shop, number, keeps_days, size["orders"], size["customers"], now)


async def save(conn: asyncpg.Connection[Any], build: Build) -> None:
    """Write how far it is."""
    await conn.execute(
        _SAVE,
        build.generation.counters.shop,
        int(build.phase),
        build.order_cursor,
        build.customer_cursor,
        build.orders_done,
        build.customers_done,
        build.moved,
        build.busy_ms,
        build.stage_cursor,
        build.stages_done,
    )


async def give_up(conn: asyncpg.Connection[Any], shop: int) -> None:
    """Other settings are wanted. What was built is removed by and by."""
    for statement in _GIVE_UP:
        await conn.execute(statement, shop)


async def progress_of(reads: Reads, shop: int) -> Progress | None:
    """How far the shop's build is; None while nothing is built."""
    row = await reads.fetchrow(_PROGRESS, shop)
    if row is None:
        return None
    return Progress(
        row["generation"],
        Phase(row["phase"]),
        orders=row["orders"],
        orders_done=row["orders_done"],
        customers=row["customers"],
        customers_done=row["customers_done"],
        stages_done=row["stages_done"],
        moved=row["moved"],
        busy_seconds=row["busy_ms"] / 1000,
    )


async def size_of(reads: Reads, shop: int, generation: int) -> tuple[int, int]:
    """(orders, customers) of the shop."""
    row = await reads.fetchrow(_SIZE, shop, generation)
    assert row is not None, "an aggregate without GROUP BY has one row"
    return row["orders"], row["customers"]


def moved_on(build: Build, **changes: Any) -> Build:
    """The build after a step."""
    return replace(build, **changes)
