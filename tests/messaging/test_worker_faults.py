"""Faults from outside: killed at each step, stopped and back, COMMIT's reply lost. Nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process

import pytest
from sqlalchemy.engine import make_url

from shared.messaging.worker import Worker
from tests.chaos.topic import forget_members
from tests.messaging.lossy_proxy import lossy_proxy
from tests.messaging.outbox_ground import until
from tests.messaging.probe import SUMS, added, probe, totals
from tests.messaging.worker_ground import SECRET, Place, at_work, make_topic

POINTS = ["after_fence", "after_ids", "after_state", "after_outbox", "before_commit", "after_commit"]


async def start(place: Place, **environ: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.messaging.worker_process",
        place.topic,
        env=os.environ
        | {
            "DATABASE_URL": place.url,
            "KAFKA_BOOTSTRAP_SERVERS": place.stack.bootstrap_servers,
            "MANDEGAR_SECRET_KEY": SECRET,
        }
        | environ,
    )


async def ended(process: Process, number: signal.Signals = signal.SIGKILL) -> None:
    if process.returncode is None:
        process.send_signal(number)
    await asyncio.wait_for(process.wait(), 20)


async def count(place: Place) -> int:
    return sum(n for _, n in (await totals(place.pool)).values())


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_killed_at_a_step_loses_and_doubles_nothing(place: Place, point: str) -> None:
    await place.send([added(n) for n in range(1200)])
    process = await start(place, MANDEGAR_CRASH_AT=f"{point}:2", MANDEGAR_BATCH_EVENTS_MAX="100")
    try:
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
    finally:
        await ended(process)
    assert await count(place) in ((100, 200) if point == "after_commit" else (0, 100))
    await forget_members(place.stack.bootstrap_servers, probe().name)  # who else would be missed after 10 s
    async with at_work(place.worker()):
        await place.until(1200, seconds=40)
        await asyncio.sleep(0.3)
    assert await count(place) == 1200
    published = await place.pool.fetchval("SELECT count(DISTINCT id) = count(*) FROM outbox")
    assert published is True


@pytest.mark.slow
async def test_a_stopped_process_that_comes_back_is_fenced(place: Place) -> None:
    await place.send([added(n) for n in range(500)])
    zombie = await start(place, MANDEGAR_BATCH_EVENTS_MAX="50")
    try:
        await place.until(500)
        sending = asyncio.create_task(place.send([added(n) for n in range(500, 10_000)]))
        await place.until(1000)
        zombie.send_signal(signal.SIGSTOP)
        await sending
        async with at_work(place.worker(batch_events_max=200)):
            await place.until(5000, seconds=60)
            zombie.send_signal(signal.SIGCONT)
            await place.until(10_000, seconds=60)
            await place.send([added(n) for n in range(10_000, 10_200)])
            await place.until(10_200, seconds=60)
            await ended(zombie, signal.SIGTERM)
            assert zombie.returncode == 0
    finally:
        if zombie.returncode is None:
            zombie.send_signal(signal.SIGCONT)
        await ended(zombie)
    assert await count(place) == 10_200


async def test_lost_replies_of_commit_double_nothing(place: Place) -> None:
    url = make_url(place.url)
    await place.send([added(n) for n in range(4000)])
    assert url.host is not None
    assert url.port is not None
    async with lossy_proxy(url.host, url.port, lambda n: n % 2 == 0 and n > 4) as proxy:
        direct, place.url = place.url, url.set(host="127.0.0.1", port=proxy.port).render_as_string(False)
        try:
            async with at_work(place.worker(batch_events_max=100)):
                await place.until(4000, seconds=60)
        finally:
            place.url = direct
    assert proxy.lost >= 10
    assert await count(place) == 4000


async def test_a_connection_that_became_a_black_hole_costs_one_time_limit(place: Place) -> None:
    url = make_url(place.url)
    assert url.host is not None
    assert url.port is not None
    await make_topic(place.stack, SUMS)
    async with lossy_proxy(url.host, url.port, lambda _: False) as proxy:
        direct, place.url = place.url, url.set(host="127.0.0.1", port=proxy.port).render_as_string(False)
        try:
            async with at_work(Worker(probe(topic=place.topic, reference=False), place.settings())) as tasks:
                await place.send([added(n) for n in range(200)])
                await place.until(200)
                assert proxy.swallow() >= 2
                await place.send([added(n) for n in range(200, 400)])
                await place.until(400, seconds=10)
                await until(lambda: place.pool.fetchval("SELECT count(*) = 0 FROM outbox"), 15)
                assert not tasks[0].done()
        finally:
            place.url = direct
    assert await count(place) == 400
