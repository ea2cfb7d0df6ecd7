"""Fixtures of the tests of messaging."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mandegar.stack import Stack
from shared.testing import Databases
from tests.messaging.worker_ground import Place, worker_place


@pytest.fixture
async def place(stack: Stack, databases: Databases) -> AsyncIterator[Place]:
    """A fresh topic and database to run workers on."""
    async with worker_place(stack, databases) as made:
        yield made
