"""An order and its refund, handled at once by two workers, always meet: none is left waiting for the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.metrics.main import create_service
from shared.contracts.orders import Order, OrderCompleted, OrderEvent, OrderRefunded, Refund
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import running
from tests.metrics.streams import NOW, SHOPS, START, counters_of
from tests.metrics.test_concurrency import _Always, _AlwaysOther
from tests.metrics.test_consumer import counted

pytestmark = pytest.mark.stack
MEETINGS = 400


def pair(number: int) -> tuple[OrderEvent, OrderEvent]:
    """An order of one of fifty customers, and a refund of a tenth of it."""
    order_id, customer, at = f"o{number}", f"{number % 50 + 1:013}", START + timedelta(hours=number)
    completed = OrderCompleted(
        id=f"{2 * number:036}", source="s", subject=order_id, time=at, shop="demo",
        data=Order(order_id=order_id, customer=customer, currency="USD", revenue=1_000),
    )  # fmt: skip
    refunded = OrderRefunded(
        id=f"{2 * number + 1:036}", source="s", subject=order_id, time=at + timedelta(hours=1), shop="demo",
        data=Refund(order_id=order_id, customer=None, refund_id="r", amount=100),
    )  # fmt: skip
    return completed, refunded


async def test_hundreds_of_orders_meet_their_refunds_in_flight(databases: Databases) -> None:
    pairs = [pair(number) for number in range(MEETINGS)]
    url, clock = await databases.create("metrics"), FixedClock(NOW)
    async with running(create_service(), url, clock=clock) as one, running(create_service(), url, clock=clock) as other:
        await one.configure(*SHOPS)
        for completed, refunded in pairs:
            await asyncio.wait_for(
                asyncio.gather(
                    one.feed(ORDERS, [completed], placed="random", rng=_Always()),
                    other.feed(ORDERS, [refunded], placed="random", rng=_AlwaysOther()),
                ),
                timeout=20,
            )
        found = await one.pool.fetch("SELECT net, count(*) FROM order_fact GROUP BY net")
        assert [tuple(row) for row in found] == [(900, MEETINGS)]
        assert await counted(one, SHOPS[0]) == counters_of([event for both in pairs for event in both], SHOPS[0])
        assert await one.dead_letters() == []
