"""Counters that many shards wrote are folded in the background, by a timer of the shop."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from services.metrics.counters import jobs
from services.metrics.counters.store import folding
from services.metrics.main import create_service
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock
from shared.messaging.handling import Timer
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.metrics.streams import NOW, SHOPS, Story

pytestmark = pytest.mark.stack


async def _fold_timer(harness: Harness) -> Timer | None:
    rows = await harness.pool.fetch(
        "SELECT shop, kind, identity, due, partition FROM timer WHERE kind = $1", jobs.FOLD_TIMER
    )
    return Timer(*rows[0]) if rows else None


async def _sums(harness: Harness) -> list[tuple[object, ...]]:
    columns = "shop, generation, basis, measure, param, currency, day, gap"
    rows = await harness.pool.fetch(
        f"SELECT {columns}, sum(value) FROM counter GROUP BY {columns} HAVING sum(value) <> 0 ORDER BY {columns}"
    )
    return [tuple(row) for row in rows]


async def test_the_counters_of_a_busy_shop_are_folded_step_by_step_and_their_sums_stay(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ROWS_MAX", 50)

    async def short_step(conn: object, shop: int) -> int:
        return await folding.fold(conn, shop, 50)  # type: ignore[arg-type]  # a connection is passed through

    monkeypatch.setattr(jobs, "fold", short_step)
    clock = FixedClock(NOW)
    events = Story(Random(5), customers=12, shops=SHOPS[:1], days=200).tell(60, plain=True)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(*SHOPS)
        await harness.feed(ORDERS, events, batch=7)
        before = await _sums(harness)
        timer = await _fold_timer(harness)
        assert timer is not None and timer.due == NOW + jobs.PAUSE

        steps = 0
        while timer is not None:
            fired: list[Timer] = [timer]
            await harness.pool.execute("DELETE FROM timer WHERE kind = $1", jobs.FOLD_TIMER)
            clock.advance(timedelta(minutes=1))
            await harness.step(ORDERS, timer.partition, lambda work, fired=fired: jobs.fold_shops(work, fired))
            steps += 1
            assert steps < 200
            timer = await _fold_timer(harness)
        assert steps > 1, "one step was enough, so this showed nothing"
        assert await harness.pool.fetchval("SELECT count(*) FROM counter WHERE shard >= 0") == 0
        assert await _sums(harness) == before
