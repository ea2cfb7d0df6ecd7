"""The transaction of every write: key locks, sequences, outbox order; time limits; partitions of processed ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from shared.db.engine import acquire, create_pool
from shared.db.intents import OutboxKey, Timer
from shared.db.partitions import ProcessedPartitions, drop_before, month_of, partition_name
from shared.db.transaction import OpenTransaction, outbox_shard, write_transaction
from shared.kernel import FixedClock, ShopId
from shared.testing import Databases
from tests.messaging.probe import added, prepare

CLOCK = FixedClock(datetime(2026, 3, 21, tzinfo=UTC))
ONE, TWO = OutboxKey(ShopId(1), b"demo:a"), OutboxKey(ShopId(1), b"demo:b")


@pytest.fixture
async def pool(databases: Databases) -> AsyncIterator[asyncpg.Pool[Any]]:
    made = await create_pool(await databases.create("probe", prepare=prepare), "probe", max_size=8)
    yield made
    await made.close()


async def test_an_error_leaves_neither_state_nor_events(pool: asyncpg.Pool[Any]) -> None:
    with pytest.raises(RuntimeError):
        async with write_transaction(pool, CLOCK) as tx:
            await tx.lock_keys({ONE: 1})
            tx.publish("t", ONE, added(1))
            raise RuntimeError
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
    assert await pool.fetchval("SELECT count(*) FROM outbox_key") == 0


async def test_reserved_numbers_rise_and_end(pool: asyncpg.Pool[Any]) -> None:
    async with write_transaction(pool, CLOCK) as tx:
        await tx.lock_keys({ONE: 2, TWO: 1})
        assert [tx.sequence(ONE), tx.sequence(ONE), tx.sequence(TWO)] == [1, 2, 1]
        with pytest.raises(LookupError):
            tx.sequence(ONE)
    async with write_transaction(pool, CLOCK) as tx:
        await tx.lock_keys({ONE: 1})
        assert tx.sequence(ONE) == 3


async def test_a_key_must_be_locked_before_it_is_published_under(pool: asyncpg.Pool[Any]) -> None:
    async with write_transaction(pool, CLOCK) as tx:
        with pytest.raises(LookupError):
            tx.publish("t", ONE, added(1))


async def test_outbox_rows_keep_the_order_of_the_calls(pool: asyncpg.Pool[Any]) -> None:
    async with write_transaction(pool, CLOCK) as tx:
        await tx.lock_keys({ONE: 0, TWO: 0})
        for n in range(500):
            tx.publish(f"topic-{n}", ONE if n % 3 else TWO, added(n))
    rows = await pool.fetch("SELECT topic, key, shard FROM outbox ORDER BY id")
    assert [row[0] for row in rows] == [f"topic-{n}" for n in range(500)]
    assert all(row[2] == outbox_shard(row[1]) for row in rows)


async def test_writers_of_one_key_are_serial_and_their_numbers_follow_the_outbox(pool: asyncpg.Pool[Any]) -> None:
    rng = Random(7)

    async def write(times: int) -> None:
        for _ in range(times):
            async with write_transaction(pool, CLOCK) as tx:
                keys = rng.sample([ONE, TWO, OutboxKey(ShopId(2), b"x:c")], 2)
                await tx.lock_keys(dict.fromkeys(keys, 1))
                await asyncio.sleep(rng.random() * 0.004)
                for key in keys:
                    tx.publish("t", key, added(0, sequence=tx.sequence(key)))

    await asyncio.gather(*(write(40) for _ in range(6)))
    rows = await pool.fetch(
        "SELECT key, (convert_from(value, 'UTF8')::json ->> 'sequence')::int FROM outbox ORDER BY id"
    )
    assert len(rows) == 480
    last: dict[bytes, int] = {}
    for key, sequence in rows:
        assert sequence == last.get(key, 0) + 1
        last[key] = sequence


async def test_what_is_buffered_after_a_mark_can_be_forgotten(pool: asyncpg.Pool[Any]) -> None:
    async with pool.acquire() as conn, conn.transaction():
        tx = OpenTransaction(conn, CLOCK.now())
        await tx.lock_keys({ONE: 2})
        tx.publish("kept", ONE, added(1))
        mark = tx.mark()
        assert tx.sequence(ONE) == 1
        tx.publish("forgotten", ONE, added(2))
        tx.set_timer(Timer(ShopId(1), "k", "i", CLOCK.now(), 0))
        tx.back_to(mark)
        assert tx.sequence(ONE) == 1
        assert await tx.finish() == 1
    assert await pool.fetchval("SELECT array_agg(topic) FROM outbox") == ["kept"]
    assert await pool.fetchval("SELECT count(*) FROM timer") == 0


async def test_an_existing_earlier_timer_stays(pool: asyncpg.Pool[Any]) -> None:
    due = CLOCK.now()
    for days in (5, 9, 2, 3):
        async with write_transaction(pool, CLOCK) as tx:
            tx.set_timer(Timer(ShopId(1), "lapse", "a", due + timedelta(days=days), 3))
            tx.set_timer(Timer(ShopId(1), "lapse", "a", due + timedelta(days=days + 1), 3))
    assert await pool.fetch("SELECT due, partition FROM timer") == [(due + timedelta(days=2), 3)]


async def test_time_limits_nest(pool: asyncpg.Pool[Any]) -> None:
    names = ["idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout", "search_path"]
    async with acquire(pool) as conn:
        assert [await conn.fetchval(f"SHOW {name}") for name in names] == ["4s", "6s", "7s", '"probe"']


async def test_a_pool_without_a_free_connection_says_so_in_time(
    pool: asyncpg.Pool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.db.engine.ACQUIRE_TIMEOUT_SECONDS", 0.2)
    held = [await pool.acquire() for _ in range(8)]
    with pytest.raises(TimeoutError):
        async with acquire(pool):
            pass
    for conn in held:
        await pool.release(conn)


def test_months_meet_without_a_gap() -> None:
    day = date(1989, 12, 1).toordinal()
    month = month_of(day)
    for _ in range(3000):
        after = month_of(month[1])
        assert after[0] == month[1]
        assert partition_name(after) != partition_name(month)
        if after[1] > date(2200, 1, 1).toordinal():
            return
        month = after
    raise AssertionError


async def test_partitions_are_made_once_by_whoever_comes_first_and_dropped_when_old(pool: asyncpg.Pool[Any]) -> None:
    days = [date(2026, month, 5).toordinal() for month in range(1, 13)]

    async def make() -> None:
        async with pool.acquire() as conn:
            await ProcessedPartitions().ensure(conn, days, days[0])

    await asyncio.gather(make(), make(), make())
    async with pool.acquire() as conn:
        dropped = await drop_before(conn, date(2026, 3, 31).toordinal())
        assert dropped == ["processed_event_2026_01", "processed_event_2026_02"]
        await make()
        assert len(await conn.fetch("SELECT FROM pg_inherits")) >= 12
