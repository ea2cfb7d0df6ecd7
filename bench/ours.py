"""Our service: the real worker of metrics on the real topic, as `mandegar run metrics --role worker` runs it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg

from bench.meter import TIME_LIMIT_SECONDS, Meter
from bench.stream import SHOP
from services.metrics.main import create_service
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings

TIMERS_LIMIT_SECONDS = 120
STAGES = ("prospect", "new", "active", "lapsing", "lost", "reactivated")
_DUE = """
SELECT EXISTS (SELECT FROM metrics.timer WHERE partition < 0 AND due <= (SELECT min(until) FROM metrics.shop_clock))
"""
_CHANGES = "SELECT previous, stage, count(*) FROM metrics.transition GROUP BY previous, stage"


async def run(settings: PlatformSettings, orders: int, ticks: int, *, idle: float) -> dict[str, Any]:
    """Work until all orders, and all that tells of time, are committed; then until no timer is due.

    `idle`: rather until nothing came for so many seconds; who was killed before does not know how much is left.
    """
    meter, stop = Meter(orders + ticks), asyncio.Event()
    url = settings.database_url.get_secret_value()
    worker = Worker(create_service(), settings, committed=meter.committed)
    running = asyncio.create_task(worker.run(stop))
    try:
        done: asyncio.Task[Any] = asyncio.create_task(meter.quiet(idle) if idle else meter.done.wait())
        await asyncio.wait({done, running}, timeout=TIME_LIMIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            done.cancel()
            raise RuntimeError("the worker ended, or its time, before all orders were committed")
        after = await asyncio.wait_for(_timers_fired(url), TIMERS_LIMIT_SECONDS)
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)
    seconds = meter.ended - meter.started
    return {
        "events": meter.events - ticks,
        "seconds": seconds,
        "batches": meter.batches,
        "stages": {name: value / orders for name, value in meter.times.as_dict().items()},
        "seconds_of_timers_after": after,
        "figures": await figures(url),
        "changes": await changes(url),
    }


async def _timers_fired(url: str) -> float:
    """Wait until nothing is due by the shop's clock; seconds it took."""
    started = time.perf_counter()
    conn = await asyncpg.connect(url)
    try:
        while await conn.fetchval(_DUE):  # noqa: ASYNC110 - nobody tells when the last one has fired
            await asyncio.sleep(0.05)
    finally:
        await conn.close()
    return time.perf_counter() - started


async def changes(url: str) -> dict[str, int]:
    """How many changes of stages were told, by `previous>stage`, and as "retracted" how many were taken back."""
    conn = await asyncpg.connect(url)
    try:
        rows = await conn.fetch(_CHANGES)
        return {f"{STAGES[previous]}>{STAGES[stage]}": count for previous, stage, count in rows} | {
            "retracted": await conn.fetchval("SELECT count(*) FROM metrics.transition WHERE retracted_by IS NOT NULL")
        }
    finally:
        await conn.close()


async def figures(url: str) -> dict[str, list[int]]:
    """Held and repeat customers of every window, and orders and revenue, by day, from the counters."""
    conn = await asyncpg.connect(url)
    try:
        number = await conn.fetchval("SELECT number FROM metrics.shop WHERE slug = $1", SHOP)
        rows = await conn.fetch((Path(__file__).parent / "figures.sql").read_text(), number)
    finally:
        await conn.close()
    series: dict[str, list[int]] = {}
    for name, day, value in rows:
        series.setdefault(name, []).extend((day, int(value)))
    return series


def main() -> None:
    """Entry of the subprocess: prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--ticks", type=int, required=True, help="events on the topic that tell of time")
    parser.add_argument("--idle", type=float, default=0.0, help="end when nothing came for so many seconds")
    parser.add_argument("--batch", type=int, default=20_000)
    given = parser.parse_args()
    settings = PlatformSettings.load("metrics", role="worker", batch_events_max=given.batch)
    json.dump(asyncio.run(run(settings, given.orders, given.ticks, idle=given.idle)), sys.stdout)


if __name__ == "__main__":
    main()
