"""On real Kafka: checkouts and refunds while the worker is killed at every named point; all comes out as it must."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import asyncpg
import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from mandegar.stack import Stack
from services.loyalty.points import Signer, verify
from shared.contracts import topics
from shared.db import acquire, create_pool
from shared.kernel import FixedClock, SystemClock
from shared.messaging.reference import write_shops
from shared.testing import Databases
from tests.chaos.faults import RELAYING, STEPS
from tests.chaos.keeping import WORKERS_SECRET, kept
from tests.chaos.topic import ends_of, make_topics_anew, messages_of
from tests.loyalty_orders.answering import add_key
from tests.loyalty_orders.ground import SHOP, completed, name, refunded, version
from tests.loyalty_orders.programmes import publish
from tests.loyalty_rewards.ground import SCOPES, TEN_OFF, asking

pytestmark = [pytest.mark.stack, pytest.mark.slow]
CUSTOMERS = (1, 2, 3)
GIVEN = 1_000
FATES = ("lapsed", "released", "expired", "used", "refunded")
"""What becomes of what a customer asks for, once for each in a round."""
_ROUNDS_MAX = 60
# Its day is over.
_OVER = """
WITH past AS (
    UPDATE redemption SET due_day = 0, ends_at = date_trunc('day', now() AT TIME ZONE $3) AT TIME ZONE $3
    WHERE shop = 1 AND id = $1
)
INSERT INTO timer (shop, kind, identity, due, partition) VALUES (1, 'points', $2, now(), 0)
ON CONFLICT (shop, kind, identity) DO UPDATE SET due = now()
"""
_SECONDS = 100


class Shopper(NamedTuple):
    """Checkouts of customers, told to the API, and their orders, told to Kafka."""

    now: httpx.AsyncClient
    then: httpx.AsyncClient
    """The API some minutes ago: what it holds has lapsed. No longer ago, since roots cover what is older."""
    pool: asyncpg.Pool[Any]
    headers: dict[str, str]
    producer: AIOKafkaProducer
    rng: Random

    async def ask(self, http: httpx.AsyncClient, path: str, body: Any, once: str) -> dict[str, Any]:
        """A write that is sent until it is answered, and then once more, as by one who missed the answer."""
        headers = {**self.headers, "Idempotency-Key": once}
        for _ in range(30):
            answer = await http.post(path, json=body, headers=headers)
            if answer.status_code != 503:
                break
        assert answer.status_code == 200, answer.text
        again = await http.post(path, json=body, headers=headers)
        assert again.status_code == 503 or again.json() == answer.json()
        found: dict[str, Any] = answer.json()
        return found

    async def shop(self, number: int) -> None:
        """One round."""
        events: list[Any] = [completed(f"order-{number}-{fate}", customer=9) for fate in ("used", "refunded")]
        events.append(refunded(f"order-{number}-refunded", "all", None, hours=1))
        await asyncio.gather(
            self._send([event for event in events for _ in range(2)]), *(self._ask_for(number, fate) for fate in FATES)
        )

    async def _ask_for(self, number: int, fate: str) -> None:
        named = f"{number}-{fate}"
        body = {"customer": name(CUSTOMERS[number % len(CUSTOMERS)]), "reward": "ten-off"}
        held = await self.ask(self.then if fate == "lapsed" else self.now, "/v1/redemptions", body, named)
        path = f"/v1/redemptions/{held['redemption']}"
        if fate == "released":
            await self.ask(self.now, f"{path}/release", None, f"{named}-r")
        elif fate == "expired":
            await self.ask(self.now, f"{path}/capture", {}, f"{named}-c")
            await self.pool.execute(_OVER, held["redemption"], body["customer"], SHOP.zone)
        elif fate != "lapsed":
            await self.ask(self.now, f"{path}/capture", {"order": f"order-{named}"}, f"{named}-c")

    async def _send(self, events: list[Any]) -> None:
        self.rng.shuffle(events)
        for event in events:
            value, place = msgspec.json.encode(event), self.rng.randrange(12)
            await self.producer.send_and_wait(topics.ORDERS, value, partition=place)


async def test_killed_at_every_point_checkouts_and_refunds_come_out_as_they_must(
    databases: Databases, stack: Stack, tmp_path: Path
) -> None:
    url, servers = await databases.create("loyalty"), stack.bootstrap_servers
    await make_topics_anew(servers)
    now = SystemClock()
    then = FixedClock(now.now() - timedelta(minutes=4))
    plan = [*(f"{point}:2" for point in STEPS), *RELAYING, "timer_after_claim:2"]
    pool = await create_pool(url, "loyalty", max_size=3)
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await asyncio.wait_for(producer.start(), 20)
    try:
        headers = await _open_the_shop(pool)
        async with (
            asking(url, now) as today,
            asking(url, then) as before,
            kept("loyalty", url, servers, tmp_path, list(plan), MANDEGAR_BATCH_EVENTS_MAX="60") as worker,
        ):
            shopper = Shopper(today, before, pool, headers, producer, Random(20260601))
            for customer in CUSTOMERS:
                body = {"customer": name(customer), "points": GIVEN, "reason": "goodwill", "text": "To begin with"}
                await shopper.ask(before, "/v1/corrections", body, f"given-{customer}")
            await shopper.ask(before, "/v1/rewards", TEN_OFF | {"valid_days": 0, "hold_minutes": 3}, "make")
            rounds = 0
            while rounds < _ROUNDS_MAX and (worker.plan or rounds < len(CUSTOMERS)):
                await shopper.shop(rounds)
                rounds += 1
                await asyncio.sleep(0.5)
            await _settled(pool, servers)
        assert [one.crash_at for one in worker.endings if one.code == -signal.SIGKILL] == plan
        await _judge(pool, servers, rounds)
    finally:
        await asyncio.wait_for(producer.stop(), 10)
        await pool.close()


async def _open_the_shop(pool: asyncpg.Pool[Any]) -> dict[str, str]:
    async with acquire(pool) as conn:
        await write_shops(conn, [SHOP], [0])
    await publish(pool, {SHOP: [version()]})
    joined = "INSERT INTO member (shop, customer, joined_at, how, state) VALUES (1, $1, '2026-01-01', 2, 1)"
    for customer in CUSTOMERS:
        await pool.execute("INSERT INTO known_customer (shop, customer) VALUES (1, $1)", customer)
        await pool.execute(joined, customer)
    return {"Authorization": f"Bearer {await add_key(pool, SHOP, 'till', SCOPES)}"}


async def _settled(pool: asyncpg.Pool[Any], servers: str) -> None:
    """All orders are read, nothing waits to be told, and what was to end has ended."""
    async with asyncio.timeout(_SECONDS):
        while True:
            ends = await ends_of(servers, [topics.ORDERS])
            rows = await pool.fetch("SELECT partition, next FROM consumer_offset WHERE topic = $1", topics.ORDERS)
            done = {(topics.ORDERS, row[0]): row[1] for row in rows}
            open_ = await pool.fetchval("SELECT count(*) FROM redemption WHERE state IN (1, 2)")
            waiting = await pool.fetchval("SELECT count(*) FROM outbox") + open_
            if all(done.get(place, 0) >= end for place, end in ends.items()) and not waiting:
                return
            await asyncio.sleep(0.3)


async def _judge(pool: asyncpg.Pool[Any], servers: str, rounds: int) -> None:
    states = await pool.fetch("SELECT state, count(*)::int AS n FROM redemption GROUP BY state")
    assert {row["state"]: row["n"] for row in states} == {3: 2 * rounds, 4: rounds, 5: rounds, 6: rounds}
    taken = await pool.fetchrow("SELECT taken, committed, (SELECT sum(used) FROM reward_use) AS used FROM reward")
    assert taken is not None
    assert tuple(taken) == (3 * rounds, 3 * rounds * 1_000, 3 * rounds)
    for at, customer in enumerate(CUSTOMERS):
        row = await pool.fetchrow("SELECT active, held, owed FROM account WHERE customer = $1", customer)
        spent = 2 * TEN_OFF["points"] * len(range(at, rounds, len(CUSTOMERS)))
        assert row is not None
        assert tuple(row) == (GIVEN - spent, 0, 0), "what was used and what expired is spent, all else is back"
    assert await pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    told: dict[str, Any] = {}
    for message in await messages_of(servers, topics.LOYALTY_REWARDS):
        event = msgspec.json.decode(message.value)
        assert told.setdefault(event["id"], event) == event, "one id tells one thing"
    types = Counter(event["type"] for event in told.values())
    assert types == {"reward.granted": 3 * rounds, "reward.redeemed": 2 * rounds, "reward.expired": rounds}
    async with acquire(pool) as conn:
        for found in await verify(conn, Signer(WORKERS_SECRET)):
            assert not found.violations, found
