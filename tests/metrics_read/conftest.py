"""A migrated database of metrics for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.db import create_pool
from shared.testing import Databases
from tests.metrics_read.ground import Ground


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    """Empty, one for each module: its tests use shops of their own."""
    pool = await create_pool(await databases.create("metrics"), "metrics", max_size=4)
    try:
        yield Ground(pool)
    finally:
        await pool.close()
