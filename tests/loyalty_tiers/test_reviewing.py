"""Tiers as a worker has them: up with the order, down at the review, taken back with a refund, told once."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from services.loyalty.programmes import VERSION_TIMER, Version
from services.loyalty.tiers import jobs
from shared.contracts.orders import Clock, ClockAdvanced, OrderCancelled
from shared.contracts.topics import CUSTOMERS, LOYALTY_TIERS, ORDERS
from shared.kernel import Zone, derive_event_id
from shared.testing import Databases
from tests.loyalty_orders.ground import (
    FLAT,
    NOW,
    OTHER,
    SHOP,
    START,
    Story,
    completed,
    event,
    name,
    order,
    refunded,
    version,
)
from tests.loyalty_orders.test_identities import told
from tests.loyalty_tiers.ground import STREAM, TIERED, day, ground

pytestmark = pytest.mark.stack


async def test_an_order_lifts_at_once_and_the_next_one_earns_more(databases: Databases) -> None:
    async with ground(databases, now=START + timedelta(days=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=50_000), completed("b", revenue=10_000, hours=1)])
        assert await here.tiers() == {(1, 1): "gold"}
        points = await here.harness.pool.fetch("SELECT id, points FROM occasion ORDER BY id")
        assert [tuple(row) for row in points] == [("a", 500), ("b", 150)]
        (changed,) = await here.harness.published(LOYALTY_TIERS)
        data = changed.event["data"]
        assert changed.event["type"] == "tier.changed"
        assert changed.event["causationid"] == completed("b", revenue=10_000, hours=1).id
        assert (data["customer"], data["direction"], data["reason"]) == (name(1), "up", "reached")
        assert (data["before"]["id"], data["after"]["id"], data["after"]["percent"]) == ("regular", "gold", 150)
        assert data["after"]["benefits"] == ["Free shipping"]
        zone = Zone(SHOP.zone)
        review = zone.start_of(day(0) + 31)  # type: ignore[arg-type]  # a day
        assert data["review_at"] == review.isoformat().replace("+00:00", "Z")


async def test_who_rises_twice_on_a_day_did_so_on_it_though_word_of_the_second_order_comes_on_the_next(
    databases: Databases,
) -> None:
    async with ground(databases, now=START + timedelta(hours=1)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=20_000)])
        here.clock.advance(timedelta(days=1))
        later = [completed("b", revenue=30_000, hours=1), completed("c", revenue=1_000, hours=24)]
        await here.harness.feed(ORDERS, later)
        first, second = (one.event["data"] for one in await here.harness.published(LOYALTY_TIERS))
        assert (first["after"]["id"], second["after"]["id"]) == ("silver", "gold")
        assert first["since"] == second["since"]
        assert second["reason"] == "reached"


async def test_a_refund_takes_a_level_back_with_what_it_was_reached_by(databases: Databases) -> None:
    async with ground(databases, now=START + timedelta(days=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=50_000)])
        await here.harness.feed(ORDERS, [refunded("a", "r1", 10_000, hours=1)])
        assert await here.tiers() == {(1, 1): "silver"}
        await here.harness.feed(ORDERS, [event(OrderCancelled, order("a", revenue=50_000), 2)])
        assert await here.tiers() == {}
        await here.harness.feed(ORDERS, [completed("a", revenue=50_000, hours=3)])
        assert await here.tiers() == {(1, 1): "silver"}
        assert await here.told() == [
            ("regular", "gold", "reached"),
            ("gold", "silver", "recounted"),
            ("silver", "regular", "recounted"),
            ("regular", "silver", "reached"),
        ]
        assert len({one.event["id"] for one in await here.harness.published(LOYALTY_TIERS)}) == 4


async def test_a_level_is_lowered_step_by_step_when_its_time_is_over(databases: Databases) -> None:
    async with ground(databases, now=START + timedelta(hours=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=50_000)])
        for days, expected in ((30, "gold"), (1, "silver"), (29, "silver"), (1, "")):
            here.clock.advance(timedelta(days=days))
            await here.fire()
            assert (await here.tiers()).get((1, 1), "") == expected
        assert await here.told() == [
            ("regular", "gold", "reached"),
            ("gold", "silver", "reviewed"),
            ("silver", "regular", "reviewed"),
        ]
        times = [one.event["time"] for one in await here.harness.published(LOYALTY_TIERS)][1:]
        starts = [Zone(SHOP.zone).start_of(day(0) + after) for after in (31, 61)]  # type: ignore[arg-type]  # days
        assert times == [start.isoformat().replace("+00:00", "Z") for start in starts]
        assert await here.harness.pool.fetchval("SELECT count(*) FROM timer WHERE kind = 'points'") == 0


async def test_a_refund_after_a_review_lowered_takes_back_what_is_left_and_what_was_earned_meanwhile_stays(
    databases: Databases,
) -> None:
    async with ground(databases, now=START + timedelta(hours=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=50_000)])
        here.clock.advance(timedelta(days=5))
        await here.harness.feed(ORDERS, [completed("b", revenue=10_000, hours=5 * 24)])
        here.clock.advance(timedelta(days=26))
        await here.fire()
        assert await here.tiers() == {(1, 1): "silver"}
        await here.harness.feed(ORDERS, [refunded("a", "r1", 50_000, hours=31 * 24 + 1)])
        here.clock.advance(timedelta(days=40))
        await here.fire()
        assert await here.told() == [
            ("regular", "gold", "reached"),
            ("gold", "silver", "reviewed"),
            ("silver", "regular", "recounted"),
        ]
        points = await here.harness.pool.fetch("SELECT id, points FROM occasion ORDER BY id")
        assert [tuple(row) for row in points] == [("a", 0), ("b", 150)]


async def test_a_worker_that_was_away_tells_each_step_once(databases: Databases) -> None:
    async with ground(databases, now=START + timedelta(hours=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", revenue=50_000)])
        here.clock.advance(timedelta(days=400))
        await here.fire()
        await here.fire()
        assert (await here.told())[1:] == [("gold", "silver", "reviewed"), ("silver", "regular", "reviewed")]


async def test_on_the_stream_clock_reviews_follow_the_events(databases: Databases) -> None:
    async with ground(databases) as here:
        await here.harness.feed_placed(ORDERS, [(3, completed("a", revenue=50_000, shop=STREAM))])
        assert await here.tiers() == {(4, 1): "gold"}
        await here.fire()
        assert await here.tiers() == {(4, 1): "gold"}
        for days, expected in ((31, "gold"), (32, "silver"), (70, "")):
            until = Zone(STREAM.zone).start_of(day(0) + days - 1)  # type: ignore[arg-type]  # a day
            word = ClockAdvanced(
                id=derive_event_id(days, STREAM.slug, str(days), "clock"),
                source="mandegar/gateway",
                subject=STREAM.slug,
                time=until,
                shop=STREAM.slug,
                receivedat=until,
                origin="backfill",
                data=Clock(until=until),
            )
            await here.harness.feed_placed(ORDERS, [(3, word)])
            await here.fire()
            assert (await here.tiers()).get((4, 1), "") == expected
        assert {one.event["origin"] for one in (await here.harness.published(LOYALTY_TIERS))[1:]} == {"backfill"}


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_order_events_come_in_persons_stand_where_a_recount_puts_them(
    databases: Databases, seed: int
) -> None:
    events = Story(Random(seed), customers=4).tell(40)
    found = []
    for batch, shuffled, doubled in ((20_000, 0, 0.0), (7, 1_000, 0.3), (13, 40, 0.2)):
        async with ground(databases) as here:
            await here.harness.feed(
                ORDERS, events, batch=batch, placed="random", shuffled=shuffled, doubled=doubled, rng=Random(seed)
            )
            for step in (0, 20, 20):
                here.clock.advance(timedelta(days=step))
                await here.fire()
                today = {shop: int(Zone(shop.zone).day_of(here.clock.now())) for shop in (SHOP, OTHER)}
                expected = {**await here.recounted(SHOP, today[SHOP]), **await here.recounted(OTHER, today[OTHER])}
                assert await here.tiers() == expected
            rows = await here.harness.pool.fetch("SELECT shop, id, kept, day FROM occasion ORDER BY shop, id")
            found.append([tuple(row) for row in rows])
            assert await here.harness.dead_letters() == []
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("seed", range(1))
async def test_levels_of_the_time_of_the_orders_are_the_same_in_any_order(databases: Databases, seed: int) -> None:
    events = Story(Random(seed + 50), customers=3, shops=(SHOP,)).tell(50)
    reached = []
    for batch, shuffled in ((20_000, 0), (3, 1_000)):
        async with ground(databases, now=START + timedelta(days=50)) as here:
            await here.harness.feed(ORDERS, events, batch=batch, placed="random", shuffled=shuffled, rng=Random(seed))
            await here.fire()
            reached.append(await here.tiers())
    assert reached[0] == reached[1]
    assert reached[0], "somebody is above the first level"


async def test_persons_count_with_all_their_identities_and_parted_ones_as_if_never_merged(databases: Databases) -> None:
    async with ground(databases, now=START + timedelta(days=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", 1, 15_000), completed("b", 2, 40_000)])
        assert await here.tiers() == {(1, 2): "silver"}
        await here.harness.feed(CUSTOMERS, [told("merged", 2, 1, 5)])
        assert await here.tiers() == {(1, 1): "gold"}
        await here.harness.feed(ORDERS, [completed("c", 2, 10_000, hours=1)])
        assert await here.harness.pool.fetchval("SELECT points FROM occasion WHERE id = 'c'") == 150
        await here.harness.feed(CUSTOMERS, [told("unmerged", 2, 2, 6)])
        assert await here.tiers() == {(1, 2): "gold"}
        assert await here.told() == [
            ("regular", "silver", "reached"),
            ("regular", "gold", "merged"),
            ("gold", "regular", "merged"),
            ("regular", "gold", "merged"),
        ]


async def test_an_order_of_another_customer_takes_what_it_counts_along(databases: Databases) -> None:
    async with ground(databases, now=START + timedelta(days=2)) as here:
        await here.harness.feed(ORDERS, [completed("a", 1, 30_000)])
        await here.harness.feed(ORDERS, [completed("a", 2, 30_000, hours=1)])
        assert await here.tiers() == {(1, 2): "silver"}


async def test_a_shop_without_tiers_keeps_what_orders_count_and_later_tiers_find_it(databases: Databases) -> None:
    at = START + timedelta(days=3)
    later = Version(2, at, TIERED, "test", "", at)
    async with ground(databases, {SHOP: [version(FLAT)]}, now=at - timedelta(days=1)) as here:
        await here.harness.feed(ORDERS, [completed("a", 1, 30_000)])
        assert await here.harness.pool.fetchval("SELECT count(*) FROM tier_standing") == 0
        assert await here.harness.pool.fetchval("SELECT kept FROM occasion") == 30_000
    async with ground(databases, {SHOP: [version(FLAT), later]}, now=at + timedelta(days=1)) as here:
        await here.harness.feed(ORDERS, [completed("a", 1, 30_000), completed("b", 1, 10_000, hours=90)])
        assert await here.tiers() == {(1, 1): "silver"}
        points = await here.harness.pool.fetch("SELECT id, points FROM occasion ORDER BY id")
        assert [tuple(row) for row in points] == [("a", 300), ("b", 120)]


async def test_a_version_that_comes_into_force_lifts_everybody_some_at_a_time(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = START + timedelta(days=3)
    monkeypatch.setattr(jobs, "PERSONS_AT_ONCE", 3)
    later = Version(2, at, TIERED, "test", "", at)
    async with ground(databases, {SHOP: [version(FLAT), later]}, now=at - timedelta(days=1)) as here:
        orders = [completed(f"o-{one}", one, 20_000 * (one % 3), hours=one) for one in range(1, 12)]
        await here.harness.feed(ORDERS, orders)
        await here.harness.pool.execute(
            "INSERT INTO timer (shop, kind, identity, due, partition) VALUES (1, $1, '2:0', $2, 0)", VERSION_TIMER, at
        )
        await here.fire()
        assert await here.tiers() == {}
        here.clock.advance(timedelta(days=1, minutes=1))
        await here.fire()
        assert await here.tiers() == {(1, one): "silver" for one in range(1, 12) if one % 3}
        changes = await here.told()
        assert changes == [("regular", "silver", "programme")] * len(changes)
        assert len(changes) == 8
        timers = await here.harness.pool.fetch("SELECT kind FROM timer WHERE kind = 'programme_version'")
        assert timers == []


def test_the_day_of_now_is_later_than_all_stories() -> None:
    assert START + timedelta(hours=1_200) < NOW
