"""Months of processed ids stay for as long as somebody asks for them, and go then, whatever happens at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from random import Random
from typing import Any

import asyncpg
import pytest

from shared.db.engine import create_pool
from shared.db.partitions import ProcessedPartitions, drop_before, month_of, partition_name
from shared.testing import Databases
from tests.messaging.probe import prepare

DAY, TODAY = date(2014, 5, 3).toordinal(), date(2026, 7, 1).toordinal()
_MONTHS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'processed_event'::regclass ORDER BY 1"


@pytest.fixture
async def pool(databases: Databases) -> AsyncIterator[asyncpg.Pool[Any]]:
    made = await create_pool(await databases.create("probe", prepare=prepare), "probe", max_size=8)
    yield made
    await made.close()


async def test_a_month_stays_for_as_long_as_its_ids_are_asked_for(pool: asyncpg.Pool[Any]) -> None:
    partitions = ProcessedPartitions()
    async with pool.acquire() as conn:
        await partitions.ensure(conn, [DAY], TODAY)
        await partitions.ensure(conn, [DAY], TODAY + 40)
        await ProcessedPartitions().ensure(conn, [DAY + 3], TODAY - 7)  # by a clock that is behind
        assert await drop_before(conn, TODAY + 40) == []
        assert await drop_before(conn, TODAY + 41) == ["processed_event_2014_05"]
        assert await conn.fetchval("SELECT count(*) FROM processed_month") == 0
        assert await drop_before(conn, TODAY + 41) == []


async def test_it_is_noted_once_a_day_and_not_with_every_batch(pool: asyncpg.Pool[Any]) -> None:
    partitions = ProcessedPartitions()
    async with pool.acquire() as conn:
        await partitions.ensure(conn, [DAY], TODAY)
        async with conn.transaction():
            await conn.execute("SET TRANSACTION READ ONLY")
            await partitions.ensure(conn, [DAY, DAY + 1], TODAY)  # another day of the same month
            assert await conn.fetchval("SELECT pg_current_xact_id_if_assigned()") is None
        await partitions.ensure(conn, [DAY], TODAY + 1)
        assert await conn.fetchval("SELECT taken_on FROM processed_month") == TODAY + 1


async def test_who_asks_for_a_month_that_is_being_dropped_waits_and_finds_it_anew(pool: asyncpg.Pool[Any]) -> None:
    async with pool.acquire() as dropping, pool.acquire() as asking:
        await ProcessedPartitions().ensure(dropping, [DAY], 1)
        async with dropping.transaction():
            await dropping.execute("DELETE FROM processed_month")
            waiting = asyncio.create_task(ProcessedPartitions().ensure(asking, [DAY], TODAY))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await dropping.execute("SELECT drop_processed_partition('processed_event_2014_05')")
        await asyncio.wait_for(waiting, 5)
        await asking.execute("INSERT INTO processed_event VALUES ($1, 1, gen_random_uuid(), 0)", DAY)
        assert await asking.fetchval("SELECT taken_on FROM processed_month") == TODAY


async def test_what_was_asked_for_since_one_looked_is_not_dropped(pool: asyncpg.Pool[Any]) -> None:
    async with pool.acquire() as dropping, pool.acquire() as asking:
        await ProcessedPartitions().ensure(dropping, [DAY], 1)
        async with asking.transaction():
            await asking.execute("UPDATE processed_month SET taken_on = $1", TODAY)
            waiting = asyncio.create_task(drop_before(dropping, TODAY - 92))
            await asyncio.sleep(0.3)
            assert not waiting.done()
        assert await asyncio.wait_for(waiting, 5) == []
        assert len(await asking.fetch(_MONTHS)) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_just_those_stay_that_are_young_or_were_asked_for_lately(pool: asyncpg.Pool[Any], seed: int) -> None:
    """Workers ask for days at random and start anew, while time passes and one of them keeps house."""
    rng, kept_for, today = Random(seed), 30, date(2024, 1, 1).toordinal()
    workers = [ProcessedPartitions() for _ in range(3)]
    asked: dict[tuple[int, int], int] = {}
    dropped = 0
    async with pool.acquire() as conn:
        for _ in range(120):
            today += rng.choice((0, 0, 1, 2, 9, 40))
            days = [today - rng.choice((0, 1, 20, 200, 4_000, 700_000)) for _ in range(rng.randint(1, 3))]
            await rng.choice(workers).ensure(conn, days, today)
            asked |= {month_of(day): today for day in days}
            if rng.random() < 0.3:
                dropped += len(await drop_before(conn, today - kept_for))
                for worker in workers:
                    worker.forget()  # as everyone does whose batch fails for want of a month
                asked = {m: on for m, on in asked.items() if on >= today - kept_for or m[1] > today - kept_for}
            if rng.random() < 0.1:
                workers[rng.randrange(3)] = ProcessedPartitions()
            assert [row[0] for row in await conn.fetch(_MONTHS)] == sorted(map(partition_name, asked))
        assert dropped > 20
        await drop_before(conn, today + 100)
        assert await conn.fetch(_MONTHS) == []
        assert await conn.fetchval("SELECT count(*) FROM processed_month") == 0
