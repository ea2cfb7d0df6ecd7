"""Numbers of changes of stages that live has given away are not given away again by what takes its place."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from services.metrics.lifecycle.store.adopting import Sided
from shared.db.migrating import migrate
from shared.testing import Databases

pytestmark = pytest.mark.stack
_PUT = """
INSERT INTO {schema}.customer_state (customer, shop, generation, first_day, orders, version, days, changes)
VALUES ($1, 1, 1, 0, 0, 1, '{{0,0,0}}', $2)
"""
_FOUND = "SELECT customer, changes, orders, days FROM anew.customer_state ORDER BY customer"


async def test_also_of_customers_of_whom_the_rebuild_knows_nothing(databases: Databases) -> None:
    # Merged before their first order was read again: whoever gets these orders back would begin at 1.
    url = await databases.create("metrics")
    await asyncio.to_thread(migrate, "metrics", url, schema="anew")
    conn = await asyncpg.connect(url)
    try:
        for schema, customer, changes in (
            ("metrics", 5, 4),
            ("metrics", 6, 2),
            ("anew", 6, 1),
            ("metrics", 7, 0),
            ("metrics", 8, 1),
            ("anew", 8, 3),
        ):
            await conn.execute(_PUT.format(schema=schema), customer, changes)
        sided = Sided(conn, "metrics", "anew", 1, 1)
        for _ in range(2):
            await sided.raise_numbers()
            assert [tuple(row) for row in await conn.fetch(_FOUND)] == [
                (5, 4, 0, [0, 0, 0]),
                (6, 2, 0, [0, 0, 0]),
                (8, 3, 0, [0, 0, 0]),
            ]
    finally:
        await conn.close()
