"""Rewards end, and word of it goes out, in their place of the day's turn: whoever turns it, in whatever batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import msgspec
import pytest

from services.loyalty.programmes import Version
from shared.contracts.envelope import message_key
from shared.contracts.orders import Clock, ClockAdvanced
from shared.contracts.shops import Shop
from shared.contracts.topics import CUSTOMERS, LOYALTY_POINTS, LOYALTY_REWARDS, LOYALTY_TIERS, ORDERS
from shared.kernel import DayOrdinal, Zone, derive_event_id
from shared.messaging import crash
from shared.messaging.partitioning import partition_of
from shared.testing import Databases
from tests.loyalty_orders.answering import add_key, working
from tests.loyalty_orders.ground import FLAT, SHOP, START, completed, name, version
from tests.loyalty_orders.programmes import publish
from tests.loyalty_orders.test_identities import told
from tests.loyalty_rewards.ground import PARTITIONS, SCOPES, TEN_OFF, Api, asking
from tests.loyalty_tiers.test_days_turn import WAITING, Died

pytestmark = pytest.mark.stack
STREAM: Shop = msgspec.structs.replace(SHOP, number=4, slug="stream", clock="stream")
ZONE = Zone(SHOP.zone)
GIFT = TEN_OFF | {"points": 0}
DAYS, BUYERS = 40, range(1, 7)
TURN = [
    *("points.activated", "tier.changed", "points.expired", "reward.expired"),
    *("points.expiring", "reward.expiring"),
]


@asynccontextmanager
async def a_shop(
    databases: Databases, now: datetime, versions: Sequence[Version], shop: Shop = SHOP, customers: Sequence[int] = (1,)
) -> AsyncIterator[Api]:
    async with (
        working(databases, {SHOP: versions} if shop is SHOP else {}, now) as (worker, clock, url),
        asking(url, clock) as http,
    ):
        if shop is not SHOP:
            await worker.configure(shop)
            await publish(worker.pool, {shop: versions})
        await worker.feed(CUSTOMERS, [told("updated", one, one, 1, shop) for one in customers])
        yield Api(http, worker, clock, {"first": await add_key(worker.pool, shop, "key0", SCOPES)}, url)


async def events_of(api: Api, since: int = 0) -> list[str]:
    """What customer 1 was told since so many days after the first order, by number."""
    topics = (LOYALTY_POINTS, LOYALTY_TIERS, LOYALTY_REWARDS)
    found = [one.event for topic in topics for one in await api.worker.published(topic)]
    begin = ZONE.start_of(DayOrdinal(ZONE.day_of(START) + since))
    return [
        one["type"]
        for one in sorted(found, key=lambda one: one["sequence"])
        if datetime.fromisoformat(one["time"]) >= begin
    ]


async def live(api: Api) -> None:
    """On the 31st day: points start, points expire, points will in a week, gold is reviewed; so do two rewards."""
    orders = [completed("a", revenue=50_000), completed("c", revenue=1_000, hours=7 * 24)]
    await api.worker.feed(ORDERS, [*orders, completed("b", revenue=1_000, hours=21 * 24)])
    for reward, days in (("over", 8), ("soon", 15)):
        made = await api.ask("POST", "/v1/rewards", GIFT | {"id": reward, "valid_days": days, "reminders": [7]})
        assert made.status_code == 200, made.text
        await api.granted(reward)


@pytest.mark.parametrize("days", [(31,), (10, 17, 24, 30, 31), (200,)])
async def test_a_timer_turns_the_day_in_order_however_late(databases: Databases, days: Sequence[int]) -> None:
    async with a_shop(databases, START + timedelta(days=22), [version(WAITING)]) as api:
        await live(api)
        for after in days:
            api.clock.advance(START + timedelta(days=after, hours=1) - api.clock.now())
            await api.worker.fire(ORDERS, PARTITIONS)
        assert (await events_of(api, 31))[:6] == TURN
        due = "SELECT count(*) FROM redemption WHERE due_day IS NOT NULL"
        assert await api.worker.pool.fetchval(due) == (0 if days == (200,) else 1)
        await api.is_sound()


async def test_an_order_before_the_timer_finds_the_day_turned_in_order(databases: Databases) -> None:
    async with a_shop(databases, START + timedelta(days=22), [version(WAITING)]) as api:
        await live(api)
        api.clock.advance(timedelta(days=9, hours=1))
        await api.worker.feed(ORDERS, [completed("d", revenue=20_000, hours=31 * 24)])
        assert await events_of(api, 31) == [*TURN, "points.earned"]
        await api.worker.fire(ORDERS, PARTITIONS)
        assert await events_of(api, 31) == [*TURN, "points.earned"], "the timer finds nothing more to do"
        api.clock.advance(timedelta(days=7))
        await api.worker.fire(ORDERS, PARTITIONS)
        assert "reward.expired" in await events_of(api, 38), "and was set anew for what is left"


async def test_wherever_a_worker_dies_in_the_turn_each_step_is_told_once(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_shop(databases, START + timedelta(days=22), [version(WAITING)]) as api:
        await live(api)
        points = ["timer_after_claim", "after_state", "after_outbox", "before_commit", "after_commit"]
        for after, dies in zip((24, 25, 30, 31, 62), points, strict=True):

            def at(point: str, dies: str = dies) -> None:
                if point == dies:
                    raise Died

            api.clock.advance(START + timedelta(days=after, hours=1) - api.clock.now())
            monkeypatch.setattr(crash, "at", at)
            with pytest.raises(Died):
                await api.worker.fire(ORDERS, PARTITIONS)
            monkeypatch.undo()
            await api.worker.fire(ORDERS, PARTITIONS)
        assert (await events_of(api, 31))[:6] == TURN
        rewards = [one.event for one in await api.worker.published(LOYALTY_REWARDS)]
        assert [one["type"] for one in rewards].count("reward.expired") == 2
        assert len({one["id"] for one in rewards}) == len(rewards)


async def test_a_reward_granted_while_a_timer_fires_has_its_day(databases: Databases) -> None:
    async with a_shop(databases, START + timedelta(hours=2), [version(FLAT)]) as api:
        await api.worker.feed(ORDERS, [completed("a")])
        await api.make(points=0, valid_days=2, reminders=[])
        held = (await api.hold()).json()["redemption"]
        async with api.worker.pool.acquire() as firing, firing.transaction():
            # What the day's turn holds from before it looks at rewards until its timer is gone.
            await firing.execute("SELECT FROM member WHERE shop = 1 AND customer = 1 FOR UPDATE")
            capturing = asyncio.create_task(api.step(held, "capture"))
            done, _ = await asyncio.wait({capturing}, timeout=0.4)
            assert not done
        assert (await asyncio.wait_for(capturing, 10)).status_code == 200
        api.clock.advance(timedelta(days=3))
        await api.worker.fire(ORDERS, PARTITIONS)
        assert (await api.told())[-1] == "reward.expired"


def tick(day: int, partition: int) -> ClockAdvanced:
    until = ZONE.start_of(DayOrdinal(ZONE.day_of(START) + day))
    return ClockAdvanced(
        id=derive_event_id(int(until.timestamp() * 1000), STREAM.slug, f"{until}:{partition}", "clock"),
        source="mandegar/gateway",
        subject=STREAM.slug,
        time=until,
        shop=STREAM.slug,
        receivedat=until,
        data=Clock(until=until),
    )


def story(rng: Random) -> list[tuple[int, Any]]:
    """Orders of some weeks, each day's beginning told in every partition, each customer's in their own."""
    placed: list[tuple[int, Any]] = []
    for day in range(1, DAYS):
        placed += [(partition, tick(day, partition)) for partition in PARTITIONS]
        for customer in BUYERS:
            if rng.random() < 0.4:
                hours = day * 24 + rng.uniform(0, 8)
                order = completed(f"o-{day}-{customer}", customer, rng.randrange(1_000, 20_000), hours, shop=STREAM)
                placed.append((partition_of(message_key(STREAM.slug, name(customer)), len(PARTITIONS)), order))
    return placed


async def told_by_customer(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, events: Sequence[tuple[int, Any]], batch: int
) -> dict[bytes, list[dict[str, Any]]]:
    """What each customer was told in the end, in order, where timers fire behind each batch."""
    numbers = count(1)
    # Without levels: those that an order lifts to are told behind the batch.
    programme = msgspec.structs.replace(WAITING, tiers=None)
    now = datetime(2027, 1, 1, tzinfo=UTC)
    with monkeypatch.context() as patched:
        patched.setattr("secrets.token_hex", lambda _: f"{next(numbers):032x}")
        async with a_shop(databases, now, [version(programme)], STREAM, list(BUYERS)) as api:
            places = {one: partition_of(message_key(STREAM.slug, name(one)), len(PARTITIONS)) for one in BUYERS}
            first = [(places[one], completed(f"first-{one}", one, 5_000, 0, shop=STREAM)) for one in BUYERS]
            await api.worker.feed_placed(ORDERS, [*((place, tick(0, place)) for place in PARTITIONS), *first])
            for days in (5, 12, 30):
                await api.make(id=f"valid-{days}", points=0, valid_days=days, reminders=[7, 3, 1])
            for customer in BUYERS:
                await api.granted(f"valid-{(5, 12, 30)[customer % 3]}", customer)
            for at in range(0, len(events), batch):
                await api.worker.feed_placed(ORDERS, events[at : at + batch], batch=batch)
                await api.worker.fire(ORDERS, PARTITIONS)
            await api.is_sound()
            found: dict[bytes, list[dict[str, Any]]] = {}
            for one in await api.worker.published():
                found.setdefault(one.key, []).append(one.event)
            return found


async def test_what_customers_are_told_is_the_same_byte_for_byte_in_any_batches(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = story(Random(3))
    expected = await told_by_customer(databases, monkeypatch, events, 1_000_000)
    assert sum(one["type"] == "reward.expired" for own in expected.values() for one in own) == 6
    for batch in (7, 61):
        assert await told_by_customer(databases, monkeypatch, events, batch) == expected


async def test_doubled_and_shuffled_each_day_of_a_reward_is_told_once(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = story(Random(3))
    whole = await told_by_customer(databases, monkeypatch, events, 1_000_000)
    rng = Random(9)
    disturbed = events + rng.sample(events, len(events) // 3)
    places = sorted(range(len(disturbed)), key=lambda at: at % len(events) + rng.uniform(0, 40))
    disturbed = [disturbed[at] for at in places]
    for batch in (13, 1_000_000):
        found = await told_by_customer(databases, monkeypatch, disturbed, batch)
        assert words_of(found) == words_of(whole)


def words_of(told: dict[bytes, list[dict[str, Any]]]) -> dict[bytes, list[tuple[str, str, int | None]]]:
    """Of rewards: what, when, how many days ahead."""
    return {
        key: [(one["type"], one["time"], one["data"]["days"]) for one in own if one["type"].startswith("reward.e")]
        for key, own in told.items()
    }
