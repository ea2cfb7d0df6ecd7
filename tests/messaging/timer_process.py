"""Fires due timers once, as a process of its own, for tests that kill it: `… timer_process SCHEMA`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from shared.db.engine import plain_url, server_settings
from shared.db.transaction import OpenTransaction
from shared.messaging.chores import DueTimers
from shared.messaging.handling import Timer, Work

KIND = "lapse"
NOW = datetime.fromisoformat("2026-03-21T00:00:00+00:00")
FIRED = "INSERT INTO outbox (shard, topic, key, value) VALUES (0, 'fired', $1, $2)"


@dataclass
class BareWork:
    """As much of a batch's work as timers need."""

    tx: OpenTransaction
    shard: int = 0


async def leave_a_trace(work: Work, timers: Sequence[Timer]) -> None:
    """A handler whose effect can be counted: one outbox row for each timer that fires."""
    await work.tx.conn.executemany(FIRED, [(t.identity.encode(), t.due.isoformat().encode()) for t in timers])


async def fire_once(conn: asyncpg.Connection[Any], timers: DueTimers, now: datetime, partitions: list[int]) -> None:
    async with conn.transaction():
        work = BareWork(OpenTransaction(conn, now))
        await timers.fire(work, partitions)  # type: ignore[arg-type]  # no shops are needed here
        await work.tx.finish()


async def main(schema: str) -> None:
    url = plain_url(os.environ["DATABASE_URL"])
    conn = await asyncpg.connect(url, server_settings=server_settings(schema, "timers"), command_timeout=8)
    await fire_once(conn, DueTimers({KIND: leave_a_trace}), NOW, [0, 1, 2])
    await conn.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
