"""Where customers lapse by visits: visits keep them, bring them back, and never save them from being lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from services.metrics.lifecycle.domain.stages import history
from services.metrics.lifecycle.domain.thresholds import NO_FIGURE
from services.metrics.lifecycle.events import rules_of
from services.metrics.main import create_service
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.orders import Order, OrderCompleted
from shared.contracts.shops import Lifecycle
from shared.contracts.topics import INTERACTIONS, METRICS_LIFECYCLE, ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases, running
from tests.metrics_lifecycle.ground import PARTITIONS, shop_of, standing

pytestmark = pytest.mark.stack

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
RULES = Lifecycle(lost_days=40, onboarding_days=9, lapsing="fixed", lapsing_days=15, activity="visits")
SHOP = shop_of(RULES, zone="UTC", clock="wall")


def ordered(day: int, customer: str) -> OrderCompleted:
    name = f"o{day}-{customer}"
    order = Order(order_id=name, customer=customer, currency="USD", revenue=100)
    at = START + timedelta(days=day)
    return OrderCompleted(id=f"{name:>036}", source="s", subject=name, time=at, shop="demo", data=order)


def visited(day: int, customer: str | None, number: int = 0) -> InteractionRecorded:
    data = Interaction(name="product viewed", customer=customer)
    at = START + timedelta(days=day, seconds=number)
    identity = f"{customer}-{day}-{number}"
    return InteractionRecorded(id=identity, source="s", subject="v", time=at, shop="demo", data=data)


@pytest.mark.parametrize("activity", ["visits", "either"])
@pytest.mark.parametrize("seed", range(3))
async def test_visits_and_orders_in_any_order_end_in_the_truth(databases: Databases, activity: str, seed: int) -> None:
    rng = Random(seed)
    rules = replace(RULES, activity=activity)
    clock = FixedClock(START)
    names = [f"{number:013}" for number in range(1, 9)]
    orders = {name: sorted(rng.choices(range(100), k=rng.randrange(6))) for name in names}
    orders = {name: sorted(set(days)) for name, days in orders.items()}
    visits = {name: sorted(set(rng.choices(range(100), k=rng.randrange(12)))) for name in names}
    events: list[tuple[int, str, Any]] = [
        (day + rng.choice((0, 0, 0, 20)), ORDERS, ordered(day, name)) for name in names for day in orders[name]
    ]
    events += [
        (day + rng.choice((0, 0, 0, 20)), INTERACTIONS, visited(day, name, again))
        for name in names
        for day in visits[name]
        for again in range(2)
    ]
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(replace(SHOP, lifecycle=rules))
        for day in range(130):
            clock.instant = START + timedelta(days=day)
            await harness.fire(ORDERS, range(PARTITIONS))
            for topic in rng.sample([ORDERS, INTERACTIONS], 2):
                own = [event for at, where, event in events if at == day and where == topic]
                await harness.feed(topic, own, partitions=PARTITIONS, batch=rng.choice((1, 3)))
        assert await harness.dead_letters() == []
        truth = {}
        first = START.toordinal()
        for name in names:
            days, seen = [first + day for day in orders[name]], [first + day for day in visits[name]]
            found = history(days, seen, rules_of(rules), lambda _: NO_FIGURE, first + 129)[1]
            if found:
                truth[int(name, 32)] = sorted((one.day, int(one.previous), int(one.stage)) for one in found)
        assert await standing(harness) == truth


async def test_a_visit_brings_back_who_was_lapsing_and_is_named_as_the_reason(databases: Databases) -> None:
    clock = FixedClock(START)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(SHOP)
        await harness.feed(ORDERS, [ordered(0, "0000000000009")], placed="one")
        clock.advance(timedelta(days=20))
        await harness.fire(ORDERS, [0])
        await harness.feed(INTERACTIONS, [visited(20, "0000000000009"), visited(20, None)], placed="one")
        data = [event["data"] for _, _, event in await harness.published(METRICS_LIFECYCLE)]
        assert [(one["stage"], one["reason"]) for one in data] == [
            *(("new", "order"), ("active", "onboarded"), ("lapsing", "threshold"), ("active", "visit")),
        ]


async def test_shops_that_go_by_orders_keep_days_of_visits_and_nobody_for_them(databases: Databases) -> None:
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(START)) as harness:
        await harness.configure(replace(SHOP, lifecycle=replace(RULES, activity="orders")))
        await harness.feed(INTERACTIONS, [visited(0, "0000000000009")])
        assert await harness.pool.fetchval("SELECT count(*) FROM visit") == 1, "they may go by visits one day"
        assert await harness.pool.fetchval("SELECT count(*) FROM customer_state") == 0
