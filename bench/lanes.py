"""`python -m bench.lanes`: history beside live. Three years of one shop are imported while live orders flow.

Live orders, half of them of the same shop and half of another, are timed from the raw topic to the commit in metrics,
first alone and then while the import runs. Ratios travel; absolute figures are of this machine at this hour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import asyncpg
import numpy as np

from mandegar.connecting import Connection
from mandegar.gateway import with_gateway_at
from mandegar.preparing import prepare
from mandegar.replaying.arrival import LANE_WAY, WAY, wait_until_consumed
from mandegar.replaying.messages import Message, identity_key
from mandegar.replaying.sending import KafkaSink
from mandegar.stack import Stack
from services.gateway.shops import add_shop
from shared.contracts import topics
from shared.kernel import Clock, SystemClock

LIVE_PER_SECOND = 100
CLOCK = SystemClock()
SHOPS = ("imported", "other")
TIMED = ("gateway", "metrics")
"""The services that run: what else reads orders is not there to be waited for."""
YEARS = 3
_CUSTOMERS = 10_000
_CHUNK = 2_000
_LIMIT_SECONDS = 1_200
_WARM_SECONDS = 5
"""For workers to start and caches to warm, and again once they have caught up."""


class Batch(NamedTuple):
    """Live orders that committed together: when, and how many milliseconds each took."""

    at: float
    took: list[float]


def order(rng: Random, shop: str, order_id: str, occurred: datetime) -> Message:
    """A raw order of one of the shop's customers."""
    customer = f"c{rng.randrange(_CUSTOMERS)}"
    value = {
        "specversion": "1.0",
        "id": f"{shop}-{order_id}",
        "source": "bench",
        "type": "Order Completed",
        "shop": shop,
        "time": occurred.isoformat(),
        "data": {
            "order_id": order_id,
            "customer_id": customer,
            "revenue": str(rng.randrange(5, 500)),
            "currency": "EUR",
        },
    }
    return Message(0, identity_key(shop, customer), json.dumps(value).encode(), occurred, shop)


async def add_shops(pool: asyncpg.Pool[Any], clock: Clock) -> None:
    """The shop whose history it is, and another."""
    for slug in SHOPS:
        await add_shop(pool, clock, slug, currency="EUR")


async def live(sink: KafkaSink, stop: asyncio.Event) -> None:
    """So many orders a second, evenly, until told to stop."""
    rng, number, began = Random(1), 0, time.monotonic()
    flying: set[asyncio.Task[None]] = set()
    while not stop.is_set():
        shop = SHOPS[number % 2]
        flying.add(asyncio.create_task(sink.send([order(rng, shop, f"live-{number}", CLOCK.now())])))
        flying = {task for task in flying if not task.done()}
        number += 1
        await asyncio.sleep(max(0.0, began + number / LIVE_PER_SECOND - time.monotonic()))
    await asyncio.gather(*flying)


async def history(sink: KafkaSink, orders: int) -> None:
    """Three years of the imported shop, in order of time, as fast as Kafka takes them."""
    rng, start = Random(2), CLOCK.now() - timedelta(days=365 * YEARS)
    step = timedelta(days=365 * YEARS) / orders
    for at in range(0, orders, _CHUNK):
        numbers = range(at, min(at + _CHUNK, orders))
        await sink.send([order(rng, SHOPS[0], f"old-{number}", start + number * step) for number in numbers])


def child(*command: str, out: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """A process of ours; its log goes where this one's does."""
    return subprocess.Popen([sys.executable, "-m", *command], stdout=out, text=True)


async def measure(connection: Connection, orders: int, seconds: float) -> dict[str, Any]:
    """Both phases; gives what was found."""
    urls = {service: connection.login(service) for service in TIMED}
    way, lane_way = ([one for one in whole if one[0] in TIMED] for whole in (WAY, LANE_WAY))
    batches: list[Batch] = []
    gateway = child("mandegar", "run", "gateway", "--role", "worker")
    metrics = child("bench.lane_probe", out=subprocess.PIPE)
    reading = asyncio.create_task(asyncio.to_thread(read, metrics, batches))
    stop = asyncio.Event()
    try:
        async with (
            KafkaSink(connection.bootstrap_servers) as into_live,
            KafkaSink(connection.bootstrap_servers, topics.RAW_ORDERS_BACKFILL) as into_lane,
        ):
            flowing = asyncio.create_task(live(into_live, stop))
            await asyncio.sleep(_WARM_SECONDS)
            # What piled up at the start.
            await wait_until_consumed(connection.bootstrap_servers, urls, limit_s=120, way=way)
            await asyncio.sleep(_WARM_SECONDS)
            alone = CLOCK.now().timestamp()
            await asyncio.sleep(seconds)
            began = CLOCK.now().timestamp()
            await history(into_lane, orders)
            sent = CLOCK.now().timestamp()
            await wait_until_consumed(connection.bootstrap_servers, urls, limit_s=_LIMIT_SECONDS, way=lane_way)
            ended = CLOCK.now().timestamp()
            stop.set()
            await flowing
        await wait_until_consumed(connection.bootstrap_servers, urls, limit_s=60, way=way)
    finally:
        stop.set()
        for process in (gateway, metrics):
            process.send_signal(signal.SIGTERM)
        for process in (gateway, metrics):
            process.wait(30)
        await asyncio.wait_for(reading, 30)
    return {
        "alone": figures(batches, alone, began),
        "importing": figures(batches, began, ended),
        "history": {"orders": orders, "sent_seconds": sent - began, "seconds": ended - began},
    }


def read(process: subprocess.Popen[str], batches: list[Batch]) -> None:
    """What the probe tells, until it ends."""
    assert process.stdout is not None
    batches.extend(Batch(**json.loads(line)) for line in process.stdout)


def figures(batches: list[Batch], begin: float, end: float) -> dict[str, float]:
    """Of the live orders that committed in between: how many, and milliseconds."""
    took = np.array([one for batch in batches if begin <= batch.at < end for one in batch.took])
    if not len(took):
        raise SystemExit("no live order was committed in that time")
    p50, p99 = np.percentile(took, [50, 99])
    return {"orders": len(took), "p50": float(p50), "p99": float(p99), "max": float(took.max())}


def show(found: dict[str, Any]) -> None:
    """The table."""
    print("\nlive orders, ms      orders     p50     p99     max")
    for name in ("alone", "importing"):
        row = found[name]
        print(f"{name:<18} {row['orders']:>8,.0f} {row['p50']:>7.0f} {row['p99']:>7.0f} {row['max']:>7.0f}")
    told, ratio = found["history"], found["importing"]["p99"] / found["alone"]["p99"]
    print(
        f"history: {told['orders']:,} orders of {YEARS} years, all taken in after {told['seconds']:.0f} s "
        f"({told['orders'] / told['seconds']:,.0f}/s)\np99 beside the import: {ratio:.2f} times that alone"
    )


def main() -> None:
    """Servers of its own, both phases, the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.lanes", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000, help="of the imported history")
    parser.add_argument("--seconds", type=float, default=30.0, help="of live traffic alone, before")
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mandegar-lanes-") as directory, Stack(Path(directory)) as stack:
        connection = Connection(stack.bootstrap_servers, stack.database_url, secrets.token_hex(32))
        os.environ.update(connection.environment(), MANDEGAR_LOG_LEVEL="warning")
        prepare(connection)
        asyncio.run(with_gateway_at(connection.login("gateway"), add_shops))
        found = asyncio.run(measure(connection, given.orders, given.seconds))
    show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
