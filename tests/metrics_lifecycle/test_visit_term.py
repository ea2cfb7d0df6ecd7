"""Days of visits go after the shop's term where stages go by orders, in steps; where stages rest on them they stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.metrics.main import create_service
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.shops import Lifecycle, Shop, ShopConfigured
from shared.contracts.topics import INTERACTIONS, METRICS_LIFECYCLE, SHOPS
from shared.kernel import FixedClock
from shared.testing import Databases, Harness, running
from tests.metrics_lifecycle.ground import PARTITIONS, shop_of

pytestmark = pytest.mark.stack

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
SHOP = shop_of(Lifecycle(), zone="UTC", clock="wall")
NAMES = [f"{number:013}" for number in range(1, 8)]


def visited(days_ago: int, customer: str) -> InteractionRecorded:
    data = Interaction(name="product viewed", customer=customer)
    at = START - timedelta(days=days_ago)
    identity = f"{customer}-{days_ago}"
    return InteractionRecorded(id=identity, source="s", subject="v", time=at, shop=SHOP.slug, data=data)


async def chosen(harness: Harness, shop: Shop, sequence: int) -> None:
    """As `shops.v1` tells it."""
    told = ShopConfigured(
        id=f"shop-{sequence}", source="s", subject=shop.slug, time=START, shop=shop.slug, sequence=sequence, data=shop
    )
    await harness.feed(SHOPS, [told], placed="one")


async def passes(harness: Harness, clock: FixedClock, time: timedelta = timedelta(days=1)) -> None:
    clock.advance(time)
    for _ in range(20):
        clock.advance(timedelta(seconds=1))
        await harness.fire(SHOPS, range(PARTITIONS))


async def ages(harness: Harness) -> list[int]:
    rows = await harness.pool.fetch("SELECT DISTINCT day FROM visit ORDER BY day DESC")
    return [START.toordinal() - row[0] for row in rows]


async def test_days_older_than_the_term_go_a_day_after_it_was_chosen_and_what_comes_late_goes_next_day(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.metrics.lifecycle.forgetting.ROWS_AT_ONCE", 3)
    clock = FixedClock(START)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(SHOP)
        await harness.feed(INTERACTIONS, [visited(days, name) for name in NAMES for days in (10, 300, 500)])
        await chosen(harness, replace(SHOP, visit_months=12), 1)
        await passes(harness, clock, timedelta(hours=23))
        assert await ages(harness) == [10, 300, 500], "a day to take a mistake back"
        await passes(harness, clock, timedelta(hours=1))
        assert await ages(harness) == [10, 300]
        assert await harness.pool.fetchval("SELECT count(*) FROM visit") == 2 * len(NAMES)
        await harness.feed(INTERACTIONS, [visited(400, NAMES[0])])
        await passes(harness, clock)
        assert await ages(harness) == [10, 300]
        assert await harness.published(METRICS_LIFECYCLE) == [], "no stage rests on them"


async def test_a_term_that_was_taken_back_removes_nothing(databases: Databases) -> None:
    clock = FixedClock(START)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(SHOP)
        await harness.feed(INTERACTIONS, [visited(500, NAMES[0])])
        await chosen(harness, replace(SHOP, visit_months=12), 1)
        await chosen(harness, SHOP, 2)
        await passes(harness, clock, timedelta(days=3))
        assert await ages(harness) == [500]


@pytest.mark.parametrize("reason", ["visits in force", "replay"])
async def test_where_stages_rest_on_them_and_in_replays_they_stay(databases: Databases, reason: str) -> None:
    clock = FixedClock(START)
    by_visits = replace(SHOP, lifecycle=Lifecycle(activity="visits"))
    shop = by_visits if reason == "visits in force" else replace(SHOP, clock="stream")
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(shop)
        await harness.feed(INTERACTIONS, [visited(days, NAMES[0]) for days in (10, 500)])
        await chosen(harness, replace(shop, visit_months=12), 1)
        await passes(harness, clock, timedelta(days=2))
        assert await ages(harness) == [10, 500]


async def test_when_a_shop_turns_from_visits_to_orders_they_go_once_the_new_stages_are_in_force(
    databases: Databases,
) -> None:
    clock = FixedClock(START)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(replace(SHOP, lifecycle=Lifecycle(activity="visits")))
        await harness.feed(INTERACTIONS, [visited(days, NAMES[0]) for days in (10, 500)])
        await chosen(harness, replace(SHOP, visit_months=12), 1)
        for _ in range(3):
            await passes(harness, clock, timedelta(minutes=1))
        assert await ages(harness) == [10, 500]
        await passes(harness, clock)
        assert await ages(harness) == [10]
        assert await harness.pool.fetchval("SELECT lifecycle->>'activity' FROM generation WHERE live") == "orders"
