"""A canary: texts that nobody else has come in by every way, and after an erasure they are nowhere.

Real Kafka and PostgreSQL, both workers, gateway's API. Looked through: every column of every table of every schema,
every topic from its beginning to its end, the bytes of Kafka's log of `customers.v1` on disk after compaction, and all
that was logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from mandegar.stack import Stack
from services.campaigns.main import create_service as create_campaigns_service
from services.feedback.main import create_service as create_feedback_service
from services.gateway.main import create_service
from services.gateway.privacy import note_raw_cleared, raw_positions
from services.gateway.shops import create_key
from services.loyalty.main import create_service as create_loyalty_service
from services.metrics.main import create_service as create_metrics_service
from shared.contracts import topics
from shared.db import create_pool
from shared.db.engine import plain_url
from shared.kernel import SystemClock
from shared.messaging.cluster import truncate
from shared.messaging.cluster.topics import ensure_topics
from shared.messaging.dead_letters import Cipher
from shared.messaging.worker import Worker
from shared.settings import PlatformSettings
from shared.telemetry.logs import configure_logging
from shared.testing import Databases
from tests.gateway_collector.ground import SECRET
from tests.gateway_webhooks.ground import Connections, connected, payload
from tests.messaging.worker_ground import at_work

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SECONDS_MAX = 60
COMPACTION_SECONDS_MAX = 300
SLUG = "canary-laleh"
NAME, STREET, NOTE = "Kanarya Zardak-Nameh", "Kanarya Street 4417", "leave it with Kanarya's neighbour"
PHONE, DIGITS, EMAIL, OWN_ID = "0912 773 4419", "9127734419", "kanarya.zardak@mail-canary.ir", "7734419001"
BORN = "1931-11-17"
CANARIES = ("kanarya", "zardak", DIGITS, PHONE, "mail-canary", OWN_ID, BORN)
WHO = {"customer_id": OWN_ID, "phone": PHONE, "email": EMAIL, "name": NAME, "birthday": BORN}


@dataclass
class World:
    """What runs, and where to look."""

    shops: Connections
    servers: str
    url: str
    kafka_data: Any
    logged: StringIO
    facts: asyncpg.Pool[Any]
    keys: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: Any = None, key: str = "staff") -> Any:
        answer = await self.shops.http.request(
            method, path, json=body, headers={"Authorization": f"Bearer {self.keys[key]}"}
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def until(self, query: str, expected: Any, pool: asyncpg.Pool[Any] | None = None) -> None:
        found = None
        try:
            async with asyncio.timeout(SECONDS_MAX):
                while found != expected:
                    await asyncio.sleep(0.2)
                    found = await (pool or self.shops.pool).fetchval(query)
        except TimeoutError:
            pytest.fail(f"{query} gives {found}")

    async def produce(self, topic: str, *values: bytes) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.servers)
        await producer.start()
        try:
            for value in values:
                await producer.send_and_wait(topic, value, key=b"any")
        finally:
            await producer.stop()

    async def in_tables(self) -> list[str]:
        """Tables of any schema in which a canary stands, in clear or sealed."""
        conn = await asyncpg.connect(plain_url(self.url))
        cipher, found = Cipher(SECRET), []
        try:
            tables = await conn.fetch(
                "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables"
                " WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
            )
            assert len(tables) > 40
            for schema, name in tables:
                columns = await conn.fetch(
                    "SELECT column_name AS name, data_type AS kind FROM information_schema.columns"
                    " WHERE table_schema = $1 AND table_name = $2",
                    *(schema, name),
                )
                texts = [
                    f"coalesce(encode(\"{one['name']}\", 'escape'), '')"
                    if one["kind"] == "bytea"
                    else f"coalesce(\"{one['name']}\"::text, '')"
                    for one in columns
                ]
                rows = await conn.fetch(f'SELECT {" || chr(10) || ".join(texts)} FROM "{schema}"."{name}"')
                found += [f"{schema}.{name}" for row in rows if holds(row[0].encode())]
                if name == "dead_letter":
                    letters = await conn.fetch(f'SELECT id, body FROM "{schema}".dead_letter')
                    found += [f"{schema}.{name}" for one in letters if holds(cipher.open(one[1], str(one[0])))]
        finally:
            await conn.close()
        return sorted(set(found))

    async def in_topics(self) -> list[str]:
        """Topics of the cluster on which a canary can be read, by anything of the records."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, enable_auto_commit=False)
        await consumer.start()
        found = set()
        try:
            for name, count in (await partition_counts(self.servers)).items():
                places = [TopicPartition(name, number) for number in range(count)]
                consumer.assign(places)
                ends = await consumer.end_offsets(places)
                for place, begin in (await consumer.beginning_offsets(places)).items():
                    consumer.seek(place, begin)
                async with asyncio.timeout(SECONDS_MAX):
                    while any([await consumer.position(place) < ends[place] for place in places]):
                        for records in (await consumer.getmany(timeout_ms=200)).values():
                            found |= {name for one in records if holds((one.key or b"") + (one.value or b""))}
        finally:
            await consumer.stop()
        return sorted(found)

    def on_disk(self, topic: str) -> list[str]:
        """Segments of a topic whose bytes show a canary; batches of this test are written without compression."""
        return sorted(
            str(path.parent.name) for path in self.kafka_data.glob(f"{topic}-*/*.log") if holds(path.read_bytes())
        )

    async def sums(self) -> list[tuple[Any, ...]]:
        rows = await self.facts.fetch(
            "SELECT shop, generation, measure, param, currency, day, gap, sum(value) FROM counter"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(value) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7"
        )
        orders = await self.facts.fetch("SELECT order_id, customer, net, counted FROM order_fact ORDER BY shop, 1")
        return [tuple(row) for row in (*rows, *orders)]


