"""Points spent on an order come back as it is refunded or cancelled, and are taken again when it stands again."""

from __future__ import annotations

from random import Random

import pytest

from services.loyalty.orders import Why, spent_on
from services.loyalty.points import Cause, Operation, Spend, Who, post, terms_of
from shared.contracts.orders import OrderCancelled
from shared.contracts.topics import ORDERS
from shared.db.transaction import OpenTransaction
from shared.orders import microseconds
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_orders.ground import NOW, SHOP, broken, completed, event, order, points, refunded, worker

pytestmark = pytest.mark.stack
TODAY = NOW.date().toordinal()


async def spend(harness: Harness, order_id: str, count: int, customer: int = 1) -> None:
    """As a redemption does: points are spent, and the order is named."""
    cause = Cause(microseconds(NOW))
    async with harness.pool.acquire() as conn, conn.transaction():
        tx = OpenTransaction(conn, NOW)
        back = await spent_on(tx, SHOP.number, order_id, (f"r:{order_id}", customer, count), Why(cause, TODAY, 0))
        asked: list[Operation] = [Spend(Who(SHOP.number, customer), f"r:{order_id}", count, cause, TODAY)]
        await post(tx, {SHOP.number: terms_of(SHOP)}, [*asked, *([] if back is None else [back])])
        await tx.finish()


async def test_a_refund_gives_back_its_share_and_a_whole_one_all(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", revenue=100_000), completed("b", revenue=10_000, hours=1)])
        await spend(harness, "b", 301)
        assert await points(harness) == 1_100 - 301
        await harness.feed(ORDERS, [refunded("b", "r1", 5_000, hours=2)])
        assert await points(harness) == 1_050 - 301 + 150, "half of them, rounded down"
        await harness.feed(ORDERS, [refunded("b", "r2", 5_000, hours=3)])
        assert await points(harness) == 1_000
        assert await broken(harness) == []


async def test_cancelled_and_completed_again_they_are_back_and_spent_again(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", revenue=100_000), completed("b", revenue=10_000, hours=1)])
        await spend(harness, "b", 300)
        flaps = [event(OrderCancelled, order("b"), 2), completed("b", hours=3), event(OrderCancelled, order("b"), 4)]
        for one, left in zip(flaps, (1_000, 800, 1_000), strict=True):
            await harness.feed(ORDERS, [one])
            assert await points(harness) == left
        assert await broken(harness) == []


async def test_a_spend_on_an_order_that_is_not_known_yet_waits_for_it(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", revenue=100_000)])
        await spend(harness, "b", 300)
        assert await points(harness) == 700
        events = [completed("b", hours=1), refunded("b", "r", 10_000, hours=2)]
        await harness.feed(ORDERS, events, doubled=1.0, shuffled=9, batch=1, rng=Random(1))
        assert await points(harness) == 1_000


async def test_a_spend_that_is_named_after_the_refund_is_given_back_at_once(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a", revenue=100_000), event(OrderCancelled, order("b"), 1)])
        await spend(harness, "b", 300)
        assert await points(harness) == 1_000
