"""The ground all contestants stand on: one Kafka with the stream on it, one PostgreSQL with empty tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec.structs import replace

from bench.stream import SHOP
from services.metrics.main import create_service
from shared.contracts import topics
from shared.contracts.shops import Lifecycle, Shop
from shared.db.engine import server_settings
from shared.db.migrating import migrate
from shared.messaging.reference import write_shops

PARTITIONS = 6
_WHOLE = Shop(number=1, slug=SHOP, name="Bench", currency="EUR", clock="stream")
SHOPS = {
    # Nobody stays away for so long: what stages cost where hardly any changes.
    "all active": replace(_WHOLE, lifecycle=Lifecycle(lost_days=3650, lapsing="fixed", lapsing_days=3650)),
    "personal": _WHOLE,
}
"""The shop as our service is given it, by what its customers' stages do."""


def topics_of_metrics() -> set[str]:
    """The topics that metrics reads and writes."""
    service = create_service()
    return {one.topic for one in service.subscriptions} | {*service.own_topics, topics.DEAD_LETTERS}


async def create_topics(bootstrap: str, names: Iterable[str] = ()) -> None:
    """The topics that metrics reads and writes, or others."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names or topics_of_metrics()])
    finally:
        await admin.close()


def fresh_database(url: str, shop: Shop, service: str = "metrics") -> None:
    """Empty tables of a service, with the shop: every round starts from nothing."""
    asyncio.run(_drop(url, service))
    migrate(service, url)
    asyncio.run(_keep(url, shop, service))


async def _keep(url: str, shop: Shop, service: str) -> None:
    conn = await asyncpg.connect(url, server_settings=server_settings(service, "bench"))
    try:
        await write_shops(conn, [shop], [1])
    finally:
        await conn.close()


async def _drop(url: str, service: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(f"DROP SCHEMA IF EXISTS {service} CASCADE")
        await conn.execute("CHECKPOINT")
    finally:
        await conn.close()
