"""Two workers at once, on orders and customers that they share: no circle of waiting, nothing lost or doubled."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from services.metrics.cohorts.domain import counting as cohorts
from services.metrics.main import create_service
from services.metrics.orders.consumer import OrderConsumer
from services.metrics.orders.store import facts
from services.metrics.retention.domain import counting as retention
from shared.contracts.orders import Order, OrderCompleted, OrderRefunded, Refund
from shared.contracts.shops import Shop
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock
from shared.messaging.handling import Delivery
from shared.testing import Databases
from shared.testing.harness import running
from tests.metrics.streams import NOW, SHOPS, START, Story, counters_of
from tests.metrics.test_consumer import counted

pytestmark = pytest.mark.stack


class _Always(Random):
    """Places every event in one partition."""

    partition = 0

    def randrange(self, *_: object) -> int:  # type: ignore[override]  # narrower on purpose
        return self.partition


class _AlwaysOther(_Always):
    partition = 1


@pytest.mark.parametrize("plain", [False, True])
async def test_two_workers_that_share_every_customer_count_exactly(databases: Databases, plain: bool) -> None:
    events = Story(Random(7), customers=60, shops=SHOPS[:2]).tell(400, plain=plain)
    Random(7).shuffle(events)
    if plain:  # the same orders by both ways, under two event ids, as two producers would send them
        halves = [
            events,
            [type(event)(**{**_fields(event), "id": event.id.replace("-8000-", "-9000-")}) for event in events],
        ]
    else:
        halves = [events[0::2], events[1::2]]
    url = await databases.create("metrics")
    clock = FixedClock(NOW)
    async with running(create_service(), url, clock=clock) as one, running(create_service(), url, clock=clock) as other:
        await one.configure(*SHOPS)
        await asyncio.wait_for(
            asyncio.gather(
                one.feed(ORDERS, halves[0], batch=25, placed="random", rng=_Always()),
                other.feed(ORDERS, halves[1], batch=25, placed="random", rng=_AlwaysOther()),
            ),
            timeout=120,
        )
        for shop in SHOPS[:2]:
            assert await counted(one, shop) == counters_of(events, shop)
        assert await one.dead_letters() == []


def _fields(event: object) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}  # type: ignore[attr-defined]  # the union's members each have data of their own


class _Work:
    """As much of the runtime's work as the handler touches, in a transaction that the test ends."""

    shard = 0

    def __init__(self, conn: asyncpg.Connection) -> None:
        self.tx = self
        self.conn = conn
        self.now = NOW

    def shop(self, _slug: str) -> Shop:
        return SHOPS[0]

    def set_timer(self, _timer: object) -> None:
        """Nothing fires here."""

    def refuse(self, *_: object) -> None:
        raise AssertionError("nothing of this is refused")


@pytest.mark.parametrize("known", [True, False], ids=["known customer", "new customer"])
async def test_a_second_writer_of_a_customer_waits_for_the_first_and_sees_what_it_wrote(
    databases: Databases, known: bool
) -> None:
    def told(number: int, days: int) -> OrderCompleted:
        order = Order(order_id=f"o{number}", customer="0000000000009", currency="USD", revenue=100)
        at = START + timedelta(days=days)
        return OrderCompleted(id=f"{number:036}", source="s", subject=f"o{number}", time=at, shop="demo", data=order)

    consumer = OrderConsumer(count=(retention.count, cohorts.count))
    events = [told(0, 0), told(1, 4), told(2, 6)]
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(*SHOPS)
        if known:
            await harness.feed(ORDERS, events[:1])
        else:
            events = events[1:]
        async with harness.pool.acquire() as one, harness.pool.acquire() as other:
            first, second = one.transaction(), other.transaction()
            await first.start()
            await second.start()
            await consumer(_Work(one), [_delivered(events[-2])])  # type: ignore[arg-type]  # as much of the work as is needed
            waiting = asyncio.create_task(consumer(_Work(other), [_delivered(events[-1])]))  # type: ignore[arg-type]  # as much of the work as is needed
            done, _ = await asyncio.wait({waiting}, timeout=0.3)
            assert not done
            await first.commit()
            await asyncio.wait_for(waiting, timeout=5)
            await second.commit()
        assert await counted(harness, SHOPS[0]) == counters_of(events, SHOPS[0])


