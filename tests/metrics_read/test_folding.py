"""Folding the shards of counters changes no sum, also while they are written."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from services.metrics.counters.store.folding import FOLDED_SHARD, fold
from services.metrics.retention.domain.figures import Asked
from services.metrics.retention.store import counts_at
from shared.db import acquire, read_transaction
from tests.metrics_read.ground import Ground, random_history, shop_id, shop_of
from tests.metrics_read.recount import DAY_ZERO

pytestmark = pytest.mark.stack

ADD = """
INSERT INTO counter AS c VALUES ($1, 3, 0, 7, 0, 0, $2, 'USD', $3, 1)
ON CONFLICT (shop, generation, basis, measure, param, currency, day, gap, shard) DO UPDATE SET value = c.value + 1
"""


async def fold_all(ground: Ground, shop: int, rows_max: int) -> None:
    for _ in range(2_000):
        async with acquire(ground.pool) as conn, conn.transaction():
            if await fold(conn, shop, rows_max) < rows_max:
                return
    raise AssertionError("folding does not end")


async def test_folding_leaves_one_row_a_counter_and_the_same_answers(ground: Ground) -> None:
    shop = shop_of(1, windows=(7, 30))
    await ground.open(shop)
    counters = await ground.fill(shop, random_history(Random(3), 90, 8, DAY_ZERO, 120))
    asked = Asked(30, 7, 4, "USD")
    at = list(range(DAY_ZERO, DAY_ZERO + 160))
    async with read_transaction(ground.api, shop_id(shop)) as reads:
        before = await counts_at(reads, counters, asked, at)
    await fold_all(ground, shop.number, rows_max=100)
    async with read_transaction(ground.api, shop_id(shop)) as reads:
        assert await counts_at(reads, counters, asked, at) == before
        rows = await reads.fetch("SELECT shard, value FROM counter WHERE shop = $1", shop.number)
    assert {row["shard"] for row in rows} == {FOLDED_SHARD}
    assert all(row["value"] for row in rows)


async def test_a_shop_is_folded_alone(ground: Ground) -> None:
    for number in (2, 3):
        await ground.pool.execute(ADD, number, 10, 5)
    await fold_all(ground, 2, rows_max=10)
    rows = await ground.pool.fetch("SELECT shop, shard FROM counter WHERE shop IN (2, 3) ORDER BY shop")
    assert [tuple(row) for row in rows] == [(2, FOLDED_SHARD), (3, 5)]


async def test_nothing_is_lost_or_deadlocks_while_writers_of_all_shards_go_on(ground: Ground) -> None:
    rounds, days, writers = 40, 15, 3

    async def write(shard: int) -> None:
        for _ in range(rounds):
            async with acquire(ground.pool) as conn, conn.transaction():
                for day in range(days):
                    await conn.execute(ADD, 9, day, shard)

    async def fold_until(done: asyncio.Event) -> None:
        while not done.is_set():
            await fold_all(ground, 9, rows_max=7)
            await asyncio.sleep(0)

    done = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        folding = group.create_task(fold_until(done))
        await asyncio.gather(*(write(shard) for shard in range(writers)))
        done.set()
        await folding
    await fold_all(ground, 9, rows_max=100)
    rows = await ground.pool.fetch("SELECT day, shard, value FROM counter WHERE shop = 9 ORDER BY day")
    assert [tuple(row) for row in rows] == [(day, FOLDED_SHARD, rounds * writers) for day in range(days)]
