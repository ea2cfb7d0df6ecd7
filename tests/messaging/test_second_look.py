"""Before an event is set aside: what passes by itself never costs one, and nobody is judged at the first look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from time import monotonic
from typing import Any

import asyncpg
import pytest

from shared.kernel import SystemClock
from shared.messaging.batch import BatchHandler
from shared.messaging.batching import Watchdog
from shared.messaging.connecting import opener
from shared.messaging.dead_letters import Cipher, DeadLetters
from shared.messaging.faults import Suspected
from shared.messaging.fence import TopicPartition, claim
from shared.messaging.handling import Delivery, Work
from shared.messaging.handover import Handover, Signal
from shared.messaging.isolation import Suspects
from shared.messaging.processor import Processor
from shared.messaging.records import PlainRecord
from shared.messaging.tracks import Limits
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, as_bytes, running
from tests.messaging.probe import ADDED, DEMO, add_up, added, prepare, probe, totals

Trouble = Callable[["asyncpg.Connection[Any]", str], Awaitable[None]]
PLACE = TopicPartition(ADDED, 0)


async def statement_timeout(conn: asyncpg.Connection[Any], _url: str) -> None:
    await conn.execute("SET LOCAL statement_timeout = '50ms'")
    await conn.execute("SELECT pg_sleep(5)")


async def command_timeout(conn: asyncpg.Connection[Any], _url: str) -> None:
    await conn.execute("SELECT pg_sleep(5)", timeout=0.05)


async def lock_timeout(conn: asyncpg.Connection[Any], url: str) -> None:
    other = await opener(url, "probe")()
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE account")
            await conn.execute("SET LOCAL lock_timeout = '50ms'")
            await conn.execute("LOCK TABLE account")
    finally:
        other.terminate()


async def terminated(conn: asyncpg.Connection[Any], url: str) -> None:
    other = await opener(url, "probe")()
    await other.execute("SELECT pg_terminate_backend($1)", conn.get_server_pid())
    await other.close()
    await conn.fetchval("SELECT pg_sleep(1)")


async def closed_and_hidden(conn: asyncpg.Connection[Any], _url: str) -> None:
    conn.terminate()
    raise ValueError("what a library makes of a connection that is gone")


async def failed_transaction(conn: asyncpg.Connection[Any], _url: str) -> None:
    try:
        await conn.execute("SELECT 1 / 0")
    except asyncpg.DivisionByZeroError:
        await conn.execute("SELECT 1")


async def no_savepoint(conn: asyncpg.Connection[Any], _url: str) -> None:
    await conn.execute("ROLLBACK TO SAVEPOINT nowhere")


async def catalogue(conn: asyncpg.Connection[Any], _url: str) -> None:
    await conn.execute("DO $$ BEGIN RAISE 'tuple concurrently updated' USING ERRCODE = 'XX000'; END $$")


async def met_at_once(conn: asyncpg.Connection[Any], _url: str) -> None:
    await conn.execute("INSERT INTO account VALUES (1, 'c1', 0, 0)")
    await conn.execute("INSERT INTO account VALUES (1, 'c1', 0, 0)")


async def of_no_known_kind(_conn: asyncpg.Connection[Any], _url: str) -> None:
    raise KeyError("what was there a moment ago")


async def a_processor(url: str, handle: Any, count: int) -> Processor:
    loop = asyncio.get_running_loop()
    handover = Handover(Signal(loop), Signal(loop), events_max=1000, bytes_max=1 << 20)
    handler = BatchHandler(probe(handle), SystemClock(), DeadLetters("probe", Cipher(TEST_SECRET)))
    connect = opener(url, "probe")
    made = Processor(handler, connect, handover, Watchdog(30, monotonic()), Limits(limit_seconds=5.0), rng=Random(1))
    conn = await connect()
    made.owned = await claim(conn, "probe", "here", {PLACE: 0}, {})
    await conn.close()
    records = [PlainRecord(at, 0, as_bytes(added(at, customer="c"))) for at in range(count)]
    handover.put(handler.decoders[ADDED].chunk(0, records, start=0, epoch=1))
    return made


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(
    "trouble",
    [
        statement_timeout,
        command_timeout,
        lock_timeout,
        terminated,
        closed_and_hidden,
        failed_transaction,
        no_savepoint,
        catalogue,
        met_at_once,
        of_no_known_kind,
    ],
)
async def test_trouble_that_passes_costs_no_event(databases: Databases, trouble: Trouble, count: int) -> None:
    """It lasts for one transaction, however often that is bisected."""
    url = await databases.create()
    await prepare(url)
    troubled: list[int] = []

    async def handle(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        pid = work.tx.conn.get_server_pid()
        if not troubled or troubled[-1] == pid:
            troubled.append(pid)
            await trouble(work.tx.conn, url)
        await add_up(work, deliveries)

    made = await a_processor(url, handle, count)
    async with running(probe(), url) as harness:
        await harness.configure(DEMO)
        async with asyncio.timeout(30):
            for _ in range(2 + count):  # on a busy machine batches become as small as one event
                made._disconnect()
                await made._round()
        made._disconnect()
        assert troubled
        assert await harness.dead_letters() == []
        assert await totals(harness.pool) == {"c": (count, count)}


async def test_an_event_that_fails_twice_is_set_aside_alone(databases: Databases) -> None:
    url = await databases.create()
    await prepare(url)
    looks: list[int] = []

    async def handle(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        if any(delivery.offset == 3 for delivery in deliveries):
            looks.append(len(deliveries))
            raise KeyError("always")
        await add_up(work, deliveries)

    made = await a_processor(url, handle, 5)
    async with running(probe(), url) as harness:
        await harness.configure(DEMO)
        for _ in range(2):
            await made._round()
        made._disconnect()
        assert looks.count(1) == 2
        assert [(letter.offset, letter.reason) for letter in await harness.dead_letters()] == [(3, "keyerror")]
        assert await totals(harness.pool) == {"c": (4, 4)}


def test_who_is_suspected_for_the_second_time_is_a_culprit() -> None:
    suspects = Suspects()
    suspects.confirm([])
    for found in (["a"], ["a", "b"], ["b", "c"]):
        with pytest.raises(Suspected):
            suspects.confirm(found)
    suspects.confirm(["a", "b", "c"])
