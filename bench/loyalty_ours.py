"""Our service: the real worker of loyalty on the real topic, from the first order until its relay has sent the last.

An order counts as done when Kafka has acknowledged its event on `loyalty.points.v1`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg

from bench.meter import TIME_LIMIT_SECONDS, Meter
from services.loyalty.main import create_service
from services.loyalty.orders import telling
from shared.contracts.topics import LOYALTY_POINTS
from shared.messaging.relay import KafkaSender, OutboxRow, Relay
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings

RELAY_LIMIT_SECONDS = 300.0
_WAITS = "SELECT EXISTS (SELECT FROM loyalty.outbox)"


class Posting:
    """How long the ledger's part of the handler takes. Written by the database thread alone."""

    def __init__(self, name: str = "post") -> None:
        """`name`: by which the slice of orders calls it."""
        self.seconds = 0.0
        original = getattr(telling, name)

        async def timed(*args: Any, **more: Any) -> Any:
            began = time.perf_counter()
            try:
                return await original(*args, **more)
            finally:
                self.seconds += time.perf_counter() - began

        setattr(telling, name, timed)


class Relaying:
    """What was sent, and how long rounds took that sent something. Written by the Kafka thread alone."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.rounds = 0
        self.seconds = 0.0
        self.ended = 0.0
        send, turn = KafkaSender.send, Relay.round

        async def counted(sender: KafkaSender, rows: Sequence[OutboxRow]) -> None:
            await send(sender, rows)
            self.sent.update(row.topic for row in rows)
            if any(row.topic == LOYALTY_POINTS for row in rows):
                self.ended = time.perf_counter()

        async def timed(relay: Relay, *args: Any) -> float:
            began, before = time.perf_counter(), self.sent.total()
            wait = await turn(relay, *args)
            if self.sent.total() > before:
                self.rounds += 1
                self.seconds += time.perf_counter() - began
            return wait

        KafkaSender.send = counted  # type: ignore[method-assign, assignment]  # watched from outside, as in the steps of metrics
        Relay.round = timed  # type: ignore[method-assign, assignment]  # the same


async def nothing_waits(url: str) -> None:
    """Return when the outbox is empty."""
    conn = await asyncpg.connect(url)
    try:
        while await conn.fetchval(_WAITS):  # noqa: ASYNC110 - rounds go on in another thread
            await asyncio.sleep(0.02)
    finally:
        await conn.close()


async def run(settings: PlatformSettings, orders: int, ticks: int) -> dict[str, Any]:
    """Work until all orders, and all that tells of time, are committed and their events are sent."""
    posting, relaying, begun = Posting(), Relaying(), time.process_time()
    meter, stop = Meter(orders + ticks), asyncio.Event()
    worker = Worker(create_service(), settings, committed=meter.committed)
    running = asyncio.create_task(worker.run(stop))
    try:
        done = asyncio.create_task(meter.done.wait())
        await asyncio.wait({done, running}, timeout=TIME_LIMIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            done.cancel()
            raise RuntimeError("the worker ended, or its time, before all orders were committed")
        await asyncio.wait_for(nothing_waits(settings.database_url.get_secret_value()), RELAY_LIMIT_SECONDS)
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)
    return {
        "events": meter.events - ticks,
        "seconds": max(relaying.ended, meter.ended) - meter.started,
        "processor_seconds": time.process_time() - begun,
        "seconds_posted": meter.ended - meter.started,
        "batches": meter.batches,
        "rounds": relaying.rounds,
        "sent": dict(relaying.sent),
        "stages": stages(meter, posting, relaying, orders),
    }


def stages(meter: Meter, posting: Posting, relaying: Relaying, orders: int) -> dict[str, float]:
    """Microseconds an order. Consuming in part, and the relay, go on in another thread beside the rest."""
    times = meter.times.as_dict()
    post = posting.seconds * 1e6
    return {
        name: value / orders
        for name, value in {
            "fetch": times["fetch"],
            "decode": times["decode"],
            "fence": times["fence"],
            "processed ids": times["ids"],
            "judge": times["handle"] - post,
            "post": post,
            "outbox": times["outbox"],
            "commit": times["commit"],
            "relay": relaying.seconds * 1e6,
        }.items()
    }


def main() -> None:
    """Entry of the subprocess: prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--ticks", type=int, required=True, help="events on the topic that tell of time")
    parser.add_argument("--batch", type=int, default=20_000)
    given = parser.parse_args()
    settings = PlatformSettings.load("loyalty", role="worker", batch_events_max=given.batch)
    json.dump(asyncio.run(run(settings, given.orders, given.ticks)), sys.stdout)


if __name__ == "__main__":
    main()
