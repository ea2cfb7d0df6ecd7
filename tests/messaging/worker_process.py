"""A worker in a process of its own, to be killed or stopped: python -m tests.messaging.worker_process TOPIC."""

from __future__ import annotations

import asyncio
import signal
import sys

from shared.messaging.worker import Worker
from shared.settings import PlatformSettings
from tests.messaging.probe import probe


async def main(topic: str) -> int:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    service = probe(topic=topic, reference=False)
    return await Worker(service, PlatformSettings.load("probe"), relay=False).run(stop)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
