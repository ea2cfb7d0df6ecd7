"""Lazy timers on real PostgreSQL: each fires once, an earlier date moves it, a later one does not touch the row."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.db.timers import Reach, any_due, due_timers, set_timers
from shared.kernel import ShopId
from shared.messaging.chores import POSTPONED_BY, DueTimers, FiringSize
from shared.messaging.handling import Timer, Work
from tests.messaging.outbox_ground import Ground, ground
from tests.messaging.timer_process import KIND, NOW, fire_once, leave_a_trace

pytestmark = pytest.mark.stack

DAY = timedelta(days=1)


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Ground]:
    async with ground(stack, topic=False) as made:
        yield made


def _timer(identity: str, due: datetime = NOW, kind: str = KIND, partition: int = 1) -> Timer:
    return Timer(ShopId(1), kind, identity, due, partition)


async def _set(place: Ground, *timers: Timer) -> None:
    async with place.pool.acquire() as conn:
        await set_timers(conn, timers)


async def _fire(place: Ground, timers: DueTimers, now: datetime = NOW) -> None:
    async with place.pool.acquire() as conn:
        await fire_once(conn, timers, now, [0, 1, 2])


async def _fired(place: Ground) -> list[str]:
    return [row[0].decode() for row in await place.pool.fetch("SELECT key FROM outbox ORDER BY id")]


async def _standing(place: Ground) -> dict[str, datetime]:
    return {row[0]: row[1] for row in await place.pool.fetch("SELECT identity, due FROM timer")}


async def test_a_timer_fires_when_due_and_only_once(place: Ground) -> None:
    await _set(place, _timer("now"), _timer("tomorrow", NOW + DAY))
    for _ in range(2):
        await _fire(place, DueTimers({KIND: leave_a_trace}))
    assert await _fired(place) == ["now"]
    assert await _standing(place) == {"tomorrow": NOW + DAY}
    await _fire(place, DueTimers({KIND: leave_a_trace}), NOW + DAY)
    assert await _fired(place) == ["now", "tomorrow"]


async def test_an_earlier_date_moves_the_timer(place: Ground) -> None:
    await _set(place, _timer("a", NOW + DAY))
    await _set(place, _timer("a", NOW - DAY, partition=2))
    assert await _standing(place) == {"a": NOW - DAY}
    assert await place.pool.fetchval("SELECT partition FROM timer") == 2


async def test_a_later_date_does_not_touch_the_row(place: Ground) -> None:
    whole = "SELECT ctid::text, xmin::text, xmax::text, due FROM timer"
    await _set(place, _timer("a"))
    before = await place.pool.fetch(whole)
    await _set(place, _timer("a", NOW + DAY), _timer("a", NOW))
    assert await place.pool.fetch(whole) == before


async def test_of_several_dates_in_one_transaction_the_earliest_holds(place: Ground) -> None:
    await _set(place, _timer("a", NOW + DAY), _timer("a", NOW - DAY), _timer("a", NOW))
    assert await _standing(place) == {"a": NOW - DAY}


async def test_a_handler_sets_its_timer_anew_to_a_later_date(place: Ground) -> None:
    async def again(work: Work, timers: Sequence[Timer]) -> None:
        await leave_a_trace(work, timers)
        for timer in timers:
            work.tx.set_timer(_timer(timer.identity, timer.due + DAY))

    await _set(place, _timer("a"))
    await _fire(place, DueTimers({KIND: again}))
    assert await _fired(place) == ["a"]
    assert await _standing(place) == {"a": NOW + DAY}


async def test_timers_of_other_partitions_and_of_unknown_kinds_are_left_alone(place: Ground) -> None:
    await _set(place, _timer("mine"), _timer("elsewhere", partition=7), _timer("future-version", kind="unheard-of"))
    await _fire(place, DueTimers({KIND: leave_a_trace}))
    assert await _fired(place) == ["mine"]
    assert set(await _standing(place)) == {"elsewhere", "future-version"}
    async with place.pool.acquire() as conn:
        assert not await any_due(conn, [Reach(number, NOW) for number in range(3)], [KIND])
        assert await any_due(conn, [Reach(7, NOW)], [KIND])


async def test_a_transaction_fires_a_bounded_number_and_says_that_there_are_more(place: Ground) -> None:
    await _set(place, *[_timer(f"{n:03d}", NOW - timedelta(minutes=n)) for n in range(50)])
    timers = DueTimers({KIND: leave_a_trace}, size=FiringSize(limit_max=30))
    await _fire(place, timers)
    first = await _fired(place)
    assert 0 < len(first) <= 30
    assert timers.more
    async with asyncio.timeout(20):
        while timers.more:
            await _fire(place, timers)
    assert await _fired(place) == [f"{n:03d}" for n in reversed(range(50))]


async def test_a_batch_of_one_and_a_large_one_fire_a_customers_timers_in_the_same_order(place: Ground) -> None:
    kinds = {"a": leave_a_trace, "b": leave_a_trace}
    orders = []
    for limit in (1, 7, 1000):
        await place.pool.execute("TRUNCATE outbox, timer")
        for n in range(40):
            await _set(place, _timer(f"{n}", NOW - timedelta(minutes=n * 7 % 11), kind="ab"[n % 2]))
        timers = DueTimers(kinds, size=FiringSize(limit_max=limit))
        for _ in range(60):
            await _fire(place, timers)
        orders.append(await _fired(place))
    assert len(orders[0]) == 40
    assert orders[0] == orders[1] == orders[2]


async def test_a_timer_that_its_handler_cannot_do_is_postponed_and_blocks_nobody(place: Ground) -> None:
    async def choosy(work: Work, timers: Sequence[Timer]) -> None:
        await leave_a_trace(work, timers)
        if any(timer.identity == "bad" for timer in timers):
            raise ValueError("cannot")

    await _set(place, *[_timer(f"{n}") for n in range(9)], _timer("bad"))
    await _fire(place, DueTimers({KIND: choosy}))
    assert sorted(await _fired(place)) == [f"{n}" for n in range(9)]
    assert await _standing(place) == {"bad": NOW + POSTPONED_BY}


async def test_a_process_killed_after_claiming_fires_nothing_and_the_next_fires_once(place: Ground) -> None:
    async def run(**extra: str) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.messaging.timer_process",
            place.schema,
            env=os.environ | {"DATABASE_URL": place.database_url} | extra,
        )
        return await asyncio.wait_for(process.wait(), 30)

    await _set(place, _timer("a"), _timer("b"))
    assert await run(MANDEGAR_CRASH_AT="timer_after_claim") == -signal.SIGKILL
    assert await _fired(place) == []
    assert set(await _standing(place)) == {"a", "b"}
    assert await run() == 0
    assert await run() == 0
    assert await _fired(place) == ["a", "b"]


async def test_a_second_owner_waits_for_the_claim_and_then_finds_nothing(place: Ground) -> None:
    await _set(place, _timer("a"))
    async with place.pool.acquire() as mine, place.pool.acquire() as other:
        transaction = mine.transaction()
        await transaction.start()
        assert len(await due_timers(mine, [Reach(1, NOW)], [KIND], 10)) == 1
        waiting = asyncio.create_task(due_timers(other, [Reach(1, NOW)], [KIND], 10))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await mine.execute("DELETE FROM timer")
        await transaction.commit()
        assert await asyncio.wait_for(waiting, 5) == []
