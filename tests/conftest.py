"""What the tests share: one embedded PostgreSQL and Kafka for the whole run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mandegar.stack import Stack
from shared.testing import Databases


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running servers: `.database_url`, `.bootstrap_servers`, and `.postgres` / `.kafka` for faults."""
    directory: Path = tmp_path_factory.mktemp("stack")
    with Stack(directory, say=print) as running:
        yield running


@pytest.fixture(scope="session")
async def databases(stack: Stack) -> AsyncIterator[Databases]:
    """Makes fresh databases: `url = await databases.create("metrics")` is migrated and the test's own."""
    made = Databases(stack.database_url)
    yield made
    await made.drop_all()
