"""What becomes of a person, in each slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.campaigns import addresses, audience, consent, devices, journeys, messages, reports, tasks
from shared.kernel import CustomerId, ShopId


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    return await audience.counted(conn, shop, customers)


async def remove(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """Take away what is personal; how much went, by kind."""
    emptied = await messages.forget(conn, shop, customers)  # first: who claims messages holds them before consents
    await reports.forget(conn, shop, customers)
    gone = {
        "messages": emptied,
        "contacts": await audience.forget(conn, shop, customers),
        "journeys": await journeys.empty(conn, int(shop), [int(one) for one in customers]),
        "consents": await consent.forget(conn, shop, customers),
        "browsers": await devices.forget(conn, shop, customers),
        "tasks": await tasks.forget(conn, shop, customers),
        "addresses": await addresses.forget(conn, shop, customers),
    }
    return {kind: count for kind, count in gone.items() if count}
