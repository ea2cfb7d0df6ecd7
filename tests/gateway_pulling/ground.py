"""Ground for the tests of pulls: shop systems that run beside, and what reaches Kafka of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.gateway.pulling import Puller, set_api
from services.gateway.settings import GatewaySettings
from shared.kernel import SystemClock
from tests.gateway_pulling.systems import BASES, TOKENS, ShopSystem, serving
from tests.gateway_webhooks.ground import Connections

VENDORS = ("shopify", "woocommerce", "bigcommerce", "magento")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINCE = AT - timedelta(days=1)


@dataclass
class Pulls:
    """Gateway, its connections, and how to pull them."""

    shops: Connections
    settings: GatewaySettings

    def address(self, vendor: str) -> str:
        return self.shops.made[vendor].address

    @asynccontextmanager
    async def system(self, vendor: str, token: str = "") -> AsyncIterator[ShopSystem]:
        """A shop system that the connection of this vendor is pulled from."""
        async with serving(vendor) as system:
            await set_api(
                self.shops.pool,
                SystemClock(),
                self.shops.vault,
                self.address(vendor),
                base=system.base + BASES[vendor],
                token=token or TOKENS[vendor],
                loopback=True,
            )
            yield system

    @asynccontextmanager
    async def puller(self) -> AsyncIterator[Puller]:
        async with Puller.opened(self.settings) as puller:
            yield puller

    async def row(self, vendor: str) -> dict[str, Any]:
        found = await self.shops.pool.fetchrow(
            "SELECT * FROM pull WHERE address = $1", self.address(vendor).split("-")[1]
        )
        return dict(found)


def contents(events: list[dict[str, Any]]) -> dict[str, set[str]]:
    """What was said under each id, but for when it was received."""
    found: dict[str, set[str]] = {}
    for event in events:
        said = {name: value for name, value in event.items() if name != "receivedat"}
        found.setdefault(event["id"], set()).add(repr(sorted(said.items())))
    return found
