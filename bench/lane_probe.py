"""metrics as it runs, and how long each live order took from the raw topic to the commit, as JSON lines.

The raw topic's append time travels in `receivedat`; what a batch held counts when the batch has committed.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.metrics.main import create_service
from shared.contracts import topics
from shared.kernel import SystemClock
from shared.messaging.batch import Outcome
from shared.messaging.handling import Delivery, Service, Work
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings


class Probe:
    """Notes the live orders of the batch in hand, and tells of them after its commit. In the database thread."""

    def __init__(self) -> None:
        self._batch: dict[str, float] = {}

    def around(self, service: Service) -> Service:
        """The service, watched."""
        watched = [
            replace(one, handle=self._watch(one.handle)) if one.topic == topics.ORDERS else one
            for one in service.subscriptions
        ]
        return replace(service, subscriptions=watched)

    def _watch(self, handle: Any) -> Any:
        async def watched(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
            await handle(work, deliveries)
            self._batch |= {d.event.id: d.event.receivedat.timestamp() for d in deliveries}

        return watched

    def committed(self, outcome: Outcome) -> None:
        """One line a batch: the moment, and the milliseconds that each of its live orders took."""
        if not outcome.handled.get(topics.ORDERS):
            return
        now = SystemClock().now().timestamp()
        took = [round((now - received) * 1000, 1) for received in self._batch.values()]
        self._batch = {}
        sys.stdout.write(json.dumps({"at": now, "took": took}) + "\n")
        sys.stdout.flush()


async def main() -> None:
    """Work until SIGTERM."""
    stop, probe = asyncio.Event(), Probe()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = PlatformSettings.load("metrics", role="worker")
    await Worker(probe.around(create_service()), settings, committed=probe.committed).run(stop)


if __name__ == "__main__":
    asyncio.run(main())
