"""The ground all contestants stand on: one Kafka with the stream on it, one PostgreSQL with empty tables."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.stream import SHOP
from shared.contracts.envelope import encode, message_key
from shared.contracts.shops import Shop, ShopConfigured
from shared.db.migrating import migrate

PARTITIONS = 6
TOPICS = dict.fromkeys(
    ("orders.v1", "orders.backfill.v1", "shops.v1", "keys.v1", "metrics.retention.v1", "dead-letters.v1"), PARTITIONS
)


async def create_topics(bootstrap: str) -> None:
    """The topics that metrics reads and writes."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1) for name, partitions in TOPICS.items()])
    finally:
        await admin.close()


async def configure_shop(bootstrap: str) -> None:
    """Tell of the shop, as gateway would."""
    event = ShopConfigured(
        id="bench-shop",
        source="mandegar/gateway",
        subject=SHOP,
        time=datetime(2023, 1, 1, tzinfo=UTC),
        shop=SHOP,
        sequence=1,
        data=Shop(number=1, slug=SHOP, name="Bench", currency="EUR"),
    )
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait("shops.v1", encode(event), key=message_key(SHOP, ""))
    finally:
        await producer.stop()


def fresh_database(url: str) -> None:
    """Empty tables of metrics: every round starts from nothing."""
    asyncio.run(_drop(url))
    migrate("metrics", url)


async def _drop(url: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute("DROP SCHEMA IF EXISTS metrics CASCADE")
        await conn.execute("CHECKPOINT")
    finally:
        await conn.close()
