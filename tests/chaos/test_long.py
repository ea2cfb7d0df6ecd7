"""`make chaos`: faults drawn at random from a printed seed, several at once, round after round until time is up."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Sequence
from random import Random, SystemRandom
from time import monotonic

import pytest

from services.gateway.shops import add_shop
from shared.kernel import SystemClock
from tests.chaos.faults import (
    RELAYING,
    STEPS,
    Fault,
    black_hole,
    kill_broker,
    kill_workers,
    lose_commits,
    reset_connections,
    restart_database,
    starve,
    stop_worker,
    storm,
    terminate_backends,
)
from tests.chaos.judging import judge, repeats_of
from tests.chaos.topic import messages_of
from tests.chaos.world import SERVICES, Servers, World, a_world

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("CHAOS") != "long", reason="CHAOS=long asks for it"),
]
SEED = int(os.environ.get("CHAOS_SEED") or SystemRandom().randrange(10**8))
SECONDS = float(os.environ.get("CHAOS_SECONDS", "900"))
AWAY_SECONDS = float(os.environ.get("CHAOS_AWAY_SECONDS", "300"))
FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        kill_broker,
        restart_database,
        terminate_backends,
        lose_commits,
        reset_connections,
        black_hole,
        kill_workers,
        stop_worker,
        starve,
        storm,
    )
}


async def test_whatever_happens_nothing_is_lost_doubled_or_out_of_order(
    servers: Servers, capsys: pytest.CaptureFixture[str]
) -> None:
    began, number, totals = monotonic(), 0, Counter[str]()
    while number == 0 or monotonic() - began < SECONDS:
        with capsys.disabled():
            seed = SEED + number
            print(f"\nround {number}, {monotonic() - began:.0f} s of {SECONDS:.0f}: CHAOS_SEED={seed}", flush=True)
            totals += await _round(servers, seed)
            print("so far:", dict(totals), flush=True)
        number += 1


async def test_a_broker_that_is_away_for_minutes_is_waited_for_and_what_was_written_meanwhile_drains(
    servers: Servers,
) -> None:
    """No worker may end for it: to be restarted would bring nothing back. Who writes by the API goes on."""
    async with a_world(servers, seed=SEED, services=SERVICES) as world:
        for service in SERVICES:
            world.keep(service)
        await world.feed(300)
        kafka = servers.stack.kafka
        await asyncio.to_thread(kafka.server.kill)
        try:
            await asyncio.sleep(AWAY_SECONDS / 2)
            pool = await world.pool("gateway")
            for number in range(200):
                await add_shop(
                    pool, SystemClock(), f"away-{number}", name="Opened meanwhile", zone="UTC", currency="EUR"
                )
            await pool.close()
            await asyncio.sleep(AWAY_SECONDS / 2)
        finally:
            await asyncio.to_thread(kafka.start)
        await world.feed_rest()
        print("drained", await world.drained(), "s after the broker came back; compared", await judge(world))
        assert world.endings == []
        pool = await world.pool("metrics")
        assert await pool.fetchval("SELECT count(*) FROM shop") == 200 + len(world.shops)
        await pool.close()


async def _round(servers: Servers, seed: int) -> Counter[str]:
    rng = Random(seed)
    names = [rng.choice(sorted(FAULTS)) for _ in range(rng.randint(2, 5))]
    customers = rng.randint(300, 1500)
    async with a_world(servers, seed=seed, customers=customers, through_proxy=True, services=SERVICES) as world:
        size = {"MANDEGAR_BATCH_EVENTS_MAX": str(rng.choice((7, 40, 200, 20_000)))}
        forget = rng.random() < 0.7
        for service in SERVICES:
            for _ in range(rng.randint(1, 2)):
                world.keep(service, plan=_plan(rng, service), forget=forget, **size)
        plans = [f"{keeper.service}: {' '.join(keeper.plan) or 'no crash point'}" for keeper in world.keepers]
        print(f"  batches of {size['MANDEGAR_BATCH_EVENTS_MAX']}; {'; '.join(plans)}; {', '.join(names)}", flush=True)
        await world.feed(100)
        feeding = asyncio.create_task(world.feed(len(world.stream.lines), piece=rng.randint(5, 60), pause=0.2))
        try:
            await _harm(world, rng, names)
        finally:
            world.hurry = True
            await feeding
        # A point that has not been passed by now never will be: whoever still waits for it goes on without.
        seconds = await world.drained(180)
        compared = await judge(world)
        repeats = repeats_of(await messages_of(world.kafka, "orders.v1"))
        endings = Counter(signal.Signals(-e.code).name if e.code < 0 else f"exit {e.code}" for e in world.endings)
        print(f"  drained {seconds:.1f} s after the last fault; {compared} compared; workers ended: {dict(endings)}")
        assert set(endings) <= {"SIGKILL", "exit 0", "exit 1"}, world.endings
        return Counter(rounds=1, lines=len(world.stream.lines), repeats=repeats, lives=endings.total(), **_count(names))


async def _harm(world: World, rng: Random, names: Sequence[str]) -> None:
    """Two lanes of faults at once, each one after the other, but for those that need their server to themselves."""
    servers = asyncio.Lock()

    async def lane(part: Sequence[str]) -> None:
        for name in part:
            await asyncio.sleep(rng.uniform(0, 3))
            if name in ("kill_broker", "restart_database"):
                async with servers:
                    await FAULTS[name](world, rng)
            else:
                await FAULTS[name](world, rng)

    await asyncio.gather(lane(names[::2]), lane(names[1::2]))


def _plan(rng: Random, service: str) -> list[str]:
    points = [*STEPS, *RELAYING] + (["timer_after_claim"] if service == "metrics" else [])
    chosen = rng.sample(points, rng.randint(0, 4))
    return [f"{point}:{1 if point == 'timer_after_claim' else rng.randint(1, 5)}" for point in chosen]


def _count(names: Sequence[str]) -> dict[str, int]:
    return dict(Counter(names))
