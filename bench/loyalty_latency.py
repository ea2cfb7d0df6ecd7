"""`python -m bench.loyalty_latency`: from an order on `orders.v1` to its event of points, at a fixed rate, open loop.

Orders are appended by the clock, and each is timed from when it was due to when this process has its event of
`loyalty.points.v1` in hand. Four of five are of customers who were members before. Where the time goes is told by the
times of the records: an order's is that at which it was handed to Kafka's producer here, an event's that at which the
relay handed it to its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from bench.ground import PARTITIONS, create_topics, fresh_database
from bench.latency import AFTER_SECONDS, WARM_SECONDS, Results
from bench.loyalty import FLAT, SHOP, publish, topics_of_loyalty
from bench.servers import servers
from bench.stream import surrogate
from shared.contracts import topics
from shared.contracts.envelope import ENCODER, message_key
from shared.contracts.orders import Order, OrderCompleted
from shared.kernel import SystemClock, customer_id_text, derive_event_id

CUSTOMERS = 5_000
START_SECONDS = 30.0
_CLOCK = SystemClock()
_RANKS = (50, 90, 99, 100)
_POLL_SECONDS = 0.002


class Sending:
    """Orders by the clock, each of some customer, onto the partition of that customer."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._rng = Random(1)
        self._names = [customer_id_text(surrogate(number)) for number in range(CUSTOMERS)]
        self.appended: dict[str, tuple[float, asyncio.Future[Any]]] = {}
        """When each was due, and the producer's answer."""

    async def run(self, mark: str, rate: float, seconds: float) -> None:
        """`rate` orders a second for so long; whoever is late sends what is due at once."""
        began, sent = _now(), 0
        while (now := _now()) < began + seconds:
            while (due := began + sent / rate) <= now:
                await self._send(f"{mark}-{sent}", due)
                sent += 1
            await asyncio.sleep(_POLL_SECONDS)
        await self._producer.flush()

    async def _send(self, order: str, due: float) -> None:
        customer = self._rng.randrange(CUSTOMERS)
        name, at = self._names[customer], datetime.fromtimestamp(due, UTC)
        event = OrderCompleted(
            id=derive_event_id(int(due * 1000), SHOP.slug, order, "order.completed"),
            source="mandegar/gateway",
            subject=order,
            time=at,
            shop=SHOP.slug,
            receivedat=at,
            data=Order(order_id=order, customer=name, currency=SHOP.currency, revenue=500 + customer),
        )
        answer = await self._producer.send(
            topics.ORDERS, ENCODER.encode(event), key=message_key(SHOP.slug, name), partition=customer % PARTITIONS
        )
        self.appended[order] = due, answer


@contextmanager
def running() -> Iterator[None]:
    """The worker of loyalty as a process."""
    process = subprocess.Popen([sys.executable, "-m", "mandegar", "run", "loyalty", "--role", "worker"], env=os.environ)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


async def timed(bootstrap: str, rate: float, seconds: float) -> dict[str, Any]:
    """Warm up, send, wait for what is on its way, and put the times together: milliseconds by step.

    Raises SystemExit when the worker does not catch up before.
    """
    told = Results(topics.LOYALTY_POINTS, lambda data: str(data["source"]["id"]))
    stop = asyncio.Event()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    following = asyncio.create_task(told.follow(bootstrap, stop))
    try:
        await asyncio.wait_for(told.ready.wait(), START_SECONDS)
        warm, sending = Sending(producer), Sending(producer)
        await warm.run("w", rate, WARM_SECONDS)
        if not await told.reach(len(warm.appended), START_SECONDS):
            raise SystemExit("the worker has not caught up with the first orders")
        await sending.run("m", rate, seconds)
        await told.reach(len(warm.appended) + len(sending.appended), AFTER_SECONDS)
    finally:
        stop.set()
        await asyncio.wait_for(following, START_SECONDS)
        await producer.stop()
    points, lost = [], 0
    for order, (due, answer) in sending.appended.items():
        if order in told.seen:
            points.append((due, answer.result().timestamp / 1000, *told.seen[order]))
        else:
            lost += 1
    columns = np.array(points).reshape(-1, 4)
    names = ("to the producer", "loyalty", "to the reader")
    steps = {name: (columns[:, at + 1] - columns[:, at]) * 1e3 for at, name in enumerate(names)}
    return {"steps": {**steps, "whole": (columns[:, -1] - columns[:, 0]) * 1e3}, "missing": lost}


def latency(*, rate: float, seconds: float) -> dict[str, Any]:
    """On servers of its own; prints the table and gives its figures."""
    with servers() as stack:
        asyncio.run(create_topics(stack.bootstrap_servers, topics_of_loyalty()))
        fresh_database(stack.database_url, replace(SHOP, clock="wall"), "loyalty")
        asyncio.run(publish(stack.database_url, FLAT))
        with running():
            found = asyncio.run(timed(stack.bootstrap_servers, rate, seconds))
    print(f"\nloyalty latency, {rate:,.0f} orders/s; load {os.getloadavg()[0]:.1f}")
    print(f"ms                 {''.join(f'{_title(rank):>9}' for rank in _RANKS)}")
    table = {name: np.percentile(times, _RANKS).round(1).tolist() for name, times in found["steps"].items()}
    for name, row in table.items():
        print(f"{name:<18} {''.join(f'{value:>9.1f}' for value in row)}")
    print(f"{len(found['steps']['whole']):,} events, {found['missing']} missing")
    return {"table": table, "missing": found["missing"], "load": os.getloadavg()[0]}


def _title(rank: int) -> str:
    return "max" if rank == 100 else f"p{rank}"


def _now() -> float:
    return _CLOCK.now().timestamp()


def main() -> None:
    """Entry of `python -m bench.loyalty_latency`."""
    parser = argparse.ArgumentParser(prog="python -m bench.loyalty_latency", description=__doc__)
    parser.add_argument("--rate", type=float, default=1_000, help="orders a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    found = latency(rate=given.rate, seconds=given.seconds)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
