"""A worker of gateway behind the collector, on real PostgreSQL and without Kafka."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from services.gateway.collector.events import Desk, Message, read_call
from services.gateway.identity import Marker
from services.gateway.intake import RulesBook
from services.gateway.main import create_service
from services.gateway.shops import add_shop, list_shops
from shared.db import create_pool
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.gateway.ground import NOW, RECEIVED_MS, SECRET, random_ids

VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Onward:
    """A worker of gateway that is fed what the collector wrote."""

    def __init__(self, pool: asyncpg.Pool[Any], desk: Desk) -> None:
        self.pool = pool
        self.desk = desk
        self.harness = Harness(create_service(SECRET, random_ids(1)), pool, FixedClock(NOW))
        self.refused: list[Any] = []

    def collect(self, kind: str, call: dict[str, Any], *, later: timedelta = timedelta()) -> Message:
        """The message that a call becomes when it is received at NOW, or a little later."""
        desk = Desk.open(self.desk.rules, self.desk.marker, self.desk.received + later)
        return read_call(desk, json.dumps(call).encode(), kind)

    async def feed(self, messages: Sequence[Message]) -> None:
        for topic in sorted({message.topic for message in messages}):
            for outcome in await self.harness.feed(topic, [m.value for m in messages if m.topic == topic]):
                self.refused += outcome.refused

    async def out(self, topic: str) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", topic)
        return [json.loads(row["value"]) for row in rows]


@asynccontextmanager
async def an_onward(databases: Databases) -> AsyncIterator[Onward]:
    """On an empty database, with one shop."""
    url = await databases.create("gateway")
    pool = await create_pool(url, "gateway", max_size=4)
    await add_shop(pool, FixedClock(NOW), "laleh", currency="IRR", phone_region="IR")
    await pool.execute("TRUNCATE outbox")
    (shop,) = await list_shops(pool)
    desk = Desk.open(RulesBook().of(shop), Marker(SECRET), datetime.fromtimestamp(RECEIVED_MS / 1000, UTC))
    yield Onward(pool, desk)
    await pool.close()
