"""A ledger in which everything has happened, in a database: played with operations and the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from services.loyalty.points import (
    NEVER,
    Award,
    Operation,
    Part,
    PointsJobs,
    Signer,
    Source,
    Terms,
    Who,
    post,
    terms_of,
)
from services.loyalty.turns import DayTurns
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.orders import OrdersEvent
from shared.contracts.shops import Shop
from shared.db import write_transaction
from shared.kernel import FixedClock
from shared.messaging.handling import Delivery, Service, Subscription, Work
from shared.testing import Harness, running
from shared.testing.harness import TEST_SECRET
from tests.loyalty_points.ledger import DAY, cause

TEHRAN = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran")
REPLAYED = Shop(number=2, slug="yas", name="Yas", zone="Asia/Tehran", clock="stream")
PARTITION = 3


@cache
def signer() -> Signer:
    return Signer(TEST_SECRET)


async def _terms(_: Work, shops: Sequence[Shop]) -> dict[int, Terms]:
    return {shop.number: terms_of(shop, restored_days=5) for shop in shops}


async def _nothing(_: Work, __: Sequence[Delivery[Any]]) -> None:
    """Orders are none of this slice's business."""


def service() -> Service:
    """The slice alone, as a worker runs it."""
    return Service(
        name="loyalty",
        subscriptions=(Subscription(topics.ORDERS, OrdersEvent, _nothing),),
        timers=DayTurns(_terms).handlers() | PointsJobs(_terms, signer).handlers(),
        clock=ShopsOwnClock(),
    )


class Play:
    """A worker and its clock."""

    def __init__(self, harness: Harness, clock: FixedClock) -> None:
        self.harness, self.clock, self.pool = harness, clock, harness.pool

    @property
    def today(self) -> int:
        return int(terms_of(TEHRAN).zone.day_of(self.clock.now()))

    async def post(self, *operations: Operation, shop: Shop = TEHRAN) -> list[Any]:
        """In a transaction of its own, now."""
        async with write_transaction(self.pool, self.clock) as tx:
            return list(await post(tx, {shop.number: terms_of(shop, restored_days=5)}, operations))

    async def fire(self) -> int:
        """What is due."""
        return await self.harness.fire(topics.ORDERS, [0, PARTITION])

    async def pass_days(self, days: int) -> None:
        """Day by day, with what falls due."""
        for _ in range(days):
            self.clock.advance(timedelta(days=1))
            await self.fire()

    async def told(self) -> list[tuple[str, int]]:
        """Types of events and their points, in order."""
        return [(one.event["type"], one.event["data"]["points"]) for one in await self.harness.published()]


@asynccontextmanager
async def playing(url: str, now: datetime | None = None) -> AsyncIterator[Play]:
    """A worker on a migrated database, on the first day of the tests."""
    clock = FixedClock(now or terms_of(TEHRAN).zone.start_of(DAY) + timedelta(hours=9))  # type: ignore[arg-type]  # a day
    async with running(service(), url, clock=clock) as harness:
        await harness.configure(TEHRAN, REPLAYED)
        yield Play(harness, clock)


def earned(who: Who, source: str, points: int, day: int, *, starts: int = 0, expires: int = NEVER) -> Award:
    part = Part("flat", 1, points, "1", starts, expires)
    return Award(who, Source.ORDER, source, (part,), cause(day, f"{source}-{day}"), day, PARTITION)
