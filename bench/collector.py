"""`python -m bench.collector`: events a second that the collector takes, and how long each takes at a fixed rate.

Open loop: requests leave by the clock, whether or not earlier ones were answered, and each is timed from when it
was due. The client is asyncio on raw sockets, on the same machine; the processor time of each process is shown beside,
as that is what holds on another machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from mandegar.stack import Stack
from services.gateway.main import create_service
from services.gateway.shops import add_shop, create_key
from shared.db import create_pool
from shared.db.migrating import migrate
from shared.kernel import SystemClock
from shared.messaging.cluster.topics import ensure_topics

CONNECTIONS = 64
WARM_SECONDS = 2.0
VIEW = {
    "type": "track",
    "event": "Product Viewed",
    "userId": "u-%08d",
    "anonymousId": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "timestamp": "2026-03-21T09:30:00.000Z",
    "properties": {
        "product_id": "507f1f77bcf86cd799439011",
        "sku": "TEA-250",
        "category": "tea",
        "name": "چای لاهیجان",
        "brand": "Laleh",
        "price": 125000,
        "quantity": 1,
        "currency": "IRT",
        "url": "https://shop.example/tea",
    },
    "context": {
        "library": {"name": "analytics.js", "version": "2.11.1"},
        "locale": "fa-IR",
        "page": {"path": "/tea", "referrer": "", "title": "چای", "url": "https://shop.example/tea"},
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    },
}


class Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request on its way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport
        self._buffer = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for a request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._load.free.append(self)

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment."""
        self.due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """The answer, perhaps in parts."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length: ")
        length = int(head[at + 16 :].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._buffer = b""
            self._load.answered(self, int(head[9:12]))


class Load:
    """Requests at a rate, or as many as go."""

    def __init__(self, port: int, make: Callable[[int], bytes], connections: int = CONNECTIONS) -> None:
        """`connections`: so few that none lies unused for the seconds after which the server closes it."""
        self._port = port
        self._connections = connections
        self._make = make
        self._waiting: deque[float] = deque()
        self.sent = 0
        self.started = 0.0
        self.free: deque[Connection] = deque()
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}

    async def run(self, rate: float, seconds: float) -> None:
        """`rate` requests a second for so long; 0: always one on each connection."""
        loop = asyncio.get_running_loop()
        for _ in range(self._connections):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)
        start = self.started = loop.time()
        count = 0
        while (now := loop.time()) < start + seconds:
            if rate:
                while start + count / rate <= now:
                    self._waiting.append(start + count / rate)
                    count += 1
            else:
                self._waiting.extend([now] * len(self.free))
            self._go()
            await asyncio.sleep(0.001)
        for _ in range(500):
            if not self._waiting and len(self.free) == self._connections:
                break
            await asyncio.sleep(0.01)

    def answered(self, connection: Connection, status: int) -> None:
        """Note an answer, and use its connection again."""
        self.latencies.append(asyncio.get_running_loop().time() - connection.due)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.free.append(connection)
        self._go()

    def _go(self) -> None:
        while self._waiting and self.free:
            self.sent += 1
            self.free.popleft().send(self._make(self.sent), self._waiting.popleft())


def requests(key: str, events: int) -> Callable[[int], bytes]:
    """Gives the bytes of the n-th request, with so many events."""
    path = "/v1/track" if events == 1 else "/v1/batch"
    mark = secrets.token_hex(4)
    event = json.dumps({"messageId": f"{mark}-%012d", **VIEW}, ensure_ascii=False).encode()
    whole = event if events == 1 else b'{"batch":[' + b",".join([event] * events) + b"]}"
    length = len(whole % tuple([0, 0] * events))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()

    def make(number: int) -> bytes:
        first = number * events
        return head + whole % tuple(part for n in range(first, first + events) for part in (n, n % 5_000))

    return make


def measure(
    port: int, key: str, watched: dict[str, psutil.Process], *, events: int, rate: float, seconds: float
) -> None:
    """One run, printed as one line."""
    load = Load(port, requests(key, events))
    before = {name: _used(process) for name, process in watched.items()}
    started = time.perf_counter()
    asyncio.run(load.run(rate, seconds))
    took = time.perf_counter() - started
    done = load.statuses.get(202, 0) * events
    found = sorted(load.latencies)
    times = " ".join(f"p{share:<4g} {found[min(len(found) - 1, int(len(found) * share / 100))] * 1e3:7.1f} ms"
                     for share in (50, 99, 99.9))  # fmt: skip
    used = {name: (_used(process) - before[name]) / max(1, done) * 1e6 for name, process in watched.items()}
    costs = ", ".join(f"{name} {cost:.0f}" for name, cost in used.items())
    asked = f"{rate:,.0f} req/s" if rate else "as many as go"
    print(f"{events:>4} events a request, {asked:<14} {done / took:>9,.0f} events/s  {times}  {load.statuses}")
    print(f"     processor time, us an event: {costs}", flush=True)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def prepare(url: str, bootstrap: str) -> str:
    """Topics, a shop, and a key that may collect."""
    await ensure_topics(bootstrap, [create_service(b"bench" * 8)])
    pool = await create_pool(url, "gateway", max_size=2)
    try:
        await add_shop(pool, SystemClock(), "bench", currency="IRR", zone="Asia/Tehran")
        return (await create_key(pool, SystemClock(), "bench", scopes=["collect:write"]))[1]
    finally:
        await pool.close()


def _serve(stack: Stack) -> tuple[subprocess.Popen[bytes], int]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    environ = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers,
        "DATABASE_URL": stack.database_url,
        "MANDEGAR_HTTP_PORT": str(port),
        "MANDEGAR_LOG_LEVEL": "warning",
        "MANDEGAR_COLLECTOR_EVENTS_PER_SECOND": "1000000",
        "MANDEGAR_COLLECTOR_BURST_EVENTS": "10000000",
    }
    process = subprocess.Popen([sys.executable, "-m", "mandegar", "run", "gateway", "--role", "api"], env=environ)
    for _ in range(300):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.1)
    raise RuntimeError("the collector does not listen")


def main() -> None:
    """Start all, measure, stop all."""
    parser = argparse.ArgumentParser(prog="python -m bench.collector", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rates", type=float, nargs="*", default=[500.0, 1_500.0, 3_000.0], help="single events")
    parser.add_argument("--batches", type=float, nargs="*", default=[100.0, 200.0, 300.0], help="requests of --events")
    parser.add_argument("--events", type=int, default=100)
    given = parser.parse_args()
    os.environ["MANDEGAR_SECRET_KEY"] = secrets.token_hex(32)
    with tempfile.TemporaryDirectory(prefix="mandegar-bench-") as directory, Stack(Path(directory)) as stack:
        migrate("gateway", stack.database_url)
        key = asyncio.run(prepare(stack.database_url, stack.bootstrap_servers))
        process, port = _serve(stack)
        try:
            watched: dict[str, Any] = {"collector": psutil.Process(process.pid), "client": psutil.Process()}
            watched["Kafka"] = psutil.Process(stack.kafka.server.pid)
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            asyncio.run(Load(port, requests(key, 1)).run(0, WARM_SECONDS))
            for events, rates in ((1, given.rates), (given.events, given.batches)):
                for rate in [*rates, 0.0]:
                    measure(port, key, watched, events=events, rate=rate, seconds=given.seconds)
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
