"""On wall time: days pass without any order, orders come late, history is put off, and a shop changes over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from services.metrics.counters import Measure
from services.metrics.lifecycle.domain.stages import HELD
from services.metrics.main import create_service
from shared.contracts.orders import Order, OrderCancelled, OrderCompleted
from shared.contracts.shops import Shop
from shared.contracts.topics import METRICS_LIFECYCLE, ORDERS
from shared.kernel import FixedClock
from shared.messaging.handling import Work
from shared.testing import Databases, Harness, running
from tests.metrics_lifecycle.ground import FIXED, PARTITIONS, dirty, interleaved, shop_of

pytestmark = pytest.mark.stack

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
SHOP = shop_of(FIXED, zone="UTC", clock="wall")
SOMEBODY = "0000000000009"


def told(day: int, number: int, kind: Any = OrderCompleted, **changes: Any) -> Any:
    """An order of somebody so many days after the start."""
    at = START + timedelta(days=day)
    order = Order(order_id=f"o{number}", customer=SOMEBODY, currency="USD", revenue=100)
    fields = {"time": at, "shop": "demo", "data": order, "source": "mandegar/gateway", "subject": f"o{number}"}
    identity = f"00000000-0000-8000-{'8' if kind is OrderCompleted else '9'}000-{number:012}"
    return kind(id=identity, **(fields | changes))


class Ground:
    """One shop on wall time, and a clock that the test moves."""

    def __init__(self, harness: Harness, clock: FixedClock) -> None:
        self.harness, self.clock = harness, clock

    async def on(self, day: float, *events: Any) -> None:
        """It becomes that day after the start, timers fire, and events come."""
        self.clock.instant = START + timedelta(days=day)
        await self.harness.fire(ORDERS, range(PARTITIONS))
        await self.harness.feed(ORDERS, events, placed="one")

    async def said(self) -> list[tuple[Any, ...]]:
        """(type, day, late or what is retracted) of all that was published."""
        found = []
        for _, _, event in await self.harness.published(METRICS_LIFECYCLE):
            data = event["data"]
            day = (datetime.fromisoformat(data["day"]).toordinal()) - START.toordinal()
            found.append((event["type"], data["stage"], day, data.get("late", data.get("reason"))))
        return found


@pytest.fixture
async def ground(databases: Databases) -> Any:
    clock = FixedClock(START)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(SHOP)
        yield Ground(harness, clock)


async def test_a_shop_without_any_new_order_sees_its_customers_lapse_on_the_right_day(ground: Ground) -> None:
    await ground.on(0, told(0, 1))
    said: list[tuple[float, int]] = []
    for half_days in range(1, 90):
        await ground.on(half_days / 2)
        said.append((half_days / 2, len(await ground.said())))
    assert await ground.said() == [
        ("customer.stage.changed", "new", 0, False),
        ("customer.stage.changed", "active", 9, False),
        ("customer.lapsing", "lapsing", 15, False),
        ("customer.lost", "lost", 40, False),
    ]
    changed = [at for (at, count), (_, before) in zip(said[1:], said, strict=False) if count > before]
    assert changed == [8.5, 14.5, 39.5], "each at the start of its day"
    assert await ground.harness.pool.fetchval("SELECT count(*) FROM timer WHERE kind = 'lifecycle'") == 0


async def test_a_late_order_takes_back_what_was_not_true(ground: Ground) -> None:
    await ground.on(0, told(0, 1))
    await ground.on(20)
    await ground.on(20, told(7, 2))
    assert (await ground.said())[3:] == [
        ("customer.stage.retracted", "active", 9, "late_order"),
        ("customer.stage.retracted", "lapsing", 15, "late_order"),
        ("customer.stage.changed", "active", 7, True),
    ]
    late = [event for _, _, event in await ground.harness.published(METRICS_LIFECYCLE)][3:]
    assert {event["causationid"] for event in late} == {told(7, 2).id}
    await ground.on(22)
    assert (await ground.said())[-1] == ("customer.lapsing", "lapsing", 22, False)


async def test_cancelling_the_only_order_takes_back_that_the_customer_is_new(ground: Ground) -> None:
    await ground.on(0, told(0, 1))
    await ground.on(1, told(1, 1, OrderCancelled))
    assert (await ground.said())[1:] == [("customer.stage.retracted", "new", 0, "order_gone")]
    await ground.on(60)
    assert len(await ground.said()) == 2, "nobody is left to lapse"


async def test_history_on_wall_time_is_put_off_for_a_minute_and_keeps_its_origin(ground: Ground) -> None:
    await ground.on(100, *(replace(told(day, day), origin="backfill") for day in (0, 3, 30)))
    assert await ground.said() == []
    await ground.on(100 + 61 / 86_400)
    assert [(stage, day) for _, stage, day, _ in await ground.said()] == [
        *(("new", 0), ("active", 3), ("lapsing", 18), ("active", 30), ("lapsing", 45), ("lost", 70)),
    ]
    events = [event for _, _, event in await ground.harness.published(METRICS_LIFECYCLE)]
    assert {event["origin"] for event in events} == {"backfill"}
    await ground.on(101, told(101, 101))
    assert (await ground.said())[-1] == ("customer.reactivated", "reactivated", 101, False)
    assert (await ground.harness.published(METRICS_LIFECYCLE))[-1].event["origin"] == "live"


async def test_a_live_order_amid_history_is_told_at_once_as_live(ground: Ground) -> None:
    await ground.on(100, replace(told(0, 1), origin="backfill"), told(100, 2))
    events = [event for _, _, event in await ground.harness.published(METRICS_LIFECYCLE)]
    assert [(event["data"]["stage"], event["origin"]) for event in events] == [
        *(("new", "backfill"), ("active", "backfill"), ("lapsing", "backfill"), ("lost", "backfill")),
        ("reactivated", "live"),
    ]


async def test_timers_of_a_transaction_that_died_fire_again_and_once(ground: Ground) -> None:
    await ground.on(0, told(0, 1))
    ground.clock.instant = START + timedelta(days=9)

    async def die(_: Work) -> None:
        raise ConnectionError("the process is gone")

    timers = [row[0] for row in await ground.harness.pool.fetch("SELECT due FROM timer WHERE kind = 'lifecycle'")]
    with pytest.raises(ConnectionError):
        await ground.harness.fire(ORDERS, [0], die)
    assert [row[0] for row in await ground.harness.pool.fetch("SELECT due FROM timer WHERE kind = 'lifecycle'")] == (
        timers
    )
    await ground.on(9)
    await ground.on(9)
    assert [stage for _, stage, _, _ in await ground.said()] == ["new", "active"]


async def test_a_shop_that_changes_over_to_wall_time_catches_up_in_silence(databases: Databases) -> None:
    streaming = shop_of(FIXED, zone="UTC")
    clock = FixedClock(START + timedelta(days=500))
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(streaming)
        await harness.feed_placed(ORDERS, interleaved(dirty(4, streaming, 40, plain=True), Random(1))[:150])
        await harness.fire(ORDERS, range(PARTITIONS))
        before = len(await harness.published(METRICS_LIFECYCLE))
        waiting = await harness.pool.fetchval("SELECT count(*) FROM timer WHERE partition < 0 AND kind = 'lifecycle'")
        assert waiting, "nothing was left to catch up with"
        await harness.configure(replace(streaming, clock="wall"))
        await harness.fire(ORDERS, range(PARTITIONS))
        assert len(await harness.published(METRICS_LIFECYCLE)) == before
        held = "SELECT count(*) FROM customer_state WHERE stage IN (1, 2, 3, 5)"
        assert await harness.pool.fetchval(held) == 0, "all are long lost"
        silent = await harness.pool.fetchval("SELECT count(*) FROM transition WHERE event_id IS NULL")
        assert silent >= waiting


async def test_at_the_end_of_each_day_stages_and_retention_hold_the_same_customers(databases: Databases) -> None:
    shop: Shop = shop_of(FIXED)
    async with running(create_service(), await databases.create("metrics"), clock=FixedClock(START)) as harness:
        await harness.configure(shop)
        clock = FixedClock(START + timedelta(days=2000))
        harness.handler.clock = clock
        await harness.feed_placed(ORDERS, interleaved(dirty(8, shop), Random(8)), batch=50)
        await harness.fire(ORDERS, range(PARTITIONS))
        rows = await harness.pool.fetch("SELECT measure, param, day, value FROM counter WHERE basis = 0")
        days = sorted({row["day"] for row in rows if row["measure"] == Measure.STAGE})
        assert len(days) > 50

        def sum_until(day: int, sign_of: Any) -> int:
            return sum(sign_of(row) * row["value"] for row in rows if row["day"] <= day)

        for day in range(days[0], days[-1] + 2):
            held = sum_until(day, lambda row: row["measure"] == Measure.STAGE and row["param"] in HELD)
            known = sum_until(day, lambda row: _HELD_BY_RETENTION.get(_kind(row, shop), 0))
            assert held == known, day


_HELD_BY_RETENTION = {Measure.FIRSTS: 1, Measure.BACK: 1, Measure.ENDS: -1}


def _kind(row: Any, shop: Shop) -> int:
    return row["measure"] if row["param"] in (0, shop.lifecycle.lost_days) else 0
