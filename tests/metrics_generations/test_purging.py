"""What an old generation leaves behind goes, and nothing of the live one goes with it."""

from __future__ import annotations

import asyncpg
import pytest

from services.metrics.generations.store import purging
from shared.db.engine import plain_url, server_settings
from shared.testing import Databases

pytestmark = pytest.mark.stack

LIVE = 2
# Old counters are folded and those of the live generation are not: in their partitions they lie at the same places.
FILL = """
INSERT INTO generation (shop, number, live, zone, calendar, windows, loyal_over)
SELECT s, n, n = 2, 'UTC', 'gregorian', '{30}', 2 FROM generate_series(1, 2) s, generate_series(1, 2) n;
INSERT INTO counter (shop, generation, basis, measure, param, currency, day, gap, shard, value)
SELECT 1, n, 0, 2, 30, '', d, 0, CASE n WHEN 1 THEN -1 ELSE 0 END, 1
FROM generate_series(1, 2) n, generate_series(1, 300) d;
"""


async def test_old_counters_go_in_steps_and_live_ones_at_the_same_places_of_another_partition_stay(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "ROWS_MAX", 70)
    url = plain_url(await databases.create("metrics"))
    conn = await asyncpg.connect(url, server_settings=server_settings("metrics", "test"), timeout=5)
    try:
        await conn.execute(FILL)
        places = "SELECT count(*) FROM (SELECT ctid FROM counter GROUP BY ctid HAVING count(*) = 2) AS shared"
        assert await conn.fetchval(places) > 100
        steps = 0
        while await purging.purge(conn, 1):
            steps += 1
            assert steps < 20
        left = await conn.fetch("SELECT generation, count(*) AS rows, min(day), max(day) FROM counter GROUP BY 1")
        assert steps == 5
        assert [tuple(row) for row in left] == [(LIVE, 300, 1, 300)]
    finally:
        await conn.close(timeout=5)
