"""Counts what a worker of ours commits, and when."""

from __future__ import annotations

import asyncio
import json
import time

from shared.contracts.topics import ORDERS
from shared.messaging.batch import Outcome
from shared.messaging.stages import StageTimes

TIME_LIMIT_SECONDS = 1500


class Meter:
    """Counts committed events and adds up the time of each stage."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.events = 0
        self.batches = 0
        self.times = StageTimes()
        self.started = 0.0
        self.ended = 0.0
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def quiet(self, seconds: float) -> None:
        """Return when nothing has been committed for so long, after the first commit."""
        while not self.ended or time.perf_counter() - self.ended < seconds:  # noqa: ASYNC110 - commits go on elsewhere
            await asyncio.sleep(0.1)

    def committed(self, outcome: Outcome) -> None:
        """Called in the worker's database thread after each commit."""
        count = outcome.handled.get(ORDERS, 0)
        if not count:
            return
        now = time.perf_counter()
        if not self.started:  # the first batch is counted from its own start
            self.started = now - sum(outcome.times.as_dict().values()) / 1e6
        self.events += count
        self.batches += 1
        self.times.add(outcome.times)
        self.ended = now
        print(json.dumps({"handled": self.events}), flush=True)
        if self.events >= self.limit:
            self._loop.call_soon_threadsafe(self.done.set)
