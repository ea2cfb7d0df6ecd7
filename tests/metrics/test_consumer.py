"""Whatever arrives, in whatever order and batches, the counters are those of a recount, and the facts are the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from services.metrics.main import SERVICE
from shared.contracts.envelope import Envelope
from shared.contracts.orders import Order, OrderCancelled, OrderCompleted, OrderRefunded, Refund
from shared.contracts.shops import Shop
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.metrics.streams import NOW, SHOPS, START, Story, counters_of

pytestmark = pytest.mark.stack

_TABLES = {
    "order_fact": "SELECT * FROM order_fact ORDER BY shop, order_id",
    "order_status": "SELECT * FROM order_status ORDER BY shop, order_id, occurred_at, completed",
    "order_content": "SELECT * FROM order_content ORDER BY shop, order_id, occurred_at, event_id",
    "refund": "SELECT * FROM refund ORDER BY shop, order_id, refund_id, occurred_at, event_id",
    "spell": "SELECT * FROM spell ORDER BY shop, order_id, since",
    "customer_state": (
        "SELECT customer, shop, first_day, orders, days, odd FROM customer_state WHERE orders > 0 OR odd <> 0 "
        "ORDER BY shop, customer"
    ),
    "counter": (
        "SELECT shop, basis, measure, param, gap, day, currency, sum(value) FROM counter "
        "GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(value) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7"
    ),
}


@asynccontextmanager
async def worker(databases: Databases, shops: Sequence[Shop] = SHOPS) -> AsyncIterator[Harness]:
    async with running(SERVICE, await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(*shops)
        yield harness


async def tables(harness: Harness) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in await harness.pool.fetch(query)] for name, query in _TABLES.items()}


async def counted(harness: Harness, shop: Shop, basis: int = 0) -> dict[object, int]:
    rows = await harness.pool.fetch(
        "SELECT measure, param, currency, day, gap, sum(value)::bigint FROM counter "
        "WHERE shop = $1 AND basis = $2 AND (measure < 13 OR measure > 14) "
        "GROUP BY 1, 2, 3, 4, 5 HAVING sum(value) <> 0",
        shop.number,
        basis,
    )
    return {tuple(row[:5]): row[5] for row in rows}


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_any_batches_gives_the_counters_of_a_recount(databases: Databases, seed: int) -> None:
    events = Story(Random(seed), shops=SHOPS, customers=9).tell(150)
    states = []
    for batch, placed, shuffled, doubled in (
        (20_000, "key", 0, 0.0),
        (7, "random", 1_000, 0.3),
        (60, "random", 1_000, 0.1),
        (1 if seed == 0 else 13, "key", 40, 0.0),
    ):
        async with worker(databases) as harness:
            await harness.feed(
                ORDERS, events, batch=batch, placed=placed, shuffled=shuffled, doubled=doubled, rng=Random(seed)
            )
            for shop in SHOPS:
                assert await counted(harness, shop) == counters_of(events, shop)
            assert await harness.dead_letters() == []
            states.append(await tables(harness))
    for name in _TABLES:
        assert all(state[name] == states[0][name] for state in states[1:]), name


async def test_at_any_moment_the_counters_are_those_of_what_was_told_so_far(databases: Databases) -> None:
    events = Story(Random(11), customers=4, days=60).tell(60)
    Random(5).shuffle(events)
    async with worker(databases) as harness:
        for at in range(0, len(events), 9):
            await harness.feed(ORDERS, events[at : at + 9], batch=4)
            assert await counted(harness, SHOPS[0]) == counters_of(events[: at + 9], SHOPS[0])


async def test_many_plain_orders_are_copied_in_and_equal_a_recount(databases: Databases) -> None:
    events = Story(Random(3), customers=400, shops=SHOPS[:2]).tell(6_000, plain=True)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events, batch=2_500)
        for shop in SHOPS[:2]:
            assert await counted(harness, shop) == counters_of(events, shop)


async def test_events_told_again_under_other_ids_change_nothing(databases: Databases) -> None:
    events = Story(Random(4), customers=5).tell(40, plain=True)
    again = [replace(event, id=event.id.replace("-8000-", "-9000-")) for event in events]
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events, batch=10)
        before = await counted(harness, SHOPS[0])
        await harness.feed(ORDERS, again, batch=10)
        assert await counted(harness, SHOPS[0]) == before == counters_of(events, SHOPS[0])


async def test_a_refund_before_its_order_waits(databases: Databases) -> None:
    order = Order(order_id="a", customer="0000000000001", currency="USD", revenue=1_000)
    refund = Refund(order_id="a", customer=None, refund_id="r", amount=300)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [_event(OrderRefunded, "2", refund, hours=5)])
        assert await counted(harness, SHOPS[0]) == {}
        await harness.feed(ORDERS, [_event(OrderCompleted, "1", order)])
        assert (await harness.pool.fetchrow("SELECT net, counted FROM order_fact"))[:] == (700, True)


async def test_cancelling_the_only_order_leaves_no_counter(databases: Databases) -> None:
    order = Order(order_id="a", customer="0000000000001", currency="USD", revenue=1_000)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [_event(OrderCompleted, "1", order)])
        assert await counted(harness, SHOPS[0])
        await harness.feed(ORDERS, [_event(OrderCancelled, "2", order, hours=1)])
        assert await counted(harness, SHOPS[0]) == {}


async def test_an_order_of_the_future_is_set_aside_and_leaves_nothing(databases: Databases) -> None:
    order = Order(order_id="a", customer="0000000000001", currency="USD", revenue=1_000)
    ahead = replace(_event(OrderCompleted, "1", order), time=NOW + timedelta(minutes=6))
    fine = replace(_event(OrderCompleted, "2", replace(order, order_id="b")), time=NOW + timedelta(minutes=4))
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [ahead, fine])
        assert [letter.reason for letter in await harness.dead_letters()] == ["future"]
        assert [row[0] for row in await harness.pool.fetch("SELECT order_id FROM order_fact")] == ["b"]


async def test_two_shops_share_order_and_event_ids(databases: Databases) -> None:
    order = Order(order_id="a", customer="0000000000001", currency="USD", revenue=1_000)
    late = START.replace(hour=21)
    events = [replace(_event(OrderCompleted, "1", order), shop=shop.slug, time=late) for shop in SHOPS[:2]]
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events)
        days = [row[0] for row in await harness.pool.fetch("SELECT day FROM order_fact ORDER BY shop")]
        assert days[1] == days[0] + 1, "it is tomorrow in Tehran"


async def test_settings_changed_later_do_not_touch_the_live_generation(databases: Databases) -> None:
    events = Story(Random(8), customers=5).tell(40, plain=True)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events[:20], batch=10)
        await harness.configure(replace(SHOPS[0], windows=(3,), zone="Asia/Tehran", loyal_over=9))
        await harness.feed(ORDERS, events[20:], batch=10)
        assert await counted(harness, SHOPS[0]) == counters_of(events, SHOPS[0])


def _event(kind: type[Envelope], number: str, data: Order | Refund, *, hours: int = 0) -> Envelope:
    return kind(  # type: ignore[call-arg]  # each kind has data of its own
        id=f"00000000-0000-8000-8000-{number:0>12}",
        source="mandegar/gateway",
        subject=data.order_id,
        time=START + timedelta(hours=hours),
        shop="demo",
        data=data,
    )
