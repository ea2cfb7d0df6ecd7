"""What row-level security costs: a comparison for a statement of an API, and nothing for a worker."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from shared.db.engine import plain_url, server_settings
from shared.testing import Databases, api_url, worker_url

pytestmark = pytest.mark.stack

FILL = """
INSERT INTO customer_state (customer, shop, generation, first_day, orders, version, days)
SELECT c, s, 1, 0, 0, 1, '{}' FROM generate_series(1, 20) s, generate_series(1, 500) c;
INSERT INTO counter (shop, generation, basis, measure, param, currency, day, gap, shard, value)
SELECT s, 1, 0, m, 0, '', d, 0, w, 1
FROM generate_series(1, 20) s, generate_series(1, 5) m, generate_series(1, 200) d, unnest('{-1, 0}'::int[]) w;
ANALYZE
"""
READS = {
    "a customer": "SELECT orders FROM customer_state WHERE shop = $1 AND generation = 1 AND customer = 77",
    "a sum": "SELECT sum(value) FROM counter WHERE shop = $1 AND generation = 1 AND basis = 0 AND measure = 2"
    " AND param = 0 AND currency = '' AND day <= 30",
    "a join": "SELECT sum(value) FROM unnest('{1,2}'::int[]) AS w(measure) JOIN counter AS c ON c.shop = $1"
    " AND c.generation = 1 AND c.basis = 0 AND c.measure = w.measure AND c.param = 0",
}


@pytest.fixture(scope="module")
async def url(databases: Databases) -> str:
    url = await databases.create("metrics")
    conn = await asyncpg.connect(plain_url(url), server_settings={"search_path": "metrics"})
    try:
        await conn.execute(FILL)
    finally:
        await conn.close()
    return url


async def plan_of(url: str, query: str) -> list[str]:
    conn = await asyncpg.connect(plain_url(url), server_settings=server_settings("metrics", "test"))
    try:
        async with conn.transaction():
            await conn.fetchval("SELECT set_config('app.shop', '7', true)")
            rows: list[Any] = await conn.fetch(f"EXPLAIN (COSTS OFF) {query}", 7)
            return [row[0].strip(" ->") for row in rows]
    finally:
        await conn.close()


@pytest.mark.parametrize("name", READS)
async def test_an_api_reads_by_the_same_index_and_compares_the_shop_once(url: str, name: str) -> None:
    free, bound = [await plan_of(login(url, "metrics"), READS[name]) for login in (worker_url, api_url)]
    assert [line for line in bound if line.startswith("One-Time Filter") and "InitPlan" in line], bound
    added = [line for line in bound if line not in free]
    assert all(line.startswith(("One-Time Filter", "InitPlan", "Result")) for line in added), bound
    conditions = [line for line in bound if line.startswith("Index Cond")]
    assert conditions
    assert all("shop = '7'" in line for line in conditions)
    assert not [line for line in bound if "Seq Scan" in line or (line.startswith("Filter") and "shop" in line)]


@pytest.mark.parametrize("name", READS)
async def test_a_worker_pays_nothing(url: str, name: str) -> None:
    assert await plan_of(worker_url(url, "metrics"), READS[name]) == await plan_of(url, READS[name])


async def test_a_query_that_names_no_shop_still_finds_its_rows_by_index(url: str) -> None:
    plan = await plan_of(api_url(url, "metrics"), "SELECT orders FROM customer_state WHERE customer = $1")
    assert not [line for line in plan if "Seq Scan" in line]
    assert [line for line in plan if line.startswith("Index Cond") and "shop = (InitPlan" in line], plan
