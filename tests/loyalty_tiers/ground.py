"""Ground: a worker on a clock that moves, and a shop whose programme has tiers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from services.loyalty.main import create_service
from services.loyalty.points import Signer
from services.loyalty.programmes import Level, Programme, Rate, RollingWindow, Rule, Tiers, Version
from services.loyalty.tiers import Day, plan_of, walk
from shared.contracts.shops import Shop
from shared.contracts.topics import LOYALTY_TIERS, ORDERS
from shared.kernel import FixedClock, Zone
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness, running
from tests.loyalty_orders.ground import NOW, OTHER, SHOP, START, version
from tests.loyalty_orders.programmes import publish

LEVELS = (
    Level(id="regular", name="Regular", threshold=0),
    Level(id="silver", name="Silver", threshold=20_000, percent=120),
    Level(id="gold", name="Gold", threshold=50_000, percent=150, benefits=("Free shipping",)),
)
TIERS = Tiers(levels=LEVELS, window=RollingWindow(days=30), downgrade="one_step")
TIERED = Programme(
    name="Points", currency="USD", rules=(Rule(id="spend", name="Spend", earn=Rate(points=1, per=100)),), tiers=TIERS
)
STREAM: Shop = msgspec.structs.replace(SHOP, number=4, slug="stream", clock="stream")
ALL = (SHOP, OTHER, STREAM)


class Ground(NamedTuple):
    """A worker and its clock."""

    harness: Harness
    clock: FixedClock

    async def tiers(self) -> dict[tuple[int, int], str]:
        """By shop and customer, of those above the first level."""
        rows = await self.harness.pool.fetch("SELECT shop, customer, level FROM tier_standing WHERE level <> ''")
        return {(shop, customer): level for shop, customer, level in rows}

    async def told(self) -> list[tuple[str, str, str]]:
        """(before, after, reason) of all changes, in order."""
        events = [one.event["data"] for one in await self.harness.published(LOYALTY_TIERS)]
        return [(one["before"]["id"], one["after"]["id"], one["reason"]) for one in events]

    async def fire(self, partitions: Sequence[int] = range(12)) -> int:
        """What is due."""
        return await self.harness.fire(ORDERS, partitions)

    async def recounted(self, shop: Shop, today: int, programme: Programme = TIERED) -> dict[tuple[int, int], str]:
        """Where each identity by itself stands, from what is kept of orders alone, read one by one."""
        rows = await self.harness.pool.fetch(
            "SELECT customer, day, kept, points FROM occasion"
            " WHERE shop = $1 AND kind = 1 AND status = 2 AND through > 0 AND kept IS NOT NULL",
            shop.number,
        )
        days: dict[int, list[Day]] = {}
        for customer, day, kept, points in rows:
            days.setdefault(customer, []).append(Day(day, kept, points, 1))
        plan = plan_of(shop, [version(programme)])
        found = {(shop.number, one): walk(own, plan, today).standing.id for one, own in days.items()}
        return {place: level for place, level in found.items() if level}


@asynccontextmanager
async def ground(
    databases: Databases, programmes: dict[Shop, Sequence[Version]] | None = None, now: datetime = NOW
) -> AsyncIterator[Ground]:
    """A worker on an empty database, with shops whose programmes have tiers."""
    clock = FixedClock(now)
    service = create_service(lambda: Cipher(TEST_SECRET), lambda: Signer(TEST_SECRET))
    url = await databases.create("loyalty")
    async with running(service, url, clock=clock) as harness:
        await harness.configure(*ALL)
        tiered = {shop: [version(TIERED)] for shop in ALL}
        await publish(harness.pool, tiered if programmes is None else programmes)
        yield Ground(harness, clock)


def day(hours: float, shop: Shop = SHOP) -> int:
    """The shop's day, so many hours after the start."""
    return int(Zone(shop.zone).day_of(START + timedelta(hours=hours)))
