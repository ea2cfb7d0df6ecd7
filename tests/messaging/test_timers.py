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

from shared.db.timers import Reach, any_due, set_timers
from shared.kernel import ShopId
from shared.messaging.chores import POSTPONED_BY, DueTimers, FiringSize
from shared.messaging.chores.timers import one_run
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


def test_as_many_fire_at_once_as_fit_into_the_time() -> None:
    size = FiringSize(limit_max=2_000, seconds_max=0.4, begin=100)
    size.fired(0.01, more=False, idle=True)
    assert size.limit == 100, "all that were due fitted in"
    for expected in (200, 400, 800):
        size.fired(0.05, more=True, idle=True)
        assert size.limit == expected
    size.fired(0.2, more=True, idle=True)
    assert size.limit == 880
    size.fired(0.05, more=True, idle=False)
    assert size.limit == 968, "events wait"
    size.fired(0.5, more=True, idle=True)
    assert size.limit == 484
    for _ in range(3):
        size.fired(0.01, more=True, idle=True)
    assert size.limit == 2_000
    for _ in range(12):
        size.failed()
    assert size.limit == 1


async def test_a_batch_of_one_and_a_large_one_fire_a_customers_timers_in_the_same_order(place: Ground) -> None:
    kinds = {"a": leave_a_trace, "b": leave_a_trace}
    orders = []
    for limit in (1, 7, 1000):
        await place.pool.execute("TRUNCATE outbox, timer")
        minutes = {n: timedelta(minutes=n * 7 % 11) for n in range(40)}
        await _set(place, *[_timer(f"{n}", NOW - before, kind="ab"[n % 2]) for n, before in minutes.items()])
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


async def test_timers_of_two_kinds_fire_in_transactions_of_their_own(place: Ground) -> None:
    transactions: dict[str, set[int]] = {"a": set(), "b": set()}

    async def note(work: Work, timers: Sequence[Timer]) -> None:
        number = await work.tx.conn.fetchval("SELECT pg_current_xact_id()::text::bigint")
        for timer in timers:
            transactions[timer.kind].add(number)

    await _set(place, *[_timer(f"{n}", NOW - timedelta(minutes=n), kind="aabb"[n % 4]) for n in range(12)])
    timers = DueTimers({"a": note, "b": note})
    await _fire(place, timers)
    async with asyncio.timeout(20):
        while timers.more:
            await _fire(place, timers)
    assert await _standing(place) == {}
    assert len(transactions["a"]) == len(transactions["b"]) == 3
    assert not transactions["a"] & transactions["b"]


def test_a_run_is_of_one_kind_and_leaves_out_nobodys_turn() -> None:
    def named(run: Sequence[Timer]) -> list[str]:
        return [timer.identity for timer in run]

    due = [
        *(_timer("1", kind="a"), _timer("2", kind="b"), _timer("3", kind="a")),
        *(_timer("4", kind="b", partition=2), _timer("5", kind="b", partition=2), _timer("6", kind="a", partition=2)),
        _timer("7", kind="a", partition=3),
    ]
    assert named(one_run(due, "")) == ["1", "7"]
    assert named(one_run(due, "a")) == ["4", "5"]
    assert named(one_run(due, "b")) == ["1", "7"]
    assert one_run([], "a") == []


async def test_a_partition_does_not_wait_for_the_backlog_of_another(place: Ground) -> None:
    await _set(place, *[_timer(f"{n}", NOW - DAY, kind="a") for n in range(50)], _timer("b", kind="b", partition=2))
    timers = DueTimers({"a": leave_a_trace, "b": leave_a_trace}, size=FiringSize(limit_max=30))
    await _fire(place, timers)
    await _fire(place, timers)
    assert "b" not in await _standing(place)
    assert timers.more


async def test_a_kind_whose_transaction_fails_does_not_hold_up_others(place: Ground) -> None:
    async def conflict(_: Work, __: Sequence[Timer]) -> None:
        raise TimeoutError("others are at it")

    await _set(place, _timer("a", NOW - DAY, kind="a"), _timer("b", kind="b", partition=2))
    timers = DueTimers({"a": conflict, "b": leave_a_trace})
    with pytest.raises(TimeoutError):
        await _fire(place, timers)
    await _fire(place, timers)
    assert await _fired(place) == ["b"]
    assert set(await _standing(place)) == {"a"}


async def test_who_sets_an_earlier_date_does_not_wait_for_who_fires_and_it_fires_again(place: Ground) -> None:
    async def meanwhile(work: Work, timers: Sequence[Timer]) -> None:
        await leave_a_trace(work, timers)
        if await place.pool.fetchval("SELECT due FROM timer") == NOW:
            await asyncio.wait_for(_set(place, _timer("a", NOW - DAY)), 5)

    await _set(place, _timer("a"))
    await _fire(place, DueTimers({KIND: meanwhile}))
    assert await _standing(place) == {"a": NOW - DAY}
    await _fire(place, DueTimers({KIND: meanwhile}))
    assert await _standing(place) == {}
    assert await _fired(place) == ["a", "a"]
