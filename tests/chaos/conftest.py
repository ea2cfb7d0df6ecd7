"""Servers of their own: here they are killed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mandegar.stack import Stack
from shared.testing import Databases
from tests.chaos.world import Servers
from tests.stack.processes import throw_away


@pytest.fixture(scope="package")
def chaos_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("chaos")
    with Stack(directory, say=print) as running:
        yield running
    throw_away(directory)


@pytest.fixture(scope="package")
async def servers(chaos_stack: Stack) -> AsyncIterator[Servers]:
    """The servers, and where logs of workers go."""
    databases = Databases(chaos_stack.database_url)
    logs: Path = chaos_stack.directory / "logs"
    yield Servers(chaos_stack, databases, logs)
