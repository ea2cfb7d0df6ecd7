"""On real Kafka: every event doubled and shuffled, the worker killed at every named point. Each step is done once."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from mandegar.stack import Stack
from shared.contracts import topics
from shared.db import acquire, create_pool
from shared.kernel import FixedClock, SystemClock
from shared.messaging.reference import write_shops
from shared.testing import Databases
from tests.campaigns.ground import SHOP
from tests.campaigns_journeys.ground import SEND, added, did, ordered, published
from tests.chaos.faults import RELAYING, STEPS
from tests.chaos.keeping import kept
from tests.chaos.topic import ends_of, make_topics_anew, messages_of

pytestmark = [pytest.mark.stack, pytest.mark.slow]
_SECONDS = 120
_CARTS = 240
JOURNEY: dict[str, Any] = {
    "name": "Cart",
    "trigger": {"kind": "event", "event": "product added"},
    "key": "cart",
    "reentry": {"kind": "per_key"},
    "goal": [{"event": "order.completed", "same": "checkout"}],
    "steps": [
        SEND,
        {"kind": "points", "id": "gift", "points": 5},
        {
            "kind": "wait_for",
            "id": "checkout",
            "minutes": 10_000,
            "events": [{"event": "checkout started", "same": "cart"}],
            "met": [{**SEND, "id": "met"}],
        },
    ],
}


async def test_killed_at_every_point_each_run_does_each_step_once(
    databases: Databases, stack: Stack, tmp_path: Path
) -> None:
    rng, url, servers = Random(20260601), await databases.create("campaigns"), stack.bootstrap_servers
    await make_topics_anew(servers)
    plan = [*(f"{point}:2" for point in STEPS), *RELAYING, "timer_after_claim:2"]
    pool = await create_pool(url, "campaigns", max_size=3)
    try:
        async with acquire(pool) as conn:
            await write_shops(conn, [SHOP], [0])
        now = SystemClock().now()
        await published(pool, FixedClock(now), "cart", JOURNEY)
        half = now - timedelta(minutes=30)
        carts = [added(n % 40 + 1, f"c-{n}", n, at=half) for n in range(_CARTS)]
        even = range(0, _CARTS, 2)
        checkouts = [did(n % 40 + 1, "checkout started", 1_000 + n, at=now, cart_id=f"c-{n}") for n in even]
        orders = [ordered(n % 40 + 1, f"A-{n}", at=now, checkout_id=f"c-{n}") for n in range(0, _CARTS, 3)]
        async with kept("campaigns", url, servers, tmp_path, plan, MANDEGAR_BATCH_EVENTS_MAX="40") as worker:
            await _send(servers, topics.INTERACTIONS, [*carts, *carts], rng)
            await _until(pool, servers, f"SELECT count(*) = {_CARTS} FROM journey_run WHERE due IS NOT NULL")
            await _send(servers, topics.INTERACTIONS, [*checkouts, *carts, *checkouts], rng)
            await _until(pool, servers, "SELECT count(*) = 0 FROM timer WHERE kind = 'journeys_run' AND due < now()")
            await _until(pool, servers, f"SELECT count(*) = {len(checkouts)} FROM journey_run WHERE state = 1")
            for _ in range(30):
                if not worker.plan:
                    break
                await _send(servers, topics.INTERACTIONS, rng.sample(carts, 20), rng)
                await asyncio.sleep(1)
            await _send(servers, topics.ORDERS, [*orders, *orders], rng)
            still = sum(1 for n in range(0, _CARTS, 3) if n % 2)
            await _until(pool, servers, f"SELECT count(*) = {still} FROM journey_run WHERE state = 2")
        assert [one.crash_at for one in worker.endings if one.code == -signal.SIGKILL] == plan
        await _judge(pool, servers, len(checkouts), still)
    finally:
        await pool.close()


async def _judge(pool: asyncpg.Pool[Any], servers: str, met: int, reached: int) -> None:
    states = {row[0]: row[1] for row in await pool.fetch("SELECT state, count(*)::int FROM journey_run GROUP BY 1")}
    assert states == {0: _CARTS - met - reached, 1: met, 2: reached}
    rows = await pool.fetch("SELECT step, state, count(*)::int FROM message GROUP BY 1, 2")
    found = {(row[0], row[1]): row[2] for row in rows}
    assert found == {("first", 0): _CARTS - reached, ("first", 5): reached, ("met", 0): met}
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    told: dict[str, Any] = {}
    by_run: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for message in await messages_of(servers, topics.CAMPAIGNS_JOURNEYS):
        event = msgspec.json.decode(message.value)
        if event["id"] not in told:
            by_run[event["data"]["run"]].append((event["sequence"], event["type"]))
        assert told.setdefault(event["id"], event) == event, "one id tells one thing"
    types = Counter(event["type"] for event in told.values())
    moved = 2 * _CARTS + 2 * met
    assert types == {
        "journey.entered": _CARTS,
        "journey.moved": moved,
        "journey.completed": met,
        "journey.goal.reached": reached,
    }
    for events in by_run.values():
        assert events == sorted(events) and events[0][1] == "journey.entered"
    asked = [msgspec.json.decode(one.value) for one in await messages_of(servers, topics.LOYALTY_REQUESTS)]
    assert len({one["data"]["id"] for one in asked}) == len({one["id"] for one in asked}) == _CARTS


async def _send(servers: str, topic: str, events: Sequence[Any], rng: Random) -> None:
    shuffled = rng.sample(list(events), len(events))
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=2)
    await asyncio.wait_for(producer.start(), 20)
    try:
        for at in range(0, len(shuffled), 100):
            sent = [
                await producer.send(topic, msgspec.json.encode(one), partition=rng.randrange(12))
                for one in shuffled[at : at + 100]
            ]
            await asyncio.wait_for(asyncio.gather(*sent), 20)
            await asyncio.sleep(0.2)
    finally:
        await asyncio.wait_for(producer.stop(), 10)


async def _until(pool: asyncpg.Pool[Any], servers: str, question: str) -> None:
    """All events are read, nothing waits to be told, and the database says yes."""
    heard = [topics.INTERACTIONS, topics.ORDERS]
    async with asyncio.timeout(_SECONDS):
        while True:
            ends = await ends_of(servers, heard)
            rows = await pool.fetch("SELECT topic, partition, next FROM consumer_offset WHERE topic = ANY($1)", heard)
            done = {(row[0], row[1]): row[2] for row in rows}
            waiting = await pool.fetchval("SELECT count(*) FROM outbox")
            if (
                all(done.get(at, 0) >= end for at, end in ends.items())
                and not waiting
                and await pool.fetchval(question)
            ):
                return
            await asyncio.sleep(0.3)
