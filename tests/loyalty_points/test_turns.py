"""The day's turn by timers: in its order, on either clock, however late; holds lapse; roots are signed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from random import Random

import asyncpg
import pytest

from services.loyalty.points import Operation, Reserve, Spend, Who, jobs, verify
from services.loyalty.points.posting import Moved
from shared import clocks
from shared.clocks import Moment
from shared.kernel import Zone
from tests.loyalty_points.ledger import DAY, cause
from tests.loyalty_points.playing import PARTITION, REPLAYED, TEHRAN, Play, earned, playing, signer
from tests.loyalty_points.test_posting import anything

pytestmark = pytest.mark.stack
ANA = Who(1, 100)
STORY = [
    ("points.earned", 100),
    ("points.activated", 100),
    ("points.expiring", 100),
    ("points.expiring", 100),
    ("points.expiring", 100),
    ("points.expired", 100),
]


async def all_is_well(play: Play) -> None:
    async with play.pool.acquire() as conn:
        for found in await verify(conn, signer()):
            assert found.violations == []


async def test_points_start_are_announced_and_expire_on_the_shops_own_days(url: str) -> None:
    async with playing(url) as play:
        await play.post(earned(ANA, "A", 100, DAY, starts=DAY + 14, expires=DAY + 100))
        await play.pass_days(110)
        assert await play.told() == STORY
        published = await play.harness.published()
        zone = Zone(TEHRAN.zone)
        days = [DAY, DAY + 14, DAY + 70, DAY + 93, DAY + 99, DAY + 100]
        times = [one.event["time"] for one in published[1:]]
        assert times == [zone.start_of(day).isoformat().replace("+00:00", "Z") for day in days[1:]]  # type: ignore[arg-type]  # days
        assert [one.event["data"]["days"] for one in published[2:5]] == [30, 7, 1]
        await all_is_well(play)


async def test_a_worker_that_was_away_for_long_does_what_it_would_have_done(url: str) -> None:
    async with playing(url) as play:
        await play.post(earned(ANA, "A", 100, DAY, starts=DAY + 14, expires=DAY + 100))
        play.clock.advance(timedelta(days=400))
        await play.fire()
        assert await play.told() == STORY
        await all_is_well(play)


async def test_a_timer_that_comes_after_an_operation_did_its_work_looks_again(url: str) -> None:
    async with playing(url) as play:
        await play.post(earned(ANA, "A", 100, DAY, starts=DAY + 14, expires=DAY + 100))
        play.clock.advance(timedelta(days=20))
        await play.post(Spend(ANA, "reward", 10, cause(play.today), play.today))
        assert await play.told() == [*STORY[:2], ("points.redeemed", 10)]
        await play.fire()
        await all_is_well(play)
        await play.pass_days(100)
        assert (await play.told())[3:] == [(name, 90) for name, _ in STORY[2:]]
        await all_is_well(play)


async def test_on_the_stream_clock_points_follow_the_events_of_their_partition(url: str) -> None:
    async with playing(url) as play:
        who, zone = Who(2, 100), Zone(REPLAYED.zone)
        await play.post(earned(who, "A", 100, DAY, starts=DAY + 14, expires=DAY + 100), shop=REPLAYED)
        play.clock.advance(timedelta(days=400))
        await play.fire()
        assert len(await play.told()) == 1
        for day, told in ((DAY + 13, 1), (DAY + 14, 2), (DAY + 99, 5), (DAY + 200, 6)):
            async with play.pool.acquire() as conn:
                until = zone.start_of(day)  # type: ignore[arg-type]  # a day
                await clocks.move(conn, {(2, PARTITION): Moment(until, day, "backfill")})
            await play.fire()
            assert len(await play.told()) == told
        assert await play.told() == STORY
        assert {one.event["origin"] for one in (await play.harness.published())[1:]} == {"backfill"}
        await all_is_well(play)


async def test_a_hold_lapses_when_its_time_is_over(url: str) -> None:
    async with playing(url) as play:
        await play.post(earned(ANA, "A", 100, DAY, expires=DAY + 1))
        until = cause(DAY).at + 48 * 3_600_000_000
        await play.post(Reserve(ANA, "held", 60, until, cause(DAY), DAY, (), PARTITION))
        await play.pass_days(3)
        row = await play.pool.fetchrow("SELECT active, held FROM account")
        assert tuple(row) == (0, 0)
        assert await play.pool.fetchval("SELECT state FROM hold") == 4
        assert (await play.told())[1:] == [("points.expired", 40), ("points.expired", 60)]
        await all_is_well(play)


async def test_writers_and_timers_at_once_leave_a_sound_ledger(url: str) -> None:
    async with playing(url) as play:
        await play.post(*(earned(Who(1, customer), "A", 500, DAY, expires=DAY + 3) for customer in range(1, 5)))
        batches = [batch for _, batch in anything(Random(11), 300)]
        tries: Counter[str] = Counter()

        async def write(mine: Iterable[list[Operation]]) -> None:
            for batch in mine:
                today = [one._replace(day=play.today) for one in batch]
                for _ in range(50):
                    try:
                        await play.post(*today)
                        break
                    except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, Moved) as error:
                        tries[type(error).__name__] += 1
                else:
                    raise AssertionError("a batch never came through")

        async def days() -> None:
            for _ in range(60):
                play.clock.advance(timedelta(days=1))
                await play.fire()
                await asyncio.sleep(0.01)

        await asyncio.gather(*(write(batches[at::4]) for at in range(4)), days())
        assert tries["DeadlockDetectedError"] == 0
        assert await play.pool.fetchval("SELECT count(*) FROM entry") > 300
        await play.pass_days(1)
        await all_is_well(play)


async def test_each_hour_a_root_is_signed_over_all_heads_in_pieces(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEADS_AT_ONCE", 3)
    async with playing(url) as play:
        await play.post(*(earned(Who(1, customer), "A", 10, DAY) for customer in range(1, 8)))
        for hour in range(3):
            play.clock.advance(timedelta(hours=1))
            await play.fire()
            await play.post(earned(Who(1, 1 + hour), "B", 10, DAY), earned(Who(1, 100 + hour), "B", 10, DAY))
        rows = await play.pool.fetch("SELECT n, accounts, signature IS NOT NULL FROM ledger_root ORDER BY n")
        assert [tuple(row) for row in rows] == [(1, 7, True), (2, 8, True), (3, 9, True)]
        await all_is_well(play)
