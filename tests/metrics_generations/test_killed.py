"""Workers are killed at every named point while all shops change their settings, twice, under load."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import asyncpg
import pytest

from services.gateway.shops import add_shop
from shared.db.engine import create_pool
from shared.kernel import SystemClock
from tests.chaos.faults import STEPS
from tests.chaos.judging import judge
from tests.chaos.world import AWAY, Servers, World, a_world

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SEED = int(os.environ.get("GENERATIONS_SEED", "20260402"))


async def choose(world: World, **settings: Any) -> None:
    """All shops take these settings, and the zone that they began with unless another is given."""
    pool = await create_pool(world.url, "gateway", application="operator")
    try:
        for slug, shop in world.shops.items():
            await add_shop(pool, SystemClock(), slug, **({"zone": shop.zone} | settings))
    finally:
        await pool.close()


async def until_live(pool: asyncpg.Pool[Any], windows: tuple[int, ...], shops: int, seconds: float = 120) -> None:
    asked = "SELECT count(*) FROM generation WHERE live AND windows = $1::int[]"
    async with asyncio.timeout(seconds):
        while True:
            try:
                if await pool.fetchval(asked, list(windows)) == shops:
                    return
            except AWAY:
                pass
            await asyncio.sleep(0.2)


async def test_killed_at_every_point_two_changes_in_a_row_lose_and_double_nothing(servers: Servers) -> None:
    async with a_world(servers, seed=SEED, customers=250) as world:
        world.keep("gateway")
        steps = [
            "timer_after_claim:2",
            *(f"{point}:{nth}" for nth, point in enumerate(STEPS, 2)),
            "timer_after_claim:3",
        ]
        metrics = world.keep("metrics", plan=steps, MANDEGAR_BATCH_EVENTS_MAX="40")
        await world.feed(500)
        pool = await world.pool("metrics")
        try:
            feeding = asyncio.create_task(world.feed(len(world.stream.lines), piece=4, pause=0.2))
            await choose(world, zone="Asia/Tehran", windows=(7, 60), calendar="jalali")
            await until_live(pool, (7, 60), len(world.shops))
            await choose(world, zone="Pacific/Apia", windows=(9,), loyal_over=2)
            await asyncio.sleep(3)
            await choose(world, windows=(30, 90, 180, 365), loyal_over=3, calendar="gregorian")
            world.hurry = True
            await feeding
            await until_live(pool, (30, 90, 180, 365), len(world.shops))
            await world.drained()
            async with asyncio.timeout(60):
                while await pool.fetchval("SELECT count(*) FROM timer WHERE kind LIKE 'generation_%'"):  # noqa: ASYNC110 - a table tells no one
                    await asyncio.sleep(0.2)
            live = await pool.fetch("SELECT loyal_over FROM generation WHERE live")
            assert {row[0] for row in live} == {3}
            print("compared", await judge(world))
        finally:
            await pool.close()
        killed = [ending.crash_at for ending in metrics.endings if ending.code == -signal.SIGKILL]
        assert len(killed) >= 6, killed
