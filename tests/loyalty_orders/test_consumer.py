"""Whatever arrives, in whatever order and batches, what stands is what all of it together is worth."""

from __future__ import annotations

from random import Random

import pytest

from shared.contracts.orders import OrderCancelled, OrderLine, OrderUpdated, RefundedItem
from shared.contracts.topics import LOYALTY_MEMBERS, LOYALTY_POINTS, ORDERS, ORDERS_BACKFILL
from shared.testing import Databases
from tests.loyalty_orders.ground import (
    BARE,
    OTHER,
    SHOP,
    SHOPS,
    Story,
    balances,
    broken,
    completed,
    event,
    order,
    points,
    refunded,
    worker,
)
from tests.loyalty_orders.recount import points_by_account

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_any_batches_comes_to_the_same_balances(databases: Databases, seed: int) -> None:
    events = Story(Random(seed), customers=4).tell(60)
    expected = points_by_account(events, SHOPS)
    assert len(expected) > 3
    for batch, placed, shuffled, doubled in (
        (20_000, "key", 0, 0.0),
        (7, "random", 1_000, 0.3),
        (1 if seed == 0 else 13, "key", 40, 0.2),
    ):
        async with worker(databases) as harness:
            await harness.feed(
                ORDERS, events, batch=batch, placed=placed, shuffled=shuffled, doubled=doubled, rng=Random(seed)
            )
            found = {who: pending + active - owed for who, (pending, active, owed) in (await balances(harness)).items()}
            assert {who: total for who, total in found.items() if total} == expected
            assert await harness.dead_letters() == []
            assert await broken(harness) == []


async def test_an_order_of_a_new_customer_joins_and_earns(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", revenue=12_345)])
        assert await balances(harness) == {(1, 1): (0, 123, 0)}
        (joined,) = await harness.published(LOYALTY_MEMBERS)
        assert (joined.event["type"], joined.event["data"]["how"]) == ("member.joined", "first_order")
        (earned,) = await harness.published(LOYALTY_POINTS)
        assert (earned.event["type"], earned.event["data"]["points"]) == ("points.earned", 123)
        assert earned.event["causationid"] == joined.event["causationid"] == completed("a", revenue=12_345).id


async def test_a_shop_without_a_programme_has_no_members_and_no_points(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", shop=BARE)])
        assert await balances(harness) == {}
        assert await harness.published() == []
        assert await harness.pool.fetchval("SELECT count(*) FROM member") == 0
        assert await harness.pool.fetchval("SELECT count(*) FROM occasion") == 1


async def test_a_refund_before_its_order_waits(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [refunded("a", "r", 4_000)])
        assert await balances(harness) == {}
        await harness.feed(ORDERS, [completed("a")])
        assert await points(harness) == 60


async def test_flapping_earns_once(databases: Databases) -> None:
    async with worker(databases) as harness:
        for hours in range(6):
            form = OrderCancelled if hours % 2 else None
            one = completed("a", hours=hours) if form is None else event(form, order("a"), hours)
            await harness.feed(ORDERS, [one])
            assert await points(harness) == (0 if hours % 2 else 100)
        lots = await harness.pool.fetch("SELECT earned FROM lot")
        assert [row[0] for row in lots] == [100], "one lot, however often"


async def test_partial_refunds_take_back_line_by_line_until_nothing_is_left(databases: Databases) -> None:
    lines = [OrderLine(line_id="tea", quantity=2, price=3_000), OrderLine(line_id="cup", quantity=1, price=4_000)]
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", lines=lines)])
        assert await points(harness) == 100
        one = [RefundedItem(line_id="tea", quantity=1, amount=3_000)]
        await harness.feed(ORDERS, [refunded("a", "r1", 3_000, hours=1, items=one)])
        assert await points(harness) == 70
        rows = await harness.pool.fetch("SELECT line, earned - reversed FROM lot ORDER BY line")
        assert [tuple(row) for row in rows] == [("cup", 40), ("tea", 30)]
        await harness.feed(ORDERS, [refunded("a", "r2", 3_000, hours=2, items=one)])
        await harness.feed(ORDERS, [refunded("a", "r3", 4_000, hours=3)])
        assert await points(harness) == 0


async def test_an_order_given_to_another_customer_takes_its_points_along(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", 1)])
        await harness.feed(ORDERS, [event(OrderUpdated, order("a", 2), 1)])
        assert (await points(harness, 1), await points(harness, 2)) == (0, 100)
        await harness.feed(ORDERS, [event(OrderUpdated, order("a", None), 2)])
        assert (await points(harness, 1), await points(harness, 2)) == (0, 0)
        await harness.feed(ORDERS, [event(OrderUpdated, order("a", 2), 3)])
        assert (await points(harness, 1), await points(harness, 2)) == (0, 100)


async def test_two_shops_with_the_same_ids_keep_apart(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", shop=SHOP), completed("a", shop=OTHER, revenue=20_000)])
        assert await balances(harness) == {(1, 1): (0, 100, 0), (2, 1): (0, 200, 0)}


async def test_history_earns_and_says_that_it_is_history(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS_BACKFILL, [completed("a")])
        assert await points(harness) == 100
        assert {one.event["origin"] for one in await harness.published()} == {"backfill"}


async def test_an_order_of_the_future_is_set_aside_and_leaves_nothing(databases: Databases) -> None:
    async with worker(databases) as harness:
        ahead = completed("a", hours=24 * 200)
        await harness.feed(ORDERS, [type(ahead)(**{**_fields(ahead), "receivedat": completed("b").time})])
        assert [letter.reason for letter in await harness.dead_letters()] == ["future"]
        assert await harness.pool.fetchval("SELECT count(*) FROM occasion") == 0


def _fields(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}  # type: ignore[attr-defined]  # a msgspec Struct
