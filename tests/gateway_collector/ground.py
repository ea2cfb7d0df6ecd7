"""Ground for the collector's tests: gateway's application over a database and Kafka, and what reached the topics."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI

from services.gateway.app import create_app
from services.gateway.settings import GatewaySettings
from services.gateway.shops import create_key
from shared.kernel import SystemClock
from shared.testing import api_url
from shared.testing.http import client

SECRET = "9f2c7d41a86be350c1d24f7a90b8e6d3"
RAW = ("raw.orders.v1", "raw.interactions.v1")
JSON = {"Content-Type": "application/json"}
KEYS = {
    "writer": ("laleh", ["collect:write"]),
    "other": ("sib", ["collect:write"]),
    "reader": ("laleh", ["metrics:read"]),
}


def basic(key: str) -> dict[str, str]:
    """The key as libraries of Segment's form send it."""
    return {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


def settings_for(url: str, bootstrap_servers: str, **changes: Any) -> GatewaySettings:
    return GatewaySettings.load(
        "gateway",
        database_url=api_url(url, "gateway"),
        kafka_bootstrap_servers=bootstrap_servers,
        secret_key=SECRET,
        **changes,
    )


async def make_keys(pool: asyncpg.Pool[Any]) -> dict[str, str]:
    clock = SystemClock()
    return {name: (await create_key(pool, clock, shop, scopes=scopes))[1] for name, (shop, scopes) in KEYS.items()}


class Topics:
    """What was written to the raw topics since this was made."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._found: list[tuple[str, dict[str, Any]]] = []

    async def messages(self) -> list[tuple[str, dict[str, Any]]]:
        """Topic and event, of all partitions up to their present ends, oldest first."""
        places = sorted(self._consumer.assignment())
        ends = await self._consumer.end_offsets(places)
        async with asyncio.timeout(20):
            while any([await self._consumer.position(place) < ends[place] for place in places]):
                for records in (await self._consumer.getmany(timeout_ms=200)).values():
                    self._found += [(record.topic, json.loads(record.value)) for record in records]
        return self._found


@asynccontextmanager
async def topics_from_here(bootstrap_servers: str, *names: str) -> AsyncIterator[Topics]:
    """What is written from now on to these topics; the raw ones where none is named."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in names or RAW
            for number in consumer.partitions_for_topic(topic) or await _partitions(consumer, topic)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        yield Topics(consumer)
    finally:
        await asyncio.wait_for(consumer.stop(), 5)


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    consumer._client.add_topic(topic)
    await consumer._client.force_metadata_update()
    found: set[int] = consumer.partitions_for_topic(topic)
    return found


@dataclass
class Collected:
    """A client of the running application, the keys, and the topics behind it."""

    app: FastAPI
    http: httpx.AsyncClient
    keys: Mapping[str, str]
    topics: Topics
    pool: asyncpg.Pool[Any]

    async def post(self, path: str, body: Any, key: str = "writer", **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = (
            JSON | {"Authorization": f"Bearer {self.keys[key]}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        )
        return await self.http.post(path, content=content, headers=sent)

    async def written(self) -> list[tuple[str, dict[str, Any]]]:
        return await self.topics.messages()

    async def event(self) -> tuple[str, dict[str, Any]]:
        """The only one."""
        (found,) = await self.written()
        return found


@asynccontextmanager
async def collecting(
    settings: GatewaySettings, keys: Mapping[str, str], pool: asyncpg.Pool[Any], **changes: Any
) -> AsyncIterator[Collected]:
    app = create_app(settings.model_copy(update=changes))
    async with topics_from_here(settings.kafka_bootstrap_servers) as topics, client(app) as http:
        yield Collected(app, http, keys, topics, pool)
