"""Fixtures of the tests of pulls: gateway with a connection of each shop system, and one of them to be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mandegar.stack import Stack
from services.gateway.settings import GatewaySettings
from services.gateway.webhooks import add_connection
from shared.kernel import SystemClock
from shared.testing import Databases
from tests.gateway_collector.ground import SECRET
from tests.gateway_pulling.ground import Pulls
from tests.gateway_webhooks.ground import connected


@pytest.fixture
async def pulls(databases: Databases, stack: Stack) -> AsyncIterator[Pulls]:
    url = await databases.create("gateway")
    async with connected(url, stack.bootstrap_servers) as connections:
        for vendor in ("bigcommerce", "magento"):
            made, _ = await add_connection(connections.pool, SystemClock(), connections.vault, "sib", vendor)
            connections.made[vendor] = made
        settings = GatewaySettings.load(
            "gateway",
            database_url=url,
            kafka_bootstrap_servers=stack.bootstrap_servers,
            secret_key=SECRET,
            pull_loopback=True,
        )
        yield Pulls(connections, settings)
