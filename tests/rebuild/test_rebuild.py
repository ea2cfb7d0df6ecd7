"""A rebuild from the topics equals live, goes on after kill -9, and takes live's place under load without a loss."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.db.engine import plain_url
from tests.chaos.judging import judge
from tests.chaos.keeping import ROOT
from tests.chaos.world import Servers, World, a_world

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SEED = int(os.environ.get("REBUILD_SEED", "20260311"))
MEMORY_MAX = 450 << 20
"""Bytes of a rebuild's process, however much there is to read: it holds what Kafka gave last and one batch."""


class Ended(Exception):
    """The command ended badly."""


async def rebuild(world: World, *arguments: str, crash_at: str = "", seconds: float = 150) -> list[dict[str, Any]]:
    """The JSON lines of `mandegar rebuild metrics`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mandegar", "rebuild", "metrics", "--json", *arguments),
        cwd=ROOT,
        env={**os.environ, **world.environ, "MANDEGAR_CRASH_AT": crash_at},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    watching = asyncio.create_task(_bound_memory(process.pid))
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        raise
    finally:
        watching.cancel()
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        if line["kind"] == "check" and not line["equal"]:
            print("differs", *(table for table in line["tables"] if table["state"] != "equal"), sep="\n  ")
    if process.returncode:
        raise Ended(process.returncode, err.decode()[-3000:], [line for line in lines if line["kind"] != "progress"])
    return lines


def _memory(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def _bound_memory(pid: int) -> None:
    """Kill the process when it holds more than a rebuild of any size may."""
    while True:
        with contextlib.suppress(OSError):
            if _memory(pid) > MEMORY_MAX:
                os.kill(pid, signal.SIGXCPU)
        await asyncio.sleep(0.1)


def told(lines: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [line for line in lines if line["kind"] == kind]
    return found


@asynccontextmanager
async def fed(world: World, *, pause: float = 0.25) -> AsyncIterator[None]:
    """The rest of the stream flows while the block runs, and all of it when the block ends."""
    feeding = asyncio.create_task(world.feed(len(world.stream.lines), piece=10, pause=pause))
    try:
        yield
        world.hurry = True
        await feeding
    finally:
        feeding.cancel()


async def rows_of(world: World, query: str) -> Any:
    conn = await asyncpg.connect(plain_url(world.url), timeout=5)
    try:
        return await conn.fetchval(query)
    finally:
        await conn.close()


async def test_a_rebuild_equals_live_while_orders_flow_and_goes_on_after_it_was_killed(servers: Servers) -> None:
    async with a_world(servers, seed=SEED, customers=600) as world:
        for service in ("gateway", "metrics"):
            world.keep(service)
        await world.feed(700)
        async with fed(world):
            for point in ("after_state:2", "before_commit:3", "after_commit:2"):
                with pytest.raises(Ended) as ended:
                    await rebuild(world, crash_at=point)
                assert ended.value.args[0] == -signal.SIGKILL
            position = "SELECT sum(next) FROM metrics_rebuild.consumer_offset WHERE topic = 'orders.v1'"
            kept = await rows_of(world, position)
            assert kept > 0, "what was done before the kill is kept"
            checked = told(await rebuild(world), "check")
            assert checked["equal"], checked
            rows = {table["table"]: table["rebuilt_rows"] for table in checked["tables"]}
            assert min(rows["order_fact"], rows["counter"], rows["customer_state"], rows["refund"]) > 10, rows
            assert world.sent < len(world.stream.lines), "orders were still flowing"
        await world.drained()
        lines = await rebuild(world)
        assert told(lines, "check")["equal"]
        assert [line for line in lines if line["kind"] == "progress"][-1]["percent"] == 100.0
        assert not await rows_of(world, "SELECT count(*) FROM metrics_rebuild.outbox"), "a rebuild says nothing"
        print("compared", await judge(world))


async def test_a_difference_is_found_and_nothing_is_switched(servers: Servers) -> None:
    async with a_world(servers, seed=SEED + 1, customers=60) as world:
        for service in ("gateway", "metrics"):
            world.keep(service)
        await world.feed_rest()
        await world.drained()
        await rows_of(world, "UPDATE metrics.counter SET value = value + 1 WHERE measure = 1 AND day % 7 = 0")
        await rows_of(world, "DELETE FROM metrics.refund WHERE amount = (SELECT max(amount) FROM metrics.refund)")
        with pytest.raises(Ended) as ended:
            await rebuild(world, "--switch")
        code, message, lines = ended.value.args
        assert code == 1
        assert "counter" in message
        assert "refund" in message
        different = {table["table"] for table in told(lines, "check")["tables"] if table["state"] == "different"}
        assert different == {"counter", "refund"}
        (refunds,) = [table for table in told(lines, "check")["tables"] if table["table"] == "refund"]
        assert [len(refunds[side]) for side in ("only_live", "only_rebuilt")] == [0, 1], "the row itself is shown"
        assert refunds["only_rebuilt"][0]["amount"] > 0
        assert not await rows_of(world, "SELECT count(*) FROM pg_namespace WHERE nspname = 'metrics_before'")
        # That is what a rebuild is for: the figures are right again.
        assert told(await rebuild(world, "--switch", "--even-if-different"), "switch")
        print("compared", await judge(world))


async def test_switched_under_load_nothing_is_lost_or_doubled(servers: Servers) -> None:
    async with a_world(servers, seed=SEED + 2, customers=600) as world:
        for service in ("gateway", "metrics", "metrics"):
            world.keep(service, MANDEGAR_BATCH_EVENTS_MAX="50")
        await world.feed(800)
        async with fed(world):
            for point in ("rebuild_after_lock", "rebuild_before_commit"):
                with pytest.raises(Ended) as ended:
                    await rebuild(world, "--switch", crash_at=point)
                assert ended.value.args[0] == -signal.SIGKILL, ended.value.args
                assert not await rows_of(world, "SELECT count(*) FROM pg_namespace WHERE nspname = 'metrics_before'")
            switched = told(await rebuild(world, "--switch"), "switch")
            print("switched", switched)
            assert switched["seconds"] < 5
            assert world.sent < len(world.stream.lines), "orders were still flowing"
            assert await rows_of(world, "SELECT count(*) FROM metrics_before.order_fact") > 0
            with pytest.raises(Ended, match="drop-old"):
                await rebuild(world, "--switch")
            assert told(await rebuild(world, "--drop-old"), "dropped")["dropped"]
        await world.drained()
        assert told(await rebuild(world), "check")["equal"], "what was switched to is what the topics tell"
        print("compared", await judge(world))
