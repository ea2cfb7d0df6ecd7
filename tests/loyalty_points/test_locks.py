"""Transactions that want the same accounts in different moments: whoever waits, nobody waits in a circle.

Each test stops a transaction at one place, has another come until it waits or is done, and then lets the first go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.loyalty.points import Operation, Reserve, Spend, Who, post, terms_of
from services.loyalty.points.posting import HOLD_TIMER, TURN_TIMER
from shared.db.transaction import OpenTransaction
from shared.messaging.handling import Timer, Work
from tests.loyalty_points.ledger import DAY, cause
from tests.loyalty_points.playing import PARTITION, TEHRAN, Play, earned, playing

pytestmark = pytest.mark.stack
ANA, BEN = Who(1, 100), Who(1, 200)
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def until_one_waits(play: Play, unless: asyncio.Task[Any]) -> None:
    """Until a transaction waits for a lock, or the task has ended."""
    async with asyncio.timeout(20):
        while not unless.done() and not await play.pool.fetchval(_WAITING):  # noqa: ASYNC110 - only a look tells
            await asyncio.sleep(0.01)


@asynccontextmanager
async def posting(play: Play, *operations: Operation) -> AsyncIterator[None]:
    """A transaction that has posted, and commits at the end of the block."""
    async with play.pool.acquire() as conn, conn.transaction():
        tx = OpenTransaction(conn, play.clock.now())
        await post(tx, {1: terms_of(TEHRAN, restored_days=5)}, operations)
        yield
        await tx.finish()


async def test_timers_of_two_kinds_and_a_spend_of_two_accounts_pass_one_another(url: str) -> None:
    async with playing(url) as play:
        await play.post(earned(ANA, "A", 100, DAY, expires=DAY + 2), earned(BEN, "A", 100, DAY, expires=DAY + 300))
        day, until = DAY + 1, cause(DAY + 1).at + 3_600_000_000
        play.clock.advance(timedelta(days=1))
        await play.fire()
        await play.post(Reserve(BEN, "held", 60, until, cause(day), day, (), PARTITION))
        play.clock.advance(timedelta(days=1))
        fall_due = play.harness.service.timers[TURN_TIMER]
        spending: list[asyncio.Task[Any]] = []

        async def after_the_hold(work: Work, timers: Sequence[Timer]) -> None:
            spend = Spend(ANA, "both", 10, cause(day + 1), day + 1, (BEN,))
            spending.append(asyncio.create_task(play.post(spend)))
            await until_one_waits(play, spending[0])
            await fall_due(work, timers)

        # What expires is found by the timer of points; the hold has lapsed before.
        kinds = await play.pool.fetch("SELECT kind FROM timer WHERE due <= $1 ORDER BY due", play.clock.now())
        assert [kind for (kind,) in kinds if kind in {HOLD_TIMER, TURN_TIMER}] == [HOLD_TIMER, TURN_TIMER]
        timers = {**play.harness.service.timers, TURN_TIMER: after_the_hold}
        play.harness.service = replace(play.harness.service, timers=timers)
        await play.fire()
        await spending[0]
        assert await play.pool.fetchval("SELECT count(*) FROM hold WHERE hold = 'both'") == 1


async def test_a_writer_who_sets_a_timer_earlier_does_not_wait_for_who_fires_it(url: str) -> None:
    async with playing(url) as play:
        await play.post(earned(ANA, "A", 100, DAY, expires=DAY + 300))
        # The writer's clock is behind: a worker fires already what the writer still moves to an earlier day.
        async with posting(play, earned(ANA, "B", 100, DAY, expires=DAY + 200)):
            play.clock.advance(timedelta(days=400))
            firing = asyncio.create_task(play.fire())
            await until_one_waits(play, firing)
            assert not firing.done()
        await firing
        assert await play.pool.fetchval("SELECT active FROM account") == 0
        assert await play.pool.fetchval("SELECT count(*) FROM timer WHERE kind = 'points'") == 0


async def test_who_makes_an_account_holds_none_that_another_waits_for(url: str) -> None:
    """Somebody makes Ana's account and then wants Ben's, while a posting to both waits for it to be made."""
    async with playing(url) as play:
        await play.post(earned(BEN, "A", 100, DAY))
        async with play.pool.acquire() as conn, conn.transaction():
            await conn.execute("INSERT INTO account (shop, customer, head) VALUES ($1, $2, $3)", *ANA, bytes(32))
            both = asyncio.create_task(play.post(earned(ANA, "B", 100, DAY), earned(BEN, "B", 100, DAY)))
            await until_one_waits(play, both)
            await conn.execute("SELECT FROM account WHERE shop = $1 AND customer = $2 FOR UPDATE", *BEN)
        await both
        rows = await play.pool.fetch("SELECT active FROM account ORDER BY customer")
        assert [active for (active,) in rows] == [100, 200]
