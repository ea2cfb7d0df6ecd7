"""A migrated database of metrics for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.db import create_pool
from shared.testing import Databases, api_url
from tests.metrics_read.ground import Ground


@pytest.fixture(scope="module")
async def ground(databases: Databases) -> AsyncIterator[Ground]:
    """Empty, one for each module: its tests use shops of their own."""
    url = await databases.create("metrics")
    pool = await create_pool(url, "metrics", max_size=4)
    api = await create_pool(api_url(url, "metrics"), "metrics", max_size=4)
    try:
        yield Ground(pool, api)
    finally:
        await pool.close()
        await api.close()
