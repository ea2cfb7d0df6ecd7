"""The ledger of points under everything at once: the checker finds nothing, minute after minute.

Two shops on the wall's clock and one whose days go by in seconds; orders that are completed, changed, cancelled and
refunded, all of it twice and in any order; reviews, segments, checkouts that are captured, released and forgotten,
corrections; the worker killed now and then, its connections cut. Each minute all entries are replayed beside it, in a
snapshot. In the end everything is read, and the points of the plain shop are what a recount gives.

`make soak MINUTES=60`. The file is named so that only who names it runs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
import structlog
from aiokafka import AIOKafkaProducer

from mandegar.stack import Stack
from services.loyalty.points import Signer, verify
from services.loyalty.programmes import (
    AfterDays,
    Cap,
    Fixed,
    OnInteraction,
    Programme,
    Rate,
    Rolling,
    Rule,
    Segment,
    Sliding,
)
from shared.contracts import topics
from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.shops import Shop
from shared.db import acquire, create_pool
from shared.kernel import SystemClock, derive_event_id
from shared.messaging.reference import write_shops
from shared.testing import Databases
from tests.chaos.keeping import WORKERS_SECRET, kept
from tests.chaos.topic import ends_of, make_topics_anew
from tests.loyalty_orders.answering import add_key
from tests.loyalty_orders.ground import FLAT, OTHER, SHOP, START, Story, completed, did, name, version
from tests.loyalty_orders.programmes import publish
from tests.loyalty_orders.recount import points_by_account
from tests.loyalty_rewards.ground import SCOPES, TEN_OFF, asking
from tests.loyalty_segments.test_earning import change
from tests.loyalty_tiers.ground import TIERED

pytestmark = [pytest.mark.stack, pytest.mark.slow]
MINUTES = float(os.environ.get("SOAK_MINUTES") or 2)
SEED = int(os.environ.get("SOAK_SEED") or SystemClock().now().timestamp())
CHECK_SECONDS, KILL_SECONDS, CUT_SECONDS = min(60.0, MINUTES * 15), 25.0, 40.0
CUSTOMERS, ORDERS_AT_ONCE = 60, 25
FIRST_DAY, LONG_AGO = -9_000, datetime(2000, 1, 1, tzinfo=UTC)
"""Where the replay begins, in days from the ground's start: for hours its time lies before the wall's."""
REPLAY: Shop = msgspec.structs.replace(SHOP, number=4, slug="replay", clock="stream")
ALL = (SHOP, OTHER, REPLAY)
REVIEWED = Rule(
    id="review",
    name="Review",
    earn=Fixed(points=20),
    on=OnInteraction(names=("product reviewed",)),
    caps=(Cap(points=20, per="day"), Cap(points=60, per="month", over="reject")),
)
FRIENDS = Rule(id="friends", name="Friends", earn=Fixed(points=7), when=Segment(names=("friends",)))
SPEND = Rule(id="spend", name="Spend", earn=Rate(points=1, per=100), caps=(Cap(points=400, per="day"),))
RICH = msgspec.structs.replace(
    TIERED, rules=(SPEND, REVIEWED, FRIENDS), expiry=Sliding(days=60, activity="any"), debt="later_earnings"
)
QUICK: Programme = msgspec.structs.replace(
    TIERED, rules=(SPEND, REVIEWED), pending=AfterDays(days=3), expiry=Rolling(days=20), notices=(7, 1)
)
_DRAIN_SECONDS = 180.0
_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename LIKE '%worker' AND pid <> pg_backend_pid()
"""


