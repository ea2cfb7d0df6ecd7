"""Orders that were there before shops had tiers count for them as if tiers had always been."""

from __future__ import annotations

import asyncio
from random import Random

import asyncpg
import pytest

from services.loyalty.main import create_service
from shared.contracts.topics import ORDERS
from shared.db.migrating import downgrade, migrate
from shared.kernel import FixedClock
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness, running
from tests.loyalty_orders.ground import NOW, SHOP, SHOPS, Story, version
from tests.loyalty_orders.programmes import publish

pytestmark = pytest.mark.stack
_BEFORE_TIERS = "0004"
_COUNTED = "SELECT shop, kind, id, day, starts, kept FROM occasion ORDER BY shop, kind, id"
_ONE_BY_ONE = "SELECT id, kept FROM occasion WHERE shop = 1 AND kind = 1 ORDER BY id"


async def counted(harness: Harness) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await harness.pool.fetch(_COUNTED)]


async def there_and_back(url: str) -> None:
    """The database as it was before there were tiers, and again as it is today."""
    await asyncio.to_thread(downgrade, "loyalty", url, _BEFORE_TIERS)
    conn = await asyncpg.connect(url)
    try:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await conn.fetch("SELECT kept FROM loyalty.occasion")
    finally:
        await conn.close()
    await asyncio.to_thread(migrate, "loyalty", url)


async def test_what_random_lives_of_orders_count_is_worked_out_as_the_worker_would(databases: Databases) -> None:
    url = await databases.create("loyalty")
    async with running(create_service(lambda: Cipher(TEST_SECRET)), url, clock=FixedClock(NOW)) as harness:
        await harness.configure(*SHOPS)
        await publish(harness.pool, {SHOP: [version()]})
        await harness.feed(ORDERS, Story(Random(5), shops=(SHOP,)).tell(150), placed="random", rng=Random(6))
        before = await counted(harness)
    await there_and_back(url)
    async with running(create_service(lambda: Cipher(TEST_SECRET)), url, clock=FixedClock(NOW)) as harness:
        assert await counted(harness) == before
        assert {row[-1] is None for row in before} == {True, False}
