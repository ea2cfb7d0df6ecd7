"""Ground: a worker whose clock can be moved, journeys that are published, and what customers do."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from services.campaigns.journeys.domain.journey import OnDate
from services.campaigns.journeys.domain.reading import read_journey
from services.campaigns.journeys.domain.run import State
from services.campaigns.journeys.store import definitions
from services.campaigns.journeys.store.definitions import Stand
from services.campaigns.journeys.timing import Turn, sweep_timer, turn_timer
from services.campaigns.main import create_service
from shared.contracts.campaigns import JourneyRequest, JourneyRequested
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.orders import Order, OrderCompleted
from shared.contracts.topics import CAMPAIGNS_JOURNEYS, INTERACTIONS, ORDERS
from shared.db import write_transaction
from shared.kernel import Clock, FixedClock, ShopId
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness, running
from tests.campaigns.ground import OTHER, SHOP, name

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PARTITIONS = range(12)
SEND: dict[str, Any] = {"kind": "send", "id": "first", "channel": "email", "template": "hello", "purpose": "news"}
CART: dict[str, Any] = {
    "name": "Abandoned cart",
    "trigger": {"kind": "event", "event": "product added"},
    "key": "cart",
    "reentry": {"kind": "per_key"},
    "goal": [{"event": "order.completed"}],
    "steps": [
        {"kind": "wait", "id": "hour", "minutes": 60, "renewed_by": [{"event": "product added", "same": "cart"}]},
        SEND,
        {"kind": "wait", "id": "day", "minutes": 1440},
        {**SEND, "id": "second"},
    ],
}


@dataclass
class Ground:
    """A worker and its clock."""

    harness: Harness
    clock: FixedClock
    url: str

    async def publish(self, journey: str, data: dict[str, Any], shop: int = 1) -> int:
        """The next version of a journey, in force."""
        return await published(self.harness.pool, self.clock, journey, data, shop)

    async def stand(self, journey: str, state: Stand, shop: int = 1) -> None:
        """Pause it, have it go on, end it."""
        async with write_transaction(self.harness.pool, self.clock) as tx:
            kept = await definitions.find(tx.conn, shop, journey, lock=True)
            assert kept is not None
            await definitions.stand(tx.conn, shop, kept._replace(state=state), tx.now)
            tx.set_timer(sweep_timer(ShopId(shop), journey, tx.now))

    async def fire(self) -> int:
        """All timers that are due."""
        return await self.harness.fire(ORDERS, PARTITIONS)

    async def later(self, minutes: int) -> None:
        """Time goes on, timer by timer."""
        until = self.clock.now() + timedelta(minutes=minutes)
        for _ in range(1_000):
            await self.fire()
            due = await self.harness.pool.fetchval("SELECT min(due) FROM timer WHERE kind LIKE 'journeys%'")
            if due is None or due > until:
                break
            self.clock.advance(max(timedelta(0), due - self.clock.now()))
        self.clock.advance(until - self.clock.now())
        await self.fire()

    async def told(self, customer: int | None = None) -> list[str]:
        """What was told of runs, in order: its type, with the step and what came of it."""
        return [_short(one.event) for one in await self.harness.published(CAMPAIGNS_JOURNEYS) if _is(one, customer)]

    async def states(self) -> dict[str, int]:
        """How many runs are in which state."""
        rows = await self.harness.pool.fetch("SELECT state, count(*) FROM journey_run GROUP BY 1")
        return {State(state).name.lower(): count for state, count in rows}

    async def messages(self) -> dict[str, int]:
        """How many messages of which step are in which state."""
        rows = await self.harness.pool.fetch("SELECT step, state, reason FROM message")
        names = ("planned", "claimed", "sent", "failed", "unknown", "suppressed")
        return dict(Counter(" ".join(filter(None, [step, names[state], reason])) for step, state, reason in rows))


async def published(pool: asyncpg.Pool[Any], clock: Clock, journey: str, data: dict[str, Any], shop: int = 1) -> int:
    """The next version of a journey, in force."""
    async with write_transaction(pool, clock) as tx:
        await definitions.save_draft(tx.conn, shop, journey, read_journey(data), author="test", now=tx.now)
        kept = await definitions.find(tx.conn, shop, journey, lock=True)
        assert kept is not None
        kept = kept._replace(version=kept.version + 1, state=Stand.ACTIVE)
        await definitions.add_version(tx.conn, shop, kept, author="test", now=tx.now)
        await definitions.stand(tx.conn, shop, kept, tx.now)
        if isinstance(kept.draft.trigger, OnDate):
            tx.set_timer(turn_timer(Turn(ShopId(shop), journey), tx.now))
    return kept.version


def _is(one: Any, customer: int | None) -> bool:
    return customer is None or one.event["data"].get("customer") == name(customer)


def _short(event: dict[str, Any]) -> str:
    data, kind = event["data"], event["type"].removeprefix("journey.")
    if kind == "moved":
        return f"{data['step']}: {data['outcome']}"
    return " ".join(filter(None, [kind, data.get("key", ""), data.get("reason", "")]))


@asynccontextmanager
async def a_ground(databases: Databases, url: str | None = None) -> AsyncIterator[Ground]:
    """On an empty database, unless one is named."""
    url, clock = url or await databases.create("campaigns"), FixedClock(START)
    async with running(create_service(lambda: Cipher(TEST_SECRET)), url, clock=clock) as harness:
        await harness.configure(SHOP, OTHER)
        yield Ground(harness, clock, url)


def did(customer: int, what: str, number: int, *, at: datetime = START, origin: Any = "live", **about: Any) -> Any:
    """An interaction; of one number there is one."""
    return InteractionRecorded(
        id=f"i-{customer}-{number}",
        source="mandegar/gateway",
        subject=name(customer),
        time=at,
        shop=SHOP.slug,
        origin=origin,
        data=Interaction(name=what, customer=name(customer), **about),
    )


def added(customer: int, cart: str, number: int, *, at: datetime = START, **more: Any) -> Any:
    """Something was put into a cart."""
    return did(customer, "product added", number, at=at, cart_id=cart, **more)


def ordered(customer: int, order: str, *, at: datetime = START, revenue: int = 1000, **more: Any) -> Any:
    """An order is completed."""
    return OrderCompleted(
        id=f"o-{order}",
        source="mandegar/gateway",
        subject=order,
        time=at,
        shop=SHOP.slug,
        data=Order(order_id=order, customer=name(customer), currency="USD", revenue=revenue, **more),
    )


def asked(customer: int, journey: str, occasion: str, number: int = 0, **values: Any) -> Any:
    """Somebody asks that a customer enter a journey."""
    return JourneyRequested(
        id=f"j-{journey}-{customer}-{occasion}-{number}",
        source="mandegar/campaigns",
        subject=name(customer),
        time=START,
        shop=SHOP.slug,
        data=JourneyRequest(customer=name(customer), journey=journey, occasion=occasion, values=values),
    )


__all__ = ["CART", "INTERACTIONS", "ORDERS", "SEND", "START", "Ground", "a_ground", "added", "asked", "did", "ordered"]