def holds(value: bytes) -> bool:
    text = value.decode(errors="replace").casefold()
    return any(canary in text for canary in (*CANARIES, PHONE.replace(" ", "")))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers of its own: all topics are searched, and workers read whatever lies there."""
    with Stack(tmp_path_factory.mktemp("canary"), say=print) as running:
        yield running


@pytest.fixture
async def world(alone: Stack) -> AsyncIterator[World]:
    stack, databases = alone, Databases(alone.database_url)
    url, logged = await databases.create("campaigns", "feedback", "gateway", "loyalty", "metrics"), StringIO()
    settings = PlatformSettings(
        kafka_bootstrap_servers=stack.bootstrap_servers, database_url=url, secret_key=SECRET, drain_seconds=5.0
    )
    services = (
        create_service(SECRET.encode()),
        create_campaigns_service(lambda: Cipher(SECRET)),
        create_feedback_service(lambda: Cipher(SECRET)),
        create_loyalty_service(lambda: Cipher(SECRET)),
        create_metrics_service(lambda: Cipher(SECRET)),
    )
    await ensure_topics(stack.bootstrap_servers, services, partitions=12)
    workers = [Worker(service, settings) for service in services]
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        async with (
            connected(url, stack.bootstrap_servers, prefix="canary-") as shops,
            await create_pool(url, "metrics", max_size=2) as facts,
            at_work(*workers),
        ):
            configure_logging("canary", level="debug", format="json", stream=logged)
            made = World(shops, stack.bootstrap_servers, url, stack.kafka.data, logged, facts)
            for name, scopes in {
                "shop": ["collect:write"],
                "staff": ["personal:read", "personal:erase", "customers:write"],
            }.items():
                _, made.keys[name] = await create_key(shops.pool, SystemClock(), SLUG, scopes=scopes)
            yield made
    finally:
        root.handlers[:] = before
        root.setLevel(level)


async def partition_counts(servers: str) -> dict[str, int]:
    """All topics of the cluster but Kafka's own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        found = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
    finally:
        await admin.close()
    assert len(found) > 10
    return {name: count for name, count in found.items() if not name.startswith("__")}


