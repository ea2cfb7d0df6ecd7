"""What has had its time goes, whoever of several workers comes first; and nothing is written when nothing is old."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from shared.db.engine import create_pool
from shared.db.partitions import ProcessedPartitions
from shared.kernel import FixedClock
from shared.messaging.chores import Housekeeping
from shared.messaging.dead_letters import Cipher, DeadLetters, SetAside, erase_letters
from shared.messaging.records import Refusal
from shared.testing import Databases, Harness, running
from shared.testing.harness import TEST_SECRET
from tests.messaging.probe import ADDED, DEMO, Amount, added, prepare, probe, totals

NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)
CLOCK = FixedClock(NOW)
LONG_AGO = date(2026, 1, 1).toordinal()


@pytest.fixture
async def pool(databases: Databases) -> AsyncIterator[asyncpg.Pool[Any]]:
    made = await create_pool(await databases.create("probe", prepare=prepare), "probe", max_size=8)
    yield made
    await made.close()


def housekeeping() -> Housekeeping:
    return Housekeeping("probe", CLOCK, letters_days=30, ids_days=92, audit_days=400, first_after_seconds=0)


async def keep_letters(pool: asyncpg.Pool[Any], days_ago: int, count: int, start: int = 0, shop: int = 1) -> None:
    letters = [SetAside(Refusal("t", 0, start + n, b"x", "demo", "", "r", "d"), shop) for n in range(count)]
    async with pool.acquire() as conn:
        await DeadLetters("probe", Cipher(TEST_SECRET)).keep(conn, letters, NOW - timedelta(days=days_ago))


async def months(pool: asyncpg.Pool[Any]) -> list[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'processed_event'::regclass"
    )
    return sorted(row[0] for row in rows)


async def work(pool: asyncpg.Pool[Any], made: Housekeeping) -> None:
    async with pool.acquire() as conn:
        await made.work(conn)


async def test_old_letters_and_months_go_and_others_stay(pool: asyncpg.Pool[Any]) -> None:
    await keep_letters(pool, 31, 3)
    await keep_letters(pool, 29, 2, start=10)
    async with pool.acquire() as conn:
        days = [date(2026, month, 1).toordinal() for month in range(2, 8)]
        await ProcessedPartitions().ensure(conn, days, LONG_AGO)
    made = housekeeping()
    assert made.due()
    await work(pool, made)
    assert not made.due()
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 2
    assert await months(pool) == [f"processed_event_2026_0{month}" for month in (4, 5, 6, 7)]


async def test_a_shop_may_keep_letters_for_fewer_days_and_none_for_more(pool: asyncpg.Pool[Any]) -> None:
    shops = [(1, "demo", 10), (2, "patient", 60), (3, "other", None)]
    for number, slug, days in shops:
        settings = {} if days is None else {"dead_letter_days": days}
        await pool.execute(
            "INSERT INTO shop (number, slug, settings, version) VALUES ($1, $2, $3, 1)",
            number, slug, json.dumps(settings),
        )  # fmt: skip
    for days_ago in (5, 20, 40):
        for number, *_ in shops:
            await keep_letters(pool, days_ago, 1, start=days_ago * 10 + number, shop=number)
    await work(pool, housekeeping())
    left = await pool.fetch("SELECT shop, count(*) AS n FROM dead_letter GROUP BY shop ORDER BY shop")
    assert [tuple(row) for row in left] == [(1, 1), (2, 2), (3, 2)]


async def test_letters_of_a_person_go_and_those_of_others_and_of_other_shops_stay(pool: asyncpg.Pool[Any]) -> None:
    cipher, stranger = Cipher(TEST_SECRET), Cipher("another secret, also of more than 32 characters")
    for number, (shop, body, how) in enumerate(
        [(1, b"of her", cipher), (0, b"of her", cipher), (2, b"of her", cipher), (1, b"of him", cipher),
         (1, b"of her", stranger), (1, b"of her too", cipher)]
    ):  # fmt: skip
        letter = SetAside(Refusal("t", 0, number, body, "demo", "", "r", "d"), shop)
        async with pool.acquire() as conn:
            await DeadLetters("probe", how).keep(conn, [letter], NOW)
    last, removed, unreadable, rounds, more = UUID(int=0), 0, 0, 0, True
    while more and rounds < 10:
        async with pool.acquire() as conn, conn.transaction():
            found = await erase_letters(conn, cipher, 1, lambda body: b"her" in body, after=last, limit=2)
        last, more, rounds = found.last, found.more, rounds + 1
        removed, unreadable = removed + found.removed, unreadable + found.unreadable
    assert (removed, unreadable, rounds) == (3, 1, 3)
    assert [row[0] for row in await pool.fetch('SELECT "offset" FROM dead_letter ORDER BY 1')] == [2, 3, 4]


async def test_several_workers_at_once_do_it_once_and_none_fails(pool: asyncpg.Pool[Any]) -> None:
    await keep_letters(pool, 40, 500)
    async with pool.acquire() as conn:
        days = [date(2025, month, 1).toordinal() for month in range(1, 13)]
        await ProcessedPartitions().ensure(conn, days, LONG_AGO)
    await asyncio.gather(*(work(pool, housekeeping()) for _ in range(5)))
    await work(pool, housekeeping())
    assert await months(pool) == []
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_nothing_is_written_when_nothing_is_old(pool: asyncpg.Pool[Any]) -> None:
    await keep_letters(pool, 1, 1)
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("SET TRANSACTION READ ONLY")
        await housekeeping().work(conn)
        assert await conn.fetchval("SELECT pg_current_xact_id_if_assigned()") is None


async def test_more_letters_than_one_call_removes_are_come_back_for(
    pool: asyncpg.Pool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.chores.housekeeping._LETTERS_AT_ONCE", 10)
    await keep_letters(pool, 40, 15)
    made = housekeeping()
    await work(pool, made)
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 5
    assert made._at < monotonic() + 100
    await work(pool, made)
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    assert made._at > monotonic() + 1000


async def test_a_long_batch_is_waited_for_a_second_and_then_left_alone(pool: asyncpg.Pool[Any]) -> None:
    async with pool.acquire() as conn:
        await ProcessedPartitions().ensure(conn, [date(2025, 1, 1).toordinal()], LONG_AGO)
    async with pool.acquire() as busy, busy.transaction():
        await busy.execute("LOCK TABLE processed_event IN ROW EXCLUSIVE MODE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await asyncio.wait_for(work(pool, housekeeping()), 3)
    await work(pool, housekeeping())
    assert await months(pool) == []


async def test_the_past_that_is_imported_twice_is_known_after_housekeeping_and_goes_in_the_end(
    databases: Databases,
) -> None:
    url, clock = await databases.create("probe", prepare=prepare), FixedClock(NOW)
    events = [added(n, time=NOW.replace(year=2014, month=n % 12 + 1)) for n in range(60)]
    other = [msgspec.structs.replace(event, data=Amount(customer="c0", amount=5)) for event in events]

    async def keep_house(harness: Harness) -> None:
        async with harness.pool.acquire() as conn:
            await Housekeeping(
                "probe", clock, letters_days=30, ids_days=92, audit_days=400, first_after_seconds=0
            ).work(conn)

    async with running(probe(), url, clock=clock) as harness:
        await harness.configure(DEMO)
        await harness.feed(ADDED, events)
        once = await totals(harness.pool)
        for days in (0, 90, 91):
            clock.advance(timedelta(days=days))
            await keep_house(harness)
            (outcome,) = await harness.feed(ADDED, events, placed="random", rng=Random(days))
            assert outcome.repeats == {ADDED: 60}
        assert await totals(harness.pool) == once
        await harness.feed(ADDED, other)
        assert {letter.reason for letter in await harness.dead_letters()} == {"content_differs"}
        clock.advance(timedelta(days=93))
        await keep_house(harness)
        assert await months(harness.pool) == []
