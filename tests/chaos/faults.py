"""What is done to the platform. Each fault is over when its function returns; what it leaves behind is not."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from random import Random

import asyncpg

from shared.db.engine import plain_url
from shared.messaging.crash import POINTS
from tests.chaos.topic import forget_members
from tests.chaos.world import AWAY, World

Fault = Callable[[World, Random], Awaitable[None]]

STEPS = ("after_fence", "after_ids", "after_state", "after_outbox", "before_commit", "after_commit")
RELAYING = ("relay_after_send", "relay_after_delete")
REBUILDING = ("rebuild_after_lock", "rebuild_before_commit")
"""Passed by an operator's command and not by workers; tests/rebuild dies there."""
SENDING = (
    *("send_before_claim", "send_after_claim", "send_before_call"),
    *("send_after_call", "send_before_end", "send_after_end"),
)
"""Of a message: passed by campaigns alone."""
assert {*STEPS, *RELAYING, *REBUILDING, *SENDING, "timer_after_claim"} == POINTS, "a new crash point belongs here"


async def kill_broker(world: World, rng: Random) -> None:
    """kill -9, a while without, and the same broker again."""
    kafka = world.servers.stack.kafka
    await asyncio.to_thread(kafka.server.kill)
    await asyncio.sleep(rng.uniform(0, 3))
    await asyncio.to_thread(kafka.start)


async def restart_database(world: World, rng: Random) -> None:
    """Immediate shutdown, as a crash: no checkpoint, no good-bye."""
    postgres = world.servers.stack.postgres
    postgres.server.send_signal(signal.SIGQUIT)
    await asyncio.to_thread(postgres.server.stop)
    await asyncio.sleep(rng.uniform(0, 2))
    await asyncio.to_thread(postgres.start)


async def terminate_backends(world: World, rng: Random, *, times: int = 8) -> None:
    """All sessions of the workers end, again and again, wherever they are."""
    for _ in range(times):
        with contextlib.suppress(*AWAY):
            conn = await asyncpg.connect(plain_url(world.url), timeout=5)
            try:
                await conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            finally:
                await conn.close(timeout=5)
        await asyncio.sleep(rng.uniform(0.1, 0.6))


async def lose_commits(world: World, rng: Random, *, seconds: float = 5.0) -> None:
    """For a while, the replies of COMMITs are lost. Only in a world whose workers go through the proxy."""
    world.loss = rng.uniform(0.3, 0.7)
    await asyncio.sleep(seconds)
    world.loss = 0.0


async def reset_connections(world: World, rng: Random, *, times: int = 12) -> None:
    """All connections to the database end by RST, again and again. Only through the proxy, as what follows."""
    for _ in range(times):
        world.proxy.reset()
        await asyncio.sleep(rng.uniform(0.05, 0.6))


async def black_hole(world: World, rng: Random, *, times: int = 2) -> None:
    """Connections stay open and nothing passes; new ones work."""
    for _ in range(times):
        world.proxy.swallow()
        await asyncio.sleep(rng.uniform(2, 6))


async def starve(world: World, rng: Random, *, seconds: float = 60.0) -> None:
    """One worker of each service is held to a fifth of a core: stopped for 0.4 s of each 0.5 s."""
    poor = [next(keeper for keeper in world.keepers if keeper.service == service) for service in world.services]
    await asyncio.sleep(rng.uniform(0, 3))
    for _ in range(round(seconds / 0.5)):
        for number, pause in ((signal.SIGSTOP, 0.4), (signal.SIGCONT, 0.1)):
            for keeper in poor:
                keeper.send(number)
            await asyncio.sleep(pause)


async def kill_workers(world: World, rng: Random) -> None:
    """kill -9 of any worker at any moment, relay and all."""
    for _ in range(rng.randint(1, 4)):
        rng.choice(world.keepers).send(signal.SIGKILL)
        await asyncio.sleep(rng.uniform(0.2, 3))


async def stop_worker(world: World, rng: Random, *, seconds: float = 9.5) -> None:
    """A zombie: stopped, given up by its group and replaced, and back."""
    keeper = rng.choice(world.keepers)
    keeper.send(signal.SIGSTOP)
    await forget_members(world.kafka, keeper.service)
    await asyncio.sleep(seconds)
    keeper.send(signal.SIGCONT)


async def storm(world: World, rng: Random, *, rounds: int = 6) -> None:
    """Workers come and go about every second, some in order and some not."""
    for _ in range(rounds):
        passing = [world.keep(service) for service in world.services]
        await asyncio.sleep(rng.uniform(0.8, 2.5))
        for keeper in passing:
            if rng.random() < 0.4:
                keeper.kill()
            else:
                await keeper.end()
            world.keepers.remove(keeper)
        for service in world.services:
            if rng.random() < 0.3:
                await forget_members(world.kafka, service)
