"""Shops that change their settings while orders flow, and the same shops that had them from the beginning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from services.metrics.generations import jobs
from services.metrics.generations.store import steps
from services.metrics.lifecycle import Stage
from services.metrics.main import create_service
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.shops import Shop, ShopConfigured
from shared.contracts.topics import METRICS_LIFECYCLE, ORDERS, SHOPS
from shared.kernel import CustomerId, FixedClock, customer_id_text
from shared.messaging.chores import DueTimers
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.metrics.streams import NOW

ROUNDS_MAX = 2_000
_COUNTERS = """
SELECT c.shop, c.basis, c.measure, c.param, c.currency, c.day, c.gap, sum(c.value)::bigint
FROM counter c JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(c.value) <> 0
"""
_CUSTOMERS = """
SELECT c.shop, c.customer, c.first_day, c.orders, c.days, c.odd <> 0, c.stage, c.stage_began, c.last_visit, c.threshold,
       c.figure_day, c.gaps
FROM customer_state c JOIN generation g ON g.shop = c.shop AND g.number = c.generation AND g.live
WHERE c.orders > 0 OR c.odd <> 0
"""
_TRANSITIONS = """
SELECT t.shop, t.customer, t.day, t.previous, t.stage
FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.retracted_by IS NULL
"""
_ORDERS = "SELECT shop, order_id, customer, day, booked_day, counted, odd, net FROM order_fact"
_SPELLS = "SELECT * FROM spell"
_SETTINGS = "SELECT shop, zone, calendar, windows, loyal_over, periods, closing_days FROM generation WHERE live"
QUESTIONS = {
    "counters": _COUNTERS,
    "customers": _CUSTOMERS,
    "orders": _ORDERS,
    "spells": _SPELLS,
    "settings": _SETTINGS,
    "transitions": _TRANSITIONS,
}


_STANDING = """
SELECT s.slug, t.customer, t.event_id, t.n, t.stage, t.day
FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
JOIN shop s ON s.number = t.shop WHERE t.retracted_by IS NULL
"""
_OWED = """
SELECT count(*) FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.owed <> 0
"""


class Shops:
    """A worker without Kafka whose clock and timers the test moves."""

    def __init__(self, harness: Harness, clock: FixedClock) -> None:
        self.harness = harness
        self.clock = clock
        self._sequence = 0
        self._timers = DueTimers(
            {kind: handle for kind, handle in harness.service.timers.items() if kind.startswith("generation_")}
        )

    async def choose(self, *shops: Shop) -> None:
        """Settings come in by their topic."""
        events = []
        for shop in shops:
            self._sequence += 1
            events.append(
                ShopConfigured(
                    id=f"00000000-0000-8000-8000-{self._sequence:012x}",
                    source="mandegar/gateway",
                    subject=shop.slug,
                    time=NOW + timedelta(microseconds=self._sequence),
                    shop=shop.slug,
                    sequence=self._sequence,
                    data=shop,
                )
            )
        await self.harness.feed(SHOPS, events, placed="one")

    async def sell(self, events: Sequence[Envelope], *, rng: Random, batch: int = 9) -> None:
        await self.harness.feed(ORDERS, events, batch=batch, rng=rng, doubled=0.05, shuffled=5)

    async def tick(self) -> bool:
        """A moment passes; whether builds go on."""
        self.clock.advance(timedelta(seconds=3))
        await self.harness.step(ORDERS, 0, self._timers.step([0]))
        return bool(await self.harness.pool.fetchval("SELECT count(*) FROM timer WHERE kind LIKE 'generation_%'"))

    async def fall_due(self, partitions: Sequence[int]) -> None:
        """What is due of customers fires, and no build goes on."""
        service = self.harness.service
        kinds = {kind: handle for kind, handle in service.timers.items() if not kind.startswith("generation_")}
        for partition in partitions:
            await self.harness.step(ORDERS, partition, DueTimers(kinds, service.clock).step([partition]))

    async def settle(self) -> int:
        """Let all builds end; gives how many moments that took."""
        for moments in range(1, ROUNDS_MAX):
            if not await self.tick():
                return moments
        raise AssertionError(f"builds do not end: {await self.builds()}")

    async def told(self) -> dict[str, dict[str, tuple[int, str, int]]]:
        """By customer's key, what stands of all that was published: event id to (number, stage, day)."""
        standing: dict[str, dict[str, tuple[int, str, int]]] = {}
        last: dict[bytes, int] = {}
        for one in await self.harness.published(METRICS_LIFECYCLE):
            event, own = one.event, standing.setdefault(one.key.decode(), {})
            assert event["sequence"] > last.get(one.key, 0), "a customer's events are numbered as they are told"
            last[one.key] = event["sequence"]
            data = event["data"]
            if event["type"] == "customer.stage.retracted":
                gone = own.pop(data["retracts"])
                assert gone[0] == data["number"]
            else:
                assert event["id"] not in own
                own[event["id"]] = (data["number"], data["stage"], date.fromisoformat(data["day"]).toordinal())
        return {key: own for key, own in standing.items() if own}

    async def written(self) -> dict[str, dict[str, tuple[int, str, int]]]:
        """The same from the table; nothing is owed."""
        assert not await self.harness.pool.fetchval(_OWED)
        found: dict[str, dict[str, tuple[int, str, int]]] = {}
        for slug, customer, event, n, stage, day in await self.harness.pool.fetch(_STANDING):
            key = message_key(slug, customer_id_text(CustomerId(customer))).decode()
            found.setdefault(key, {})[event] = (n, Stage(stage).name.lower(), day)
        return found

    async def builds(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.harness.pool.fetch("SELECT * FROM generation_build")]

    async def answers(self) -> dict[str, set[tuple[Any, ...]]]:
        """All that counts of all shops."""
        return {
            name: {msgspec.json.encode(list(row)) for row in await self.harness.pool.fetch(query)}  # type: ignore[misc]  # bytes stand for the row
            for name, query in QUESTIONS.items()
        }


async def with_settings_from_the_start(
    databases: Databases, shops: Sequence[Shop], events: Sequence[Envelope]
) -> dict[str, set[tuple[Any, ...]]]:
    """What a fresh build says."""
    clock = FixedClock(NOW)
    async with running(create_service(), await databases.create("metrics"), clock=clock) as harness:
        await harness.configure(*shops)
        await harness.feed(ORDERS, events, batch=500)
        return await Shops(harness, clock).answers()


def in_small_steps(monkeypatch: pytest.MonkeyPatch, *, orders: int = 6, customers: int = 3, touched: int = 4) -> None:
    """One small step a moment, so that orders come between any two."""
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "_FEW", touched * 3)
    monkeypatch.setattr(jobs, "MOVED_AT_ONCE", 2)
    monkeypatch.setattr(jobs, "SETTLED_MAX", 3)
    monkeypatch.setattr(steps, "ORDERS_MAX", orders)
    monkeypatch.setattr(steps, "CUSTOMERS_MAX", customers)
    monkeypatch.setattr(steps, "TOUCHED_MAX", touched)
