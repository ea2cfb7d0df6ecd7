"""Fixtures of the tests of webhooks: gateway's application with two shops that are connected."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mandegar.stack import Stack
from shared.testing import Databases
from tests.gateway_webhooks.ground import Connections, connected


@pytest.fixture
async def connections(databases: Databases, stack: Stack) -> AsyncIterator[Connections]:
    """The running application, what it writes to Kafka, and a connection of each kind."""
    url = await databases.create("gateway")
    async with connected(url, stack.bootstrap_servers) as made:
        yield made
