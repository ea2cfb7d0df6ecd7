"""`python -m bench.latency`: from the collector to the result event, at a fixed rate, open loop.

Orders come in through the HTTP API of gateway, pass its worker to `orders.v1` and the worker of metrics to
`metrics.lifecycle.v1`; half of them are first orders of new customers, each of which makes one result event. A request
leaves by the clock, and its event is timed from when it was due to when this process has the result event in hand.
Where the time goes is told by the append times of the topics in between.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.collector import CONNECTIONS, Load
from bench.measure import processes_of, processor_seconds
from bench.servers import servers
from mandegar.connecting import Connection
from mandegar.gateway import with_gateway_at
from mandegar.preparing import prepare
from services.gateway.shops import add_shop, create_key
from shared.contracts import topics
from shared.kernel import SystemClock

WARM_SECONDS = 8.0
WARM_LIMIT_SECONDS = 60.0
"""So long workers may take to join their groups and to catch up, before anything is measured."""
AFTER_SECONDS = 20.0
"""So long the last result may take."""
BATCH = 10
_CLOCK = SystemClock()
_RANKS = (50.0, 90.0, 99.0, 100.0)


class Timed(NamedTuple):
    """Milliseconds of the orders that were to make a result event, from one point to the next."""

    steps: dict[str, Any]
    lost: int
    statuses: dict[int, int]


class Results:
    """When the first event of each customer, order … was in hand here, and the time of its record. Epoch seconds."""

    def __init__(self, topic: str, name: Callable[[Any], str]) -> None:
        """`name`: by an event's data, of whom or what it is."""
        self._topic, self._name = topic, name
        self.seen: dict[str, tuple[float, float]] = {}
        self.ready = asyncio.Event()

    async def reach(self, number: int, seconds: float) -> bool:
        """Wait until so many were seen, and no longer than that; whether they were."""
        for _ in range(int(seconds * 5)):
            if len(self.seen) >= number:
                return True
            await asyncio.sleep(0.2)
        return False

    async def follow(self, bootstrap: str, stop: asyncio.Event) -> None:
        """Read the topic of results from its end, as a service beside ours would."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=100)
        await consumer.start()
        try:
            places = [TopicPartition(self._topic, number) for number in await _partitions(consumer, self._topic)]
            consumer.assign(places)
            await consumer.seek_to_end(*places)
            self.ready.set()
            while not stop.is_set():
                found = await consumer.getmany(timeout_ms=200)
                now = _now()
                for records in found.values():
                    for record in records:
                        name = self._name(msgspec.json.decode(record.value)["data"])
                        self.seen.setdefault(name, (record.timestamp / 1000, now))
        finally:
            await consumer.stop()


class Sending(Load):
    """Load that knows when each order was due, in epoch seconds."""

    async def at(self, rate: float, seconds: float) -> float:
        """Run; gives the moment at which the first request was due."""
        offset = _now() - asyncio.get_running_loop().time()
        await self.run(rate, seconds)
        return offset + self.started


def requests(key: str, mark: str, events: int) -> Callable[[int], bytes]:
    """Gives the bytes of the n-th request (from 1). Orders 2k and 2k + 1 are of customer k."""
    path = "/v1/track" if events == 1 else "/v1/batch"

    def order(number: int) -> dict[str, Any]:
        return {
            "type": "track",
            "event": "Order Completed",
            "messageId": f"{mark}-{number}",
            "userId": f"{mark}-c{number // 2}",
            "properties": {"order_id": f"{mark}-{number}", "revenue": str(5 + number % 500), "currency": "EUR"},
        }

    def make(number: int) -> bytes:
        first = (number - 1) * events
        found = [order(at) for at in range(first, first + events)]
        body = msgspec.json.encode(found[0] if events == 1 else {"batch": found})
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return make


async def timed(bootstrap: str, port: int, key: str, *, rate: float, seconds: float, events: int) -> Timed:
    """Warm up, send, wait for what is on its way, and put the times together."""
    results, stop = Results(topics.METRICS_LIFECYCLE, lambda data: str(data["customer"])), asyncio.Event()
    following = asyncio.create_task(results.follow(bootstrap, stop))
    try:
        await asyncio.wait_for(results.ready.wait(), 30)
        lines = int(min(CONNECTIONS, max(4, rate / events)))
        warm = Sending(port, requests(key, f"w{secrets.token_hex(4)}", events), lines)
        await warm.at(rate / events, WARM_SECONDS)
        await results.reach(warm.sent * events // 2, WARM_LIMIT_SECONDS)
        before, mark = len(results.seen), f"m{secrets.token_hex(4)}"
        load = Sending(port, requests(key, mark, events), lines)
        began = await load.at(rate / events, seconds)
        orders = load.sent * events
        await results.reach(before + orders // 2, AFTER_SECONDS)
    finally:
        stop.set()
        await asyncio.wait_for(following, 30)
    raw = await _appended(bootstrap, topics.RAW_ORDERS, lambda e: (e["data"]["order_id"], ""), mark)
    told = await _appended(bootstrap, topics.ORDERS, lambda e: (e["data"]["order_id"], e["data"]["customer"]), mark)
    points, lost = [], 0
    for number in range(0, orders, 2):
        order = f"{mark}-{number}"
        result = results.seen.get(told[order][1]) if order in told else None
        if result is None or order not in raw:
            lost += 1
            continue
        due = began + number // events * events / rate
        points.append((due, raw[order][0], told[order][0], *result))
    return Timed(_steps(np.array(points).reshape(-1, 5)), lost, load.statuses)


def _steps(points: Any) -> dict[str, Any]:
    """Of rows of due, appended as raw, as order, as result, in hand: milliseconds from each to the next."""
    names = ("collector", "gateway", "metrics", "to the reader")
    steps = {name: (points[:, at + 1] - points[:, at]) * 1e3 for at, name in enumerate(names)}
    return {**steps, "whole": (points[:, -1] - points[:, 0]) * 1e3}


async def _appended(
    bootstrap: str, topic: str, read: Callable[[Any], tuple[str, str]], mark: str
) -> dict[str, tuple[float, str]]:
    """By order id of this run: when it was appended, and what else `read` gives."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    found: dict[str, tuple[float, str]] = {}
    try:
        places = [TopicPartition(topic, number) for number in await _partitions(consumer, topic)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        async with asyncio.timeout(60):
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for records in (await consumer.getmany(timeout_ms=500, max_records=20_000)).values():
                    for record in records:
                        if mark.encode() in record.value:
                            order, other = read(msgspec.json.decode(record.value))
                            found.setdefault(order, (record.timestamp / 1000, other))
    finally:
        await consumer.stop()
    return found


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    cluster = await consumer._client.fetch_all_metadata()  # of a topic that is not subscribed the public ones know none
    return sorted(cluster.partitions_for_topic(topic))


@contextmanager
def running() -> Iterator[tuple[int, dict[str, psutil.Process]]]:
    """The API of gateway and both workers as processes; gives them by name, with the API's port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    own = {
        "MANDEGAR_HTTP_PORT": str(port),
        "MANDEGAR_COLLECTOR_EVENTS_PER_SECOND": "1000000",
        "MANDEGAR_COLLECTOR_BURST_EVENTS": "10000000",
    }
    commands = {
        "collector": ("gateway", "--role", "api"),
        "gateway": ("gateway", "--role", "worker"),
        "metrics": ("metrics", "--role", "worker"),
    }
    processes = {
        name: subprocess.Popen([sys.executable, "-m", "mandegar", "run", *command], env=os.environ | own)
        for name, command in commands.items()
    }
    try:
        for _ in range(300):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(3)  # for the workers to have joined their groups
        yield port, {name: psutil.Process(process.pid) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            process.wait(30)


def latency(*, rate: float, seconds: float) -> dict[str, Any]:
    """Single events, then batches of ten, each for half of the time; prints the tables."""
    with servers() as stack:
        connection = Connection(stack.bootstrap_servers, stack.database_url, os.environ["MANDEGAR_SECRET_KEY"])
        prepare(connection)
        key = asyncio.run(with_gateway_at(connection.login("gateway"), _shop_and_key))
        report: dict[str, Any] = {}
        with running() as (port, ours):
            for events in (1, BATCH):
                processes = ours | processes_of(stack)
                used = {name: processor_seconds(process) for name, process in processes.items()}
                found = asyncio.run(
                    timed(stack.bootstrap_servers, port, key, rate=rate, seconds=seconds / 2, events=events)
                )
                share = (WARM_SECONDS + seconds / 2) / 100
                used = {name: (processor_seconds(process) - used[name]) / share for name, process in processes.items()}
                report[str(events)] = show(found, rate, events, used)
        return report


def show(found: Timed, rate: float, events: int, used: dict[str, float]) -> dict[str, Any]:
    """Print one table; gives its figures."""
    print(
        f"\nlatency, {rate:,.0f} orders/s, {events} a request, half of them first orders; load {os.getloadavg()[0]:.1f}"
        f"\nms                 {''.join(f'{_rank(rank):>9}' for rank in _RANKS)}"
    )
    table = {name: np.percentile(times, _RANKS).round(1).tolist() for name, times in found.steps.items()}
    for name, row in table.items():
        print(f"{name:<18} {''.join(f'{value:>9.1f}' for value in row)}")
    cores = ", ".join(f"{name} {percent:.0f} %" for name, percent in used.items())
    print(f"{len(found.steps['whole']):,} results, {found.lost} missing; answers {found.statuses}; of a core: {cores}")
    return {"table": table, "missing": found.lost, "load": os.getloadavg()[0], "core_percent": used}


def _rank(rank: float) -> str:
    return "max" if rank == 100 else f"p{rank:g}"


def _now() -> float:
    return _CLOCK.now().timestamp()


async def _shop_and_key(pool: Any, clock: Any) -> str:
    await add_shop(pool, clock, "bench", currency="EUR", zone="UTC")
    key: str = (await create_key(pool, clock, "bench", scopes=["collect:write"]))[1]
    return key


def main() -> None:
    """Entry of `python -m bench.latency`."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--rate", type=float, default=1_000, help="orders a second")
    parser.add_argument("--seconds", type=float, default=120.0, help="in all: half single, half in batches")
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    found = latency(rate=given.rate, seconds=given.seconds)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
