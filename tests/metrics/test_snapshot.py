"""The shop's retention is published after changes, at most once in five seconds, and at the start of its day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from services.metrics.main import create_service
from services.metrics.retention import jobs
from shared.contracts.topics import METRICS_RETENTION, ORDERS
from shared.kernel import FixedClock
from shared.messaging.handling import Timer
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.metrics.streams import NOW, SHOPS, Story

pytestmark = pytest.mark.stack


async def _fire(harness: Harness, timer: Timer) -> None:
    async def step(work: object) -> None:
        await jobs.publish(work, [timer])  # type: ignore[arg-type]  # as much of the work as is needed

    await harness.step(ORDERS, timer.partition, step)


async def _timers(harness: Harness) -> list[Timer]:
    rows = await harness.pool.fetch(
        "SELECT shop, kind, identity, due, partition FROM timer WHERE kind = $1 ORDER BY shop", jobs.SNAPSHOT_TIMER
    )
    return [Timer(*row) for row in rows]


async def test_changes_are_followed_by_one_snapshot_and_then_the_next_day_s(databases: Databases) -> None:
    clock = FixedClock(NOW)
    events = Story(Random(2), customers=8, shops=SHOPS[1:2], days=450).tell(80, plain=True)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(*SHOPS)
        await harness.feed(ORDERS, events[:40], batch=10)
        clock.advance(timedelta(seconds=2))
        await harness.feed(ORDERS, events[40:], batch=10)
        [timer] = await _timers(harness)
        assert (timer.identity, timer.due) == ("tehran", NOW + jobs.PAUSE), "later changes do not put it off"

        clock.advance(timedelta(seconds=3))
        await harness.pool.execute("DELETE FROM timer")
        await _fire(harness, timer)
        [published] = await harness.published(METRICS_RETENTION)
        assert published.key == b"tehran:"
        assert published.event["type"] == "retention.snapshot"
        assert published.event["data"]["lifetime_customers"] == len({event.data.customer for event in events} - {None})
        [following] = await _timers(harness)
        assert following.due == datetime(2025, 6, 1, 20, 30, tzinfo=UTC), "midnight in Tehran"


async def test_nothing_is_announced_when_nothing_changed(databases: Databases) -> None:
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(*SHOPS)
        await harness.feed(ORDERS, [])
        assert await _timers(harness) == []
