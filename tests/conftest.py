"""What the tests share: one embedded PostgreSQL and Kafka for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mandegar.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running servers: `.database_url`, `.bootstrap_servers`, and `.postgres` / `.kafka` for faults."""
    directory: Path = tmp_path_factory.mktemp("stack")
    with Stack(directory, say=print) as running:
        yield running
