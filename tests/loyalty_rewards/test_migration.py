"""Rewards that were granted before they were turned with their customers' day: the old timers are taken over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.loyalty.main import create_service
from services.loyalty.points import Signer
from shared.contracts.topics import LOYALTY_REWARDS, ORDERS
from shared.db.engine import plain_url
from shared.db.migrating import downgrade, migrate
from shared.kernel import FixedClock, Zone
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, running
from tests.loyalty_orders.ground import NOW, SHOP, SHOPS, name

pytestmark = pytest.mark.stack
OLD, NEW = "0008", "0009"
CUSTOMERS = (1, 31, 32, 1025, 2**62 - 1)
"""Ids whose names have their digits in different places."""
REWARD = '{"name": "Spa", "what": {"kind": "amount", "amount": 5}, "currency": "USD", "points": 0, "valid_days": 9}'
_GRANTED = """
INSERT INTO redemption (shop, id, customer, reward, version, state, points, worth, currency, period, asked_at, until,
                        granted_at, ends_at, noticed, actor)
VALUES (1, $1, $2, 'spa', 1, $3, 0, 0, 'USD', '', $4, $4, $4, $5, 32767, '')
"""
_TIMER = "INSERT INTO timer (shop, kind, identity, due, partition) VALUES (1, $1, $2, $3, $4)"


async def grant(conn: asyncpg.Connection[Any], redemption: str, customer: int, ends: datetime, state: int = 2) -> None:
    """One as the revision before had it, with a timer of its own."""
    await conn.execute(_GRANTED, redemption, customer, state, NOW - timedelta(days=9), ends)
    if state == 2:
        await conn.execute(_TIMER, "reward_expiry", redemption, ends - timedelta(days=1), 0)


async def test_the_old_timers_become_those_of_customers_and_everything_ends_in_its_time(databases: Databases) -> None:
    url = await databases.create("loyalty")
    await asyncio.to_thread(downgrade, "loyalty", url, OLD)
    zone, at = Zone(SHOP.zone), NOW - timedelta(days=9)
    today = zone.day_of(NOW)
    over, later = zone.start_of(today), zone.start_of(type(today)(today + 3))  # one ended as today began
    conn = await asyncpg.connect(plain_url(url), server_settings={"search_path": "loyalty"})
    try:
        await conn.execute(
            "INSERT INTO reward_version (shop, reward, version, body, author, reason, published_at)"
            " VALUES (1, 'spa', 1, $1::text::jsonb, '', '', $2)",
            *(REWARD, at),
        )
        await conn.execute("INSERT INTO reward (shop, reward, version, taken) VALUES (1, 'spa', 1, 9)")
        for number, customer in enumerate(CUSTOMERS):
            await grant(conn, f"over-{number}", customer, over)
            await grant(conn, f"later-{number}", customer, later)
        await grant(conn, "used", 77, over, state=3)
        soon, never = NOW - timedelta(days=5), datetime(2030, 1, 1, tzinfo=UTC)
        await conn.execute(_TIMER, "points", name(1), soon, 3)
        await conn.execute(_TIMER, "points", name(31), never, 5)
        await asyncio.to_thread(migrate, "loyalty", url, NEW)
        due = {row[0]: tuple(row)[1:] for row in await conn.fetch("SELECT identity, due, partition FROM timer")}
        first = over - timedelta(days=1)
        assert due == {
            **{name(customer): (first, 0) for customer in CUSTOMERS},
            name(1): (soon, 3),
            name(31): (first, 5),
        }, "one for each customer, as early as any was, where the customer's timer lay"
        assert await conn.fetchval("SELECT count(*) FROM redemption WHERE due_day IS NULL") == 1
        await asyncio.to_thread(migrate, "loyalty", url)
    finally:
        await conn.close()
    service = create_service(lambda: Cipher(TEST_SECRET), lambda: Signer(TEST_SECRET))
    async with running(service, url, clock=FixedClock(NOW)) as worker:
        await worker.configure(*SHOPS)
        await worker.fire(ORDERS, range(12))
        rows = await worker.pool.fetch("SELECT id, state FROM redemption")
        assert {row[0].partition("-")[0]: row[1] for row in rows} == {"over": 6, "later": 2, "used": 3}
        told = [one.event for one in await worker.published(LOYALTY_REWARDS)]
        assert sorted(one["data"]["customer"] for one in told if one["type"] == "reward.expired") == sorted(
            name(customer) for customer in CUSTOMERS
        )
        dues = await worker.pool.fetch("SELECT identity, due FROM timer WHERE kind = 'points'")
        assert {row[0]: row[1] > NOW for row in dues} == {name(customer): True for customer in CUSTOMERS}


async def test_going_back_gives_each_reward_a_timer_of_its_own_again(databases: Databases) -> None:
    url = await databases.create("loyalty")
    conn = await asyncpg.connect(plain_url(url), server_settings={"search_path": "loyalty"})
    try:
        await conn.execute(
            "INSERT INTO shop (number, slug, settings, version) VALUES (1, 'laleh', '{\"clock\": \"stream\"}', 1)"
        )
        await conn.execute(_GRANTED, "spa", 1, 2, NOW, NOW + timedelta(days=3))
        await conn.execute("UPDATE redemption SET due_day = 5")
        await asyncio.to_thread(downgrade, "loyalty", url, OLD)
        rows = await conn.fetch("SELECT kind, identity, partition FROM timer")
        assert [tuple(row) for row in rows] == [("reward_expiry", "spa", -4097)]
        await asyncio.to_thread(migrate, "loyalty", url)
        rows = await conn.fetch("SELECT kind, identity, partition FROM timer")
        assert [tuple(row) for row in rows] == [("points", name(1), -4097)]
    finally:
        await conn.close()
