"""Interactions earn where a rule names them, have customers join, and tell of deliveries."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import msgspec
import pytest

from services.loyalty.programmes import (
    AfterDelivery,
    Cap,
    FirstOnes,
    Fixed,
    Nth,
    OnInteraction,
    Programme,
    Rate,
    Rolling,
    Rule,
    Sliding,
)
from shared.contracts.orders import OrderCancelled
from shared.contracts.topics import INTERACTIONS, LOYALTY_MEMBERS, LOYALTY_POINTS, ORDERS
from shared.testing import Databases
from tests.loyalty_orders.ground import (
    BARE,
    FLAT,
    SHOP,
    START,
    balances,
    completed,
    did,
    event,
    order,
    points,
    refunded,
    version,
    worker,
)

pytestmark = pytest.mark.stack
REVIEWS = msgspec.structs.replace(
    FLAT,
    rules=(
        *FLAT.rules,
        Rule(
            id="review",
            name="Review",
            earn=Fixed(points=20),
            on=OnInteraction(names=("product reviewed",)),
            caps=(Cap(points=40, per="day"),),
        ),
        Rule(id="welcome", name="Welcome", earn=Fixed(points=50), on=OnInteraction(names=("member joined",))),
    ),
)


def with_rules(*rules: Rule, **more: object) -> Programme:
    return msgspec.structs.replace(FLAT, rules=rules, **more)


async def test_joining_by_event_earns_a_welcome_once_and_what_came_after_it(databases: Databases) -> None:
    only = msgspec.structs.replace(REVIEWS, joining=("event",))
    async with worker(databases, {SHOP: [version(only)]}) as harness:
        await harness.feed(ORDERS, [completed("before", hours=0), completed("after", hours=5)])
        await harness.feed(INTERACTIONS, [did("product reviewed", 1, hours=1)])
        assert await balances(harness) == {}
        await harness.feed(INTERACTIONS, [did("Member Joined", 1, hours=3), did("member joined", 1, hours=4)])
        assert await points(harness) == 150
        (joined,) = await harness.published(LOYALTY_MEMBERS)
        assert (joined.event["data"]["how"], joined.event["data"]["programme"]) == ("event", 1)
        await harness.feed(INTERACTIONS, [did("Member Joined", 1, hours=-1)])  # comes late: was a member all along
        assert await points(harness) == 50 + 100 + 100 + 20
        assert len(await harness.published(LOYALTY_MEMBERS)) == 1


async def test_reviews_earn_up_to_their_cap_however_often_told(databases: Databases) -> None:
    reviews = [did("Product Reviewed", 1, hours=hours) for hours in (1, 2, 3, 30)]
    for seed in range(2):
        async with worker(databases, {SHOP: [version(REVIEWS)]}) as harness:
            await harness.feed(ORDERS, [completed("a")])
            await harness.feed(INTERACTIONS, reviews, batch=1 + seed, placed="random", doubled=1.0, rng=Random(seed))
            assert await points(harness) == 100 + 50 + 40 + 20
            again = [msgspec.structs.replace(one, source="another") for one in reviews]
            await harness.feed(INTERACTIONS, again)  # the same id from elsewhere is the same interaction
            assert await points(harness) == 210


async def test_a_cap_by_month_goes_by_months_of_the_shops_calendar(databases: Databases) -> None:
    monthly = with_rules(
        msgspec.structs.replace(REVIEWS.rules[1], caps=(Cap(points=50, per="month"),)),
        Rule(
            id="spend", name="Spend", earn=Rate(points=1, per=100), caps=(Cap(points=150, per="month", over="reject"),)
        ),
    )
    # 20 March 2026 is the last of Esfand, the 21st the first of Farvardin.
    days = [18, 19, 19.2, 20, 20.2]
    for shop, expected in (
        (msgspec.structs.replace(SHOP, calendar="jalali"), [120, 20, 10, 120, 20]),
        (SHOP, [120, 20, 10, 0, 0]),
    ):
        async with worker(databases, {shop: [version(monthly)]}) as harness:
            await harness.configure(shop)
            for at, day in enumerate(days):
                await harness.feed(ORDERS, [completed(f"o{at}", hours=24 * day)])
                await harness.feed(INTERACTIONS, [did("product reviewed", 1, hours=24 * day)])
            rows = await harness.pool.fetch("SELECT sum(points)::int FROM occasion GROUP BY first_at ORDER BY first_at")
            assert [row[0] for row in rows] == expected


async def test_an_order_that_is_cancelled_gives_back_its_room_under_a_cap(databases: Databases) -> None:
    capped = with_rules(
        Rule(id="spend", name="Spend", earn=Rate(points=1, per=100), caps=(Cap(points=150, per="day"),))
    )
    async with worker(databases, {SHOP: [version(capped)]}) as harness:
        await harness.feed(ORDERS, [completed("a"), completed("b", hours=1)])
        assert await points(harness) == 150
        await harness.feed(ORDERS, [event(OrderCancelled, order("a"), 2)])
        assert await points(harness) == 50, "b was judged with the room that there was"
        await harness.feed(ORDERS, [completed("c", hours=3)])
        assert await points(harness) == 150


async def test_rules_on_the_first_and_the_nth_order_know_which_it_is(databases: Databases) -> None:
    numbered = with_rules(
        Rule(id="first", name="First", earn=Fixed(points=500), when=FirstOnes(count=1)),
        Rule(id="third", name="Every third", earn=Fixed(points=30), when=Nth(every=3)),
    )
    for batch in (1, 7):
        async with worker(databases, {SHOP: [version(numbered)]}) as harness:
            events = [completed(f"o{hours}", hours=hours) for hours in range(7)]
            await harness.feed(ORDERS, events, batch=batch, placed="one", doubled=0.5, rng=Random(1))
            rows = await harness.pool.fetch("SELECT id, points FROM occasion ORDER BY id")
            assert [row[1] for row in rows] == [500, 0, 30, 0, 0, 30, 0]


async def test_a_delivery_starts_the_return_period(databases: Databases) -> None:
    waiting = msgspec.structs.replace(FLAT, pending=AfterDelivery(return_days=10, untold_days=300))
    now = START + timedelta(days=2)
    async with worker(databases, {SHOP: [version(waiting)]}, now) as harness:
        await harness.feed(ORDERS, [completed("a")])
        (before,) = await harness.pool.fetch("SELECT starts_day, pending FROM lot")
        await harness.feed(INTERACTIONS, [did("Order Delivered", 1, hours=30, order_id="a")])
        (after,) = await harness.pool.fetch("SELECT starts_day, pending FROM lot")
        assert (before[1], after[1]) == (100, 100)
        assert before[0] - after[0] == 300 - 1 - 11
        await harness.feed(INTERACTIONS, [did("Order Delivered", 1, hours=31, order_id="b")])
        await harness.feed(ORDERS, [completed("b", hours=2)])  # told of before the order itself
        assert await harness.pool.fetchval("SELECT count(DISTINCT starts_day) FROM lot") == 1


async def test_an_order_begins_the_time_of_all_points_anew_where_expiry_slides(databases: Databases) -> None:
    sliding = msgspec.structs.replace(FLAT, expiry=Sliding(days=100))
    async with worker(databases, {SHOP: [version(sliding)]}, START + timedelta(days=40)) as harness:
        await harness.feed(ORDERS, [completed("a"), completed("b", hours=24 * 20)])
        days = await harness.pool.fetch("SELECT DISTINCT expires_day FROM lot")
        await harness.feed(ORDERS, [completed("c", hours=24 * 10)])  # an older one shortens nothing
        assert await harness.pool.fetch("SELECT DISTINCT expires_day FROM lot") == days
        assert len(days) == 1


async def test_whatever_earns_begins_the_time_anew_where_any_activity_counts(databases: Databases) -> None:
    for expiry, moves in ((Sliding(days=100), False), (Sliding(days=100, activity="any"), True)):
        sliding = msgspec.structs.replace(REVIEWS, expiry=expiry, caps=(Cap(points=170, per="total"),))
        async with worker(databases, {SHOP: [version(sliding)]}, START + timedelta(days=40)) as harness:
            await harness.feed(ORDERS, [completed("a")])
            (before,) = await harness.pool.fetch("SELECT expires_day FROM lot WHERE source = 'a'")
            await harness.feed(INTERACTIONS, [did("product reviewed", 1, hours=24 * 20)])
            days = [row[0] - before[0] for row in await harness.pool.fetch("SELECT expires_day FROM lot ORDER BY at")]
            assert days == ([20, 20, 20] if moves else [0, 0, 20])
            await harness.feed(INTERACTIONS, [did("product reviewed", 1, hours=24 * 30)])
            rows = await harness.pool.fetch("SELECT expires_day FROM lot ORDER BY at")
            assert [row[0] - before[0] for row in rows] == days, "it earned nothing: a cap was reached"


async def test_an_earlier_completion_that_comes_late_moves_the_days_of_its_points(databases: Databases) -> None:
    rolling = msgspec.structs.replace(FLAT, expiry=Rolling(days=200))
    ends = []
    for events in ([0, 48], [48, 0]):
        async with worker(databases, {SHOP: [version(rolling)]}) as harness:
            for hours in events:
                await harness.feed(ORDERS, [completed("a", hours=hours)])
            ends.append(await harness.pool.fetchval("SELECT expires_day FROM lot"))
    assert ends[0] == ends[1]


async def test_a_version_judges_the_orders_of_its_time(databases: Databases) -> None:
    double = with_rules(Rule(id="spend", name="Spend", earn=Rate(points=2, per=100)))
    versions = [version(), version(double, 2, START + timedelta(hours=10))]
    async with worker(databases, {SHOP: versions}) as harness:
        await harness.feed(ORDERS, [completed("old", hours=9), completed("new", hours=11)])
        assert await points(harness) == 300
        await harness.feed(ORDERS, [completed("new", hours=8)])  # it was completed before, as it turns out
        assert await points(harness) == 200
        await harness.feed(ORDERS, [refunded("old", "r", 10_000, hours=20)])
        assert await points(harness) == 100
        told = [one.event["data"] for one in await harness.published(LOYALTY_POINTS)]
        assert {one["programme"] for one in told} == {1, 2}


async def test_what_nobody_asks_for_is_not_kept(databases: Databases) -> None:
    async with worker(databases, {SHOP: [version()]}) as harness:
        await harness.feed(INTERACTIONS, [did("Product Viewed", 1), did("member joined", 1, shop=BARE)])
        assert await harness.pool.fetchval("SELECT count(*) FROM occasion") == 0
        assert await harness.pool.fetchval("SELECT count(*) FROM member") == 0
