"""What the tests share: one embedded PostgreSQL and Kafka for the whole run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mandegar.stack import Stack
from shared.testing import Databases
from tests.stack.processes import throw_away

# Whoever kills a server here kills a process, not the machine: that loses nothing, with or without waiting for the
# disk, for which a thousand databases would wait minutes.
os.environ.setdefault("MANDEGAR_STACK_DURABLE", "no")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running servers: `.database_url`, `.bootstrap_servers`, and `.postgres` / `.kafka` for faults."""
    directory: Path = tmp_path_factory.mktemp("stack")
    # Hundreds of small databases, each of which would be looked at by a process of its own every ten seconds.
    seldom = {"autovacuum_naptime": "5min"}
    with Stack(directory, say=print, postgres_settings=seldom) as running:
        yield running
    throw_away(directory)


@pytest.fixture(scope="session")
async def databases(stack: Stack) -> AsyncIterator[Databases]:
    """Makes fresh databases: `url = await databases.create("metrics")` is migrated and the test's own.

    They go with the server.
    """
    yield Databases(stack.database_url)
