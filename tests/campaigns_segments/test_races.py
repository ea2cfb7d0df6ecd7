"""Transactions side by side: nobody is judged by half of what is known, and nobody is left out of a new version."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg
import pytest

from services.campaigns.segments.jobs import Maker
from services.campaigns.segments.keeping import Touch, settle_all
from shared import pointers
from shared.contracts.topics import CUSTOMERS, LOYALTY_POINTS
from shared.db import OpenTransaction, write_transaction
from shared.pointers import Pointer
from shared.testing import Databases
from tests.campaigns.ground import SHOP, points, told
from tests.campaigns_segments.ground import condition
from tests.campaigns_segments.test_members import Ground, a_ground

pytestmark = pytest.mark.stack
RICH = condition("number", field="points", least=10)
T = TypeVar("T")


async def give(conn: asyncpg.Connection[Any], customer: int, count: int) -> None:
    """What a handler would do in its transaction."""
    stub = "INSERT INTO profile (shop, customer) VALUES (1, $1) ON CONFLICT DO NOTHING"
    await conn.execute(stub, customer)
    await conn.execute("UPDATE profile SET points = points + $2 WHERE shop = 1 AND customer = $1", customer, count)


async def settle(tx: OpenTransaction, *identities: int) -> None:
    await settle_all(tx, {1: SHOP}, {(1, one): Touch(0, "live") for one in identities}, "event")


async def waits(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin something that cannot end by itself."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=0.4)
    assert not done, "it waits for the other transaction"
    return task


async def another(ground: Ground, customer: int, count: int) -> None:
    """A transaction of a handler."""
    async with write_transaction(ground.harness.pool, ground.clock) as tx:
        await give(tx.conn, customer, count)
        await settle(tx, customer)


async def test_two_identities_of_a_person_that_change_at_once_are_judged_together(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.harness.feed(CUSTOMERS, [told(1, 1), told(2, 2), told(2, 3, "merged", canonical=1)])
        await ground.publish("rich", RICH)
        async with write_transaction(ground.harness.pool, ground.clock) as tx:
            await give(tx.conn, 1, 6)
            await settle(tx, 1)
            other = await waits(another(ground, 2, 6))
        await other
        assert await ground.members() == {(1, "rich"): {1}}
        await ground.agrees()


async def test_a_merge_sees_what_was_told_of_an_identity_at_the_same_time(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.harness.feed(CUSTOMERS, [told(1, 1), told(2, 2)])
        await ground.harness.feed(LOYALTY_POINTS, [points(1, 3, 6)])
        await ground.publish("rich", RICH)

        async def merge() -> None:
            async with write_transaction(ground.harness.pool, ground.clock) as tx:
                await pointers.heed(tx.conn, {(1, 2): Pointer(1, 2, 1, 9, 0, True)})
                await settle(tx, 1, 2)

        async with write_transaction(ground.harness.pool, ground.clock) as tx:
            await give(tx.conn, 2, 6)
            await settle(tx, 2)
            other = await waits(merge())
        await other
        assert await ground.members() == {(1, "rich"): {1}}
        await ground.agrees()


async def test_what_is_told_while_identities_are_merged_is_of_the_person_they_are_then(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await ground.harness.feed(CUSTOMERS, [told(one, one) for one in (1, 2, 3)])
        await ground.harness.feed(CUSTOMERS, [told(3, 4, "merged", canonical=2)])
        await ground.harness.feed(LOYALTY_POINTS, [points(1, 5, 6)])
        await ground.publish("rich", RICH)
        async with write_transaction(ground.harness.pool, ground.clock) as tx:
            await pointers.heed(tx.conn, {(1, 3): Pointer(1, 3, 1, 9, 0, True)})
            await settle(tx, 1, 2)
            other = await waits(another(ground, 3, 6))  # it read that 3 is counted as 2
        await other
        assert await ground.members() == {(1, "rich"): {1}}
        await ground.agrees()


async def test_a_version_is_made_for_whoever_was_settled_just_before_it_was_published(databases: Databases) -> None:
    async with a_ground(databases) as ground:
        await another(ground, 5, 20)
        async with write_transaction(ground.harness.pool, ground.clock) as tx:
            await give(tx.conn, 9, 20)
            await settle(tx, 9)
            await ground.publish("rich", RICH, make=False)
            begins = await waits(Maker(ground.harness.pool, ground.clock).step())
        assert await begins
        await ground.make()
        assert await ground.members() == {(1, "rich"): {5, 9}}
        await ground.agrees()