@dataclass
class Soak:
    """What happens, and what is known of it."""

    rng: Random
    producer: AIOKafkaProducer
    pool: asyncpg.Pool[Any]
    http: httpx.AsyncClient
    headers: dict[str, str]
    told: list[Any] = field(default_factory=list)
    """Of the plain shop, for the recount."""
    orders: int = 0
    days: int = 0
    asked: int = 0
    checks: int = 0

    async def send(self, topic: str, events: list[Any], partition: int | None = None) -> None:
        """Each twice, in any order, to any partition."""
        twice = [one for one in events for _ in range(2)]
        self.rng.shuffle(twice)
        for one in twice:
            place = self.rng.randrange(12) if partition is None else partition
            await self.producer.send(topic, msgspec.json.encode(one), partition=place)
        await asyncio.wait_for(self.producer.flush(), 60)

    async def order(self) -> None:
        """Lives of orders at the shops of the wall's clock, reviews, segments."""
        events = Story(self.rng, CUSTOMERS).tell(ORDERS_AT_ONCE, self.orders)
        self.orders += ORDERS_AT_ONCE
        self.told += [one for one in events if one.shop == OTHER.slug]
        await self.send(topics.ORDERS, events)
        who, hours = self.rng.randint(1, CUSTOMERS), self.rng.uniform(0, 1_000)
        await self.send(topics.INTERACTIONS, [did("product reviewed", who, hours)])
        moved = change(who, "friends", hours, entered=self.rng.random() < 0.6, sequence=self.orders)
        await self.send(topics.CAMPAIGNS_SEGMENTS, [moved])
        await asyncio.sleep(0.5)

    async def replay(self) -> None:
        """A day of the shop on the stream clock: what is done on it, then word in every partition that it is over."""
        hours = 24.0 * (FIRST_DAY + self.days)
        for number in range(self.rng.randint(0, 6)):
            who, revenue = self.rng.randint(1, CUSTOMERS), self.rng.randint(0, 30_000)
            order = completed(f"day-{self.days}-{number}", who, revenue, hours + number, shop=REPLAY)
            await self.send(topics.ORDERS, [order])
        self.days += 1
        until = START + timedelta(days=FIRST_DAY + self.days)
        for partition in range(12):
            word = ClockAdvanced(
                id=derive_event_id(int(until.timestamp() * 1000), REPLAY.slug, f"{until}:{partition}", "clock"),
                source="mandegar/gateway",
                subject=REPLAY.slug,
                time=until,
                shop=REPLAY.slug,
                receivedat=until,
                data=Clock(until=until),
            )
            await self.send(topics.ORDERS, [word], partition)
        await asyncio.sleep(1)

    async def check_out(self) -> None:
        """Somebody takes a reward, and uses it, gives it up, or forgets it; staff give and take points."""
        self.asked += 1
        who = name(self.rng.randint(1, CUSTOMERS))
        held = await self.ask("/v1/redemptions", {"customer": who, "reward": "ten-off"})
        if held.status_code == 200:
            path, order = f"/v1/redemptions/{held.json()['redemption']}", f"o-{self.rng.randrange(max(1, self.orders))}"
            what = self.rng.choice(("capture", "on an order", "release", "forget"))
            if what == "release":
                await self.ask(f"{path}/release", None)
            elif what != "forget":
                await self.ask(f"{path}/capture", {"order": order} if what == "on an order" else None)
        points = self.rng.choice((-30, 15, 200))
        body = {"customer": who, "points": points, "reason": "goodwill", "text": "Soaked"}
        await self.ask("/v1/corrections", body)
        await asyncio.sleep(0.3)

    async def ask(self, path: str, body: Any) -> httpx.Response:
        """A write; refusals and a database that is away for a moment are answers."""
        answer = await self.http.post(path, json=body, headers=self.headers)
        assert answer.status_code in (200, 404, 409, 503), (path, answer.status_code, answer.text)
        return answer

    async def check(self, pid: int | None = None) -> None:
        """Everything is replayed in a snapshot, beside whoever works."""
        began = monotonic()
        async with acquire(self.pool) as conn:
            found = await verify(conn, Signer(WORKERS_SECRET))
        wrong = [one for shop in found for one in shop.violations]
        assert not wrong, f"seed {SEED}: {wrong[:20]}"
        self.checks += 1
        waits = await self.pool.fetchval("SELECT count(*) FROM outbox")
        print(
            f"soak: {self.orders} orders, {self.days} days, {self.asked} checkouts; sound are "
            f"{sum(one.accounts for one in found)} accounts, {sum(one.entries for one in found)} entries, "
            f"{sum(one.holds for one in found)} holds, {sum(one.roots for one in found)} roots "
            f"in {monotonic() - began:.1f} s; {waits} to be told; worker {_rss_mb(pid)} MB",
            flush=True,
        )


