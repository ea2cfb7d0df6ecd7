"""A relay as a process of its own, for tests that kill it: `python -m tests.messaging.relay_process SCHEMA`."""

from __future__ import annotations

import asyncio
import os
import sys

from shared.kernel import SystemClock
from shared.messaging.connecting import opener
from shared.messaging.relay import Relay
from shared.messaging.relay.sender import KafkaSender


async def _keep_nothing(_conn: object, _rows: object) -> None:
    raise AssertionError("no row of these tests is too large")


async def main(schema: str) -> None:
    sender = KafkaSender({"bootstrap_servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}, SystemClock())
    relay = Relay(
        schema,
        connect=opener(os.environ["DATABASE_URL"], schema, "relay"),
        sender=sender,
        set_aside=_keep_nothing,
        rows_max=int(os.environ.get("ROWS_MAX", "2000")),
    )
    async with asyncio.timeout(120):
        await relay.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