async def test_two_refunds_of_one_order_at_once_are_both_kept(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second reads the order after the first one has written it, since reading locks its row."""
    read, go_on = asyncio.Event(), asyncio.Event()
    amend = facts.amend

    async def late(conn: asyncpg.Connection, orders: Any) -> None:
        read.set()
        await go_on.wait()
        await amend(conn, orders)

    order = Order(order_id="o", customer="0000000000009", currency="USD", revenue=1_000)
    completed = OrderCompleted(id=f"{1:036}", source="s", subject="o", time=START, shop="demo", data=order)

    def refund(number: int, amount: int) -> OrderRefunded:
        data = Refund(order_id="o", customer=None, refund_id=f"r{number}", amount=amount)
        at = START + timedelta(hours=number)
        return OrderRefunded(id=f"{number:036}", source="s", subject="o", time=at, shop="demo", data=data)

    consumer = OrderConsumer(count=(retention.count, cohorts.count))
    events = [completed, refund(2, 100), refund(3, 20)]
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(*SHOPS)
        await harness.feed(ORDERS, events[:1])
        async with harness.pool.acquire() as one, harness.pool.acquire() as other:
            first, second = one.transaction(), other.transaction()
            await first.start()
            await second.start()
            monkeypatch.setattr(facts, "amend", late)
            writing = asyncio.create_task(consumer(_Work(one), [_delivered(events[1])]))  # type: ignore[arg-type]  # as much of the work as is needed
            await asyncio.wait_for(read.wait(), timeout=5)
            waiting = asyncio.create_task(consumer(_Work(other), [_delivered(events[2])]))  # type: ignore[arg-type]  # as much of the work as is needed
            await _until_somebody_waits(harness.pool)
            go_on.set()
            await asyncio.wait_for(writing, timeout=5)
            await first.commit()
            await asyncio.wait_for(waiting, timeout=5)
            await second.commit()
        assert await harness.pool.fetchval("SELECT net FROM order_fact") == 880
        assert await counted(harness, SHOPS[0]) == counters_of(events, SHOPS[0])


@pytest.mark.parametrize("shared", ["customers", "counters"])
async def test_writers_lock_customers_and_counters_in_one_order(databases: Databases, shared: str) -> None:
    """Three writers of one shard with the same customers, or the same days, in every batch: no circle of waiting."""
    size, rounds = 150, 10

    def told(worker: int, turn: int) -> list[OrderCompleted]:
        return [_order(worker, turn, number) for number in range(size)]

    def _order(worker: int, turn: int, number: int) -> OrderCompleted:
        place = worker * 10**6 + turn * 10**3 + number + 1
        customer = number + 1 if shared == "customers" else place
        at = START + timedelta(days=turn if shared == "customers" else number)
        order = Order(order_id=f"o{place}", customer=f"{customer:013}", currency="USD", revenue=100)
        return OrderCompleted(id=f"{place:036}", source="s", subject=f"o{place}", time=at, shop="demo", data=order)

    async with running(create_service(), await databases.create("metrics")) as harness:
        await harness.configure(*SHOPS)
        await harness.feed(ORDERS, told(0, 0), placed="one")

        async def work(worker: int) -> None:
            consumer = OrderConsumer(count=(retention.count, cohorts.count))
            for turn in range(rounds):
                async with harness.pool.acquire() as conn, conn.transaction():
                    await consumer(_Work(conn), [_delivered(event) for event in told(worker, turn)])  # type: ignore[arg-type]  # as much of the work as is needed

        await asyncio.wait_for(asyncio.gather(*(work(worker) for worker in (1, 2, 3))), timeout=60)
        events = told(0, 0) + [event for worker in (1, 2, 3) for turn in range(rounds) for event in told(worker, turn)]
        assert await counted(harness, SHOPS[0]) == counters_of(events, SHOPS[0])


async def _until_somebody_waits(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(5):
        while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - its locks
            await asyncio.sleep(0.02)


def _delivered(event: OrderCompleted | OrderRefunded) -> Delivery[Any]:
    return Delivery(event=event, topic=ORDERS, partition=0, offset=0, timestamp_ms=0, value=b"")