def _rss_mb(pid: int | None) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)


async def test_minute_after_minute_nothing_is_broken(databases: Databases, stack: Stack, tmp_path: Path) -> None:
    print(f"soak: seed {SEED}, {MINUTES} minutes")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # not of each request
    url, servers = await databases.create("loyalty"), stack.bootstrap_servers
    await make_topics_anew(servers)
    async with _soak(url, servers) as soak, kept("loyalty", url, servers, tmp_path, []) as worker:
        ends = monotonic() + 60 * MINUTES
        at_last = asyncio.Event()

        async def again_and_again(what: Callable[[], Awaitable[None]], seconds: float = 0) -> None:
            while not at_last.is_set():
                try:
                    await asyncio.wait_for(at_last.wait(), max(seconds, 0.01))
                except TimeoutError:
                    await what()

        async def kill() -> None:
            worker.send(signal.SIGKILL)

        async def cut() -> None:
            async with acquire(soak.pool) as conn:
                await conn.fetchval(_CUT)

        async def check() -> None:
            await soak.check(worker.process.pid if worker.process else None)

        async with asyncio.TaskGroup() as group:
            for what, seconds in (
                *((soak.order, 0.0), (soak.replay, 0.0), (soak.check_out, 0.0)),
                *((kill, KILL_SECONDS), (cut, CUT_SECONDS), (check, CHECK_SECONDS)),
            ):
                group.create_task(again_and_again(what, seconds))
            while monotonic() < ends:  # noqa: ASYNC110 - nobody tells of the time
                await asyncio.sleep(1)
            at_last.set()
        await _drained(soak, servers)
        await soak.check()
        killed = sum(one.code == -signal.SIGKILL for one in worker.endings)
        assert killed >= int(60 * MINUTES / KILL_SECONDS) - 1, worker.endings
    assert soak.checks > 1


@asynccontextmanager
async def _soak(url: str, servers: str) -> AsyncIterator[Soak]:
    pool = await create_pool(url, "loyalty", max_size=4)
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=2)
    await asyncio.wait_for(producer.start(), 20)
    try:
        async with acquire(pool) as conn:
            await write_shops(conn, ALL, [0] * len(ALL))
        await publish(pool, {SHOP: [version(RICH)], OTHER: [version(FLAT)], REPLAY: [version(QUICK, since=LONG_AGO)]})
        for customer in range(1, CUSTOMERS + 1):
            await pool.execute("INSERT INTO known_customer (shop, customer) VALUES (1, $1)", customer)
        headers = {"Authorization": f"Bearer {await add_key(pool, SHOP, 'till', SCOPES)}"}
        async with asking(url, SystemClock()) as http:
            soak = Soak(Random(SEED), producer, pool, http, headers)
            made = await soak.ask("/v1/rewards", TEN_OFF | {"valid_days": 0, "hold_minutes": 1})
            assert made.status_code == 200, made.text
            yield soak
    finally:
        await asyncio.wait_for(producer.stop(), 10)
        await pool.close()


async def _drained(soak: Soak, servers: str) -> None:
    """All is read and told; the plain shop's points are what a recount of all that was said gives."""
    reads = [topics.ORDERS, topics.INTERACTIONS, topics.CAMPAIGNS_SEGMENTS]
    async with asyncio.timeout(_DRAIN_SECONDS):
        while True:
            ends = await ends_of(servers, reads)
            rows = await soak.pool.fetch("SELECT topic, partition, next FROM consumer_offset")
            done = {(row[0], row[1]): row[2] for row in rows}
            left = {place: end for place, end in ends.items() if done.get(place, 0) < end}
            if not left and not await soak.pool.fetchval("SELECT count(*) FROM outbox"):
                break
            await asyncio.sleep(0.5)
    rows = await soak.pool.fetch("SELECT shop, customer, pending + active + held - owed FROM account WHERE shop = 2")
    found = {(row[0], row[1]): row[2] for row in rows if row[2]}
    assert found == points_by_account(soak.told, ALL)
    letters = await soak.pool.fetch("SELECT reason, detail FROM dead_letter LIMIT 5")
    assert not letters, [tuple(row) for row in letters]
