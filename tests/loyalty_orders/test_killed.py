"""On real Kafka: every event doubled and shuffled, the worker killed at every named point. Nothing lost or doubled."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from mandegar.stack import Stack
from shared.contracts import topics
from shared.db import create_pool
from shared.messaging.reference import write_shops
from shared.testing import Databases
from tests.chaos.faults import RELAYING, STEPS
from tests.chaos.keeping import kept
from tests.chaos.topic import ends_of, make_topics_anew, messages_of
from tests.loyalty_orders.ground import OTHER, SHOP, SHOPS, Story, version
from tests.loyalty_orders.programmes import publish
from tests.loyalty_orders.recount import points_by_account

pytestmark = [pytest.mark.stack, pytest.mark.slow]
_SECONDS = 120


async def test_killed_at_every_point_nothing_is_lost_and_nothing_doubled(
    databases: Databases, stack: Stack, tmp_path: Path
) -> None:
    rng = Random(20260601)
    events = Story(rng, customers=25).tell(600)
    arriving = [event for event in events for _ in range(2)]
    rng.shuffle(arriving)
    url, servers = await databases.create("loyalty"), stack.bootstrap_servers
    await make_topics_anew(servers)
    pool = await create_pool(url, "loyalty", max_size=3)
    try:
        async with pool.acquire() as conn:
            await write_shops(conn, SHOPS, [0] * len(SHOPS))
        await publish(pool, {SHOP: [version()], OTHER: [version()]})
        plan = [*(f"{point}:{nth}" for nth, point in enumerate(STEPS, 2)), *RELAYING]
        async with kept("loyalty", url, servers, tmp_path, plan, MANDEGAR_BATCH_EVENTS_MAX="60") as worker:
            await _send(servers, arriving, rng)
            await _drained(pool, servers)
        assert len([one for one in worker.endings if one.code == -signal.SIGKILL]) >= len(plan)
        await _judge(pool, servers, points_by_account(events, SHOPS))
    finally:
        await pool.close()


async def _send(servers: str, events: Sequence[Any], rng: Random) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=2)
    await asyncio.wait_for(producer.start(), 20)
    try:
        for at in range(0, len(events), 100):
            sent = [
                await producer.send(topics.ORDERS, msgspec.json.encode(one), partition=rng.randrange(12))
                for one in events[at : at + 100]
            ]
            await asyncio.wait_for(asyncio.gather(*sent), 20)
            await asyncio.sleep(0.2)
    finally:
        await asyncio.wait_for(producer.stop(), 10)


async def _drained(pool: asyncpg.Pool[Any], servers: str) -> None:
    async with asyncio.timeout(_SECONDS):
        while True:
            ends = await ends_of(servers, [topics.ORDERS])
            rows = await pool.fetch("SELECT partition, next FROM consumer_offset WHERE topic = $1", topics.ORDERS)
            done = {(topics.ORDERS, row[0]): row[1] for row in rows}
            waiting = await pool.fetchval("SELECT count(*) FROM outbox")
            if all(done.get(place, 0) >= end for place, end in ends.items()) and not waiting:
                return
            await asyncio.sleep(0.3)


async def _judge(pool: asyncpg.Pool[Any], servers: str, expected: dict[tuple[int, int], int]) -> None:
    rows = await pool.fetch("SELECT shop, customer, pending + active + held - owed AS total, told FROM account")
    assert {(row["shop"], row["customer"]): row["total"] for row in rows if row["total"]} == expected
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    told: dict[str, Any] = {}
    slugs = {shop.slug: shop.number for shop in SHOPS}
    for message in await messages_of(servers, topics.LOYALTY_POINTS):
        event = msgspec.json.decode(message.value)
        assert told.setdefault(event["id"], event) == event, "one id tells one thing"
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for event in told.values():
        sign = -1 if event["type"] == "points.clawed-back" else 1
        sums[slugs[event["shop"]], event["data"]["customer"]] += sign * event["data"]["points"]
    assert {total for total in sums.values() if total} <= set(expected.values())
    assert sum(sums.values()) == sum(expected.values())
    assert len(told) == sum(row["told"] for row in rows), "an event for each posting, and no other"
