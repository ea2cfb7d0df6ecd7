"""Fixtures of the tests of security."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from mandegar.stack import Stack
from shared.testing import Databases
from tests.gateway.conftest import gateway, gateway_pool, gateway_url, pool
from tests.security.ground import Place, place_on

__all__ = ["gateway", "gateway_pool", "gateway_url", "place", "pool"]


@pytest.fixture(scope="session")
async def place(databases: Databases, stack: Stack) -> AsyncIterator[Place]:
    async with AsyncExitStack() as open_:
        yield await place_on(databases, stack.bootstrap_servers, open_)
