"""Each fault once, on a small dirty stream. `make chaos` throws them at random, for longer."""

from __future__ import annotations

import asyncio
import os
import signal
from random import Random

import pytest

from shared.contracts import topics
from shared.messaging.reference import PATIENCE_SECONDS
from tests.chaos.faults import (
    RELAYING,
    STEPS,
    Fault,
    kill_broker,
    lose_commits,
    reset_connections,
    restart_database,
    storm,
    terminate_backends,
)
from tests.chaos.judging import judge, repeats_of
from tests.chaos.topic import forget_members, messages_of
from tests.chaos.world import SERVICES, Servers, World, a_world
from tests.messaging.lossy_proxy import LossyProxy

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get("CHAOS") == "long", reason="the long form does all of this at random"),
]
SEED = int(os.environ.get("CHAOS_SEED", "20260101"))


async def test_nothing_wrong_happens_without_faults(servers: Servers) -> None:
    """The judge must be content before it may accuse anybody."""
    async with a_world(servers, seed=SEED, services=SERVICES) as world:
        for service in SERVICES:
            world.keep(service)
        await world.feed_rest()
        print("drained after", await world.drained())
        print("compared", await judge(world))
        for keeper in world.keepers:
            await keeper.end()
        assert [ending.code for keeper in world.keepers for ending in keeper.endings] == [0, 0, 0]


async def test_two_workers_that_begin_behind_a_backlog_teach_each_other_the_shops(servers: Servers) -> None:
    """Each reads, together with orders of shops that it does not know, shops that the other one does not know."""
    async with a_world(servers, seed=SEED + 7, customers=150) as world:
        world.keep("gateway")
        await world.feed_rest()
        async with asyncio.timeout(90):
            behind = {
                f"{topic} before metrics" for topic in (topics.ORDERS, topics.CUSTOMERS)
            }  # which is not there yet
            while set(await world.left()) != behind:  # noqa: ASYNC110 - tables and topics tell no one
                await asyncio.sleep(0.25)
        for _ in range(2):
            world.keep("metrics")
        seconds = await world.drained()
        print("compared", await judge(world))
        assert seconds < PATIENCE_SECONDS / 2, "somebody waited for something that was there"


async def test_killed_at_every_named_point_nothing_is_lost_or_doubled(servers: Servers) -> None:
    async with a_world(servers, seed=SEED + 1, customers=400, services=SERVICES) as world:
        small = {"MANDEGAR_BATCH_EVENTS_MAX": "25"}
        steps = [f"{point}:{nth}" for nth, point in enumerate(STEPS, 2)]
        gateway = world.keep("gateway", plan=[*steps, "relay_after_send:2", "relay_after_delete:3"], **small)
        metrics = world.keep("metrics", plan=[*steps, "timer_after_claim", *RELAYING], **small)
        loyalty = world.keep("loyalty", plan=[*steps, *RELAYING], **small)
        async with asyncio.timeout(240):
            while any(keeper.plan for keeper in world.keepers):
                # Little when half is sent: on a busy machine a worker takes long to come back.
                await world.feed(30 if world.sent < len(world.stream.lines) / 2 else 3)
                await asyncio.sleep(0.3)
                assert world.sent < len(world.stream.lines), [keeper.plan for keeper in world.keepers]
        await world.feed_rest()
        await world.drained()
        print("compared", await judge(world))
        for keeper, count in ((gateway, 8), (metrics, 9), (loyalty, 8)):
            assert [ending.code for ending in keeper.endings] == [-signal.SIGKILL] * count
        # The relay that died between sending and deleting sent twice, or it died too early to prove anything.
        sent = [await messages_of(world.kafka, topic) for topic in (topics.ORDERS, topics.CUSTOMERS)]
        assert sum(map(repeats_of, sent)) > 0


async def test_a_worker_stopped_inside_its_transaction_is_fenced_when_it_comes_back(servers: Servers) -> None:
    points = dict(zip(SERVICES, ("before_commit", "after_commit", "before_commit"), strict=True))
    async with a_world(servers, seed=SEED + 2, services=SERVICES) as world:
        zombies = [
            world.keep(service, plan=[f"{point}:4:stop"], MANDEGAR_BATCH_EVENTS_MAX="25")
            for service, point in points.items()
        ]
        await world.feed(400)
        async with asyncio.timeout(30):
            while not all(zombie.is_stopped for zombie in zombies):  # noqa: ASYNC110 - of other processes
                await asyncio.sleep(0.05)
        for service in SERVICES:
            world.keep(service)
            await forget_members(world.kafka, service)
        await asyncio.gather(world.feed(600, pause=0.3), asyncio.sleep(9.5))
        for zombie in zombies:
            zombie.send(signal.SIGCONT)
        await world.feed_rest()
        await world.drained()
        print("compared", await judge(world))
        assert world.endings == [], f"a zombie finds out by itself and lives on: {world.obituary()}"
        for zombie in zombies:
            committed = points[zombie.service] == "after_commit"
            assert committed or '"cause": "fenced"' in zombie.log.read_text()
            assert await taken_over(world, zombie.service), "somebody else owned every partition meanwhile"


async def taken_over(world: World, service: str) -> bool:
    pool = await world.pool(service)
    try:
        return bool(await pool.fetchval("SELECT min(epoch) > 1 FROM consumer_offset"))
    finally:
        await pool.close()


async def test_a_killed_broker_comes_back_and_everything_goes_on(servers: Servers) -> None:
    await _under(servers, SEED + 3, kill_broker)


async def test_a_crashed_database_comes_back_and_everything_goes_on(servers: Servers) -> None:
    await _under(servers, SEED + 4, restart_database, terminate_backends)


async def test_lost_replies_of_commit_and_connections_that_are_reset_lose_and_double_nothing(servers: Servers) -> None:
    proxy = await _under(servers, SEED + 5, lose_commits, reset_connections, through_proxy=True)
    assert proxy.lost >= 20


async def test_workers_that_come_and_go_lose_and_double_nothing(servers: Servers) -> None:
    await _under(servers, SEED + 6, storm)


async def _under(servers: Servers, seed: int, *faults: Fault, through_proxy: bool = False) -> LossyProxy:
    """Feed, harm while it flows, feed the rest, judge."""
    async with a_world(servers, seed=seed, through_proxy=through_proxy, services=SERVICES) as world:
        for service in SERVICES:
            world.keep(service, MANDEGAR_BATCH_EVENTS_MAX="100")
        await world.feed(200)
        await world.underway()
        feeding = asyncio.create_task(world.feed(900, pause=0.3))
        for fault in faults:
            await fault(world, Random(seed))
        await feeding
        await world.feed_rest()
        print("drained after", await world.drained())
        print("compared", await judge(world))
        assert all(ending.code in (0, -signal.SIGKILL) for ending in world.endings), world.obituary()
        return world.proxy