async def compact_soon(servers: str) -> None:
    """Have the log cleaner look at `customers.v1` at once: what takes a day otherwise."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        wanted = {
            "segment.ms": "100",
            "min.cleanable.dirty.ratio": "0.001",
            "max.compaction.lag.ms": "200",
            "cleanup.policy": "compact",
            "message.timestamp.type": "LogAppendTime",
            "compression.type": "uncompressed",  # so that bytes on disk can be searched
        }
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topics.CUSTOMERS, wanted)])
        often = {"log.cleaner.backoff.ms": "500"}  # else the cleaner rests for 15 s
        await admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", often)])
    finally:
        await admin.close()


def raw(event_id: str, **more: Any) -> bytes:
    at = (SystemClock().now() - timedelta(days=2)).isoformat()
    data = {"order_id": event_id, "revenue": "250000", "currency": "IRR", "shipping_address": STREET, "note": NOTE}
    event = {"id": event_id, "type": "Order Completed", "time": at, "shop": SLUG, "data": {**data, **WHO}, **more}
    return json.dumps(event, ensure_ascii=False).encode()


async def come_in_by_every_way(world: World) -> None:
    """Webhook, collector, raw topics, a consent; and two that cannot be read."""
    billing = {"email": EMAIL, "phone": PHONE, "first_name": NAME, "last_name": "Zardak", "address_1": STREET}
    order = payload("woocommerce_order", id=771_001, customer_id=int(OWN_ID), billing=billing, customer_note=NOTE)
    answer = await world.shops.post("woocommerce", "order.created", order)
    assert answer.status_code == 200, answer.text
    broken = payload("woocommerce_order", id="no number", customer_id=int(OWN_ID), billing=billing)
    assert (await world.shops.post("woocommerce", "order.created", broken)).json()["set_aside"]
    traits = {"email": EMAIL, "phone": PHONE, "name": NAME, "address": {"street": STREET}}
    call = {"messageId": "c-1", "userId": OWN_ID, "traits": traits, "context": {"note": NOTE}}
    await world.ask("POST", "/v1/identify", call, "shop")
    track = {"messageId": "c-2", "userId": OWN_ID, "event": "Product Viewed", "properties": {"sku": "T", "note": NOTE}}
    await world.ask("POST", "/v1/track", {**track, "context": {"traits": traits}}, "shop")
    await world.produce(topics.RAW_ORDERS, raw("k-1"), raw("k-2"), raw("k-bad", time="soon"), raw("k-cut")[:-40])
    await world.until("SELECT count(*) FROM order_fact WHERE order_id IN ('771001', 'k-1', 'k-2')", 3, world.facts)
    await world.until("SELECT count(*) FROM dead_letter", 3)
    await world.until("SELECT count(*) FROM customer WHERE name IS NOT NULL", 1)
    said = {"channel": "sms", "purpose": "news", "state": "given", "source": "form", "evidence": f"{NAME}, {STREET}"}
    await world.ask("POST", "/v1/consents", {**said, "phone": PHONE, "occurred_at": "2026-01-01T00:00:00Z"})
    await world.until("SELECT count(*) FROM outbox", 0)


async def others_go_on(world: World, prefix: str) -> None:
    """Customers enough for every partition, so that its segment is closed and the next one begun."""
    calls = [
        {"type": "identify", "messageId": f"{prefix}-{n}", "userId": f"{prefix}-{n}", "traits": {"name": f"Other {n}"}}
        for n in range(150)
    ]
    await world.ask("POST", "/v1/batch", {"batch": calls}, "shop")
    await world.until(f"SELECT count(*) FROM customer WHERE shop_customer_id LIKE '{prefix}-%'", 150)
    await world.until("SELECT count(*) FROM outbox", 0)


async def test_after_an_erasure_the_canary_is_nowhere_and_every_sum_is_the_same(world: World) -> None:
    await compact_soon(world.servers)
    await come_in_by_every_way(world)
    await world.until("SELECT count(*) FROM campaigns.profile WHERE name IS NOT NULL", 1, world.facts)
    kept = ["campaigns.profile", "gateway.consent", "gateway.customer", "gateway.dead_letter"]
    assert await world.in_tables() == kept
    assert set(await world.in_topics()) == {topics.RAW_ORDERS, topics.RAW_INTERACTIONS, topics.CUSTOMERS}
    assert not holds(world.logged.getvalue().encode())
    sums = await world.sums()
    customer = (await world.ask("POST", "/v1/customers/find", {"email": EMAIL}))["customer"]
    exported = await world.ask("GET", f"/v1/customers/{customer}/export")
    assert exported["identities"][0]["name"] == NAME
    asked = await world.ask("POST", f"/v1/customers/{customer}/erase", {"reason": "request", "reference": "R-1"})
    await world.until("SELECT count(*) FROM erasure WHERE completed_at IS NULL", 0)
    done = await world.ask("GET", f"/v1/erasures/{asked['erasure']}")
    answers = {one["service"]: one for one in done["answers"]}
    assert (done["state"], set(answers)) == ("complete", {"campaigns", "feedback", "gateway", "loyalty", "metrics"})
    assert (answers["gateway"]["removed"]["dead_letters"], answers["metrics"]["kept"]["orders"]) == (3, 3)
    await world.until("SELECT count(*) FROM outbox", 0)
    assert await world.in_tables() == []
    assert await world.sums() == sums

    now = SystemClock().now()
    assert await truncate(world.servers, await raw_positions(world.shops.pool)) > 0
    assert await note_raw_cleared(world.shops.pool, now) == 1
    raw_topics = (await world.ask("GET", f"/v1/erasures/{asked['erasure']}"))["topics"][1]
    assert raw_topics["how"].startswith("cut off")
    assert set(await world.in_topics()) <= {topics.CUSTOMERS}, "there, until it is compacted"
    if os.environ.get("CHAOS") == "long":  # the cleaner may take minutes
        async with asyncio.timeout(COMPACTION_SECONDS_MAX):
            turn = 0
            while world.on_disk(topics.CUSTOMERS):
                await others_go_on(world, f"turn{turn}")  # the cleaner leaves the segment alone that is written to
                await asyncio.sleep(2)
                turn += 1
        assert await world.in_topics() == []
    assert not holds(world.logged.getvalue().encode())
    assert [row for row in await world.sums() if row in sums] == sums

    await world.produce(topics.RAW_ORDERS, raw("k-3"))
    await world.until("SELECT count(*) FROM order_fact WHERE order_id = 'k-3'", 1, world.facts)
    new = (await world.ask("POST", "/v1/customers/find", {"phone": PHONE}))["customer"]
    assert new != customer, "nothing links to who they were"
