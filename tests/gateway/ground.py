"""Ground for the gateway's tests: its schema on a real PostgreSQL, raw events, and workers that handle them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec

from services.gateway.main import create_service
from services.gateway.shops import add_shop
from shared.contracts.customers import CustomerEvent
from shared.contracts.orders import OrderEvent
from shared.contracts.raw_orders import RawOrderEvent
from shared.contracts.shops import Shop
from shared.db import OpenTransaction
from shared.kernel import CustomerId, FixedClock
from shared.messaging.handling import Delivery
from shared.messaging.records import Refusal
from shared.messaging.reference import ShopDirectory
from shared.testing.harness import Harness

SECRET = b"9f2c7d41a86be350c1d24f7a90b8e6d3"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECEIVED_MS = int(NOW.timestamp() * 1000)
DECODER = msgspec.json.Decoder(RawOrderEvent)
ORDERS = msgspec.json.Decoder(OrderEvent)
CUSTOMERS = msgspec.json.Decoder(CustomerEvent)
TABLES = (
    "customer, customer_alias, customer_join, customer_conflict, order_customer, shop_clock, shop, api_key, outbox, "
    "outbox_key, dead_letter, processed_event, processed_month, consumer_offset, consent, erasure, erasure_answer, "
    "timer"
)


def raw(
    event_id: str, event_name: str = "Order Completed", /, *, at: datetime | str | None = None, **data: Any
) -> dict[str, Any]:
    """A raw event as a shop sends it. What is no property of the envelope goes into `data`."""
    envelope = {key: data.pop(key) for key in ("shop", "source", "origin", "subject") if key in data}
    moment = at if isinstance(at, str) else (at or NOW - timedelta(days=1)).isoformat()
    body: dict[str, Any] = {"order_id": f"o-{event_id}", **data}
    if event_name != "Order Refunded" and not {"revenue", "subtotal", "total"} & body.keys():
        body["revenue"] = "10.00"
    return {"id": event_id, "type": event_name, "time": moment, **envelope, "data": body}


def delivery(event: dict[str, Any], offset: int = 0, partition: int = 0) -> Delivery[RawOrderEvent]:
    """The event as it comes out of the topic."""
    value = json.dumps(event).encode()
    return Delivery(DECODER.decode(value), "raw.orders.v1", partition, offset, RECEIVED_MS, value)


def random_ids(seed: int) -> Callable[[], CustomerId]:
    """Customer ids that are the same in each run."""
    rng = Random(seed)
    return lambda: CustomerId(rng.randrange(1, 1 << 62))


@dataclass
class BareWork:
    """What the runtime gives a handler, over a real transaction, for workers that race each other without a fence."""

    tx: OpenTransaction
    directory: ShopDirectory
    shard: int = 0

    def shop(self, slug: str) -> Shop:
        return self.directory.get(slug)

    def refuse(self, delivery: Delivery[Any], reason: str, detail: str) -> None:
        raise AssertionError(f"{delivery.event.id} is refused: {reason}, {detail}")


class Gateway:
    """One worker of the service: the runtime's batch loop, without Kafka."""

    def __init__(self, pool: asyncpg.Pool[Any], seed: int = 1) -> None:
        self.pool = pool
        self.clock = FixedClock(NOW)
        service = create_service(SECRET, random_ids(seed))
        self.harness = Harness(service, pool, self.clock)
        self.refused: list[Refusal] = []
        self._handle = service.subscriptions[0].handle

    async def take(self, events: Iterable[dict[str, Any] | bytes], batch: int = 20_000, **how: Any) -> None:
        """Handle events in batches of a size; `how` goes to the harness: `placed`, `doubled`, `shuffled`, `rng`."""
        values = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
        for outcome in await self.harness.feed("raw.orders.v1", values, batch=batch, **how):
            self.refused += outcome.refused

    async def take_bare(self, deliveries: Sequence[Delivery[RawOrderEvent]]) -> None:
        """One batch in one transaction by the handler alone: no fence, no processed ids."""
        async with self.pool.acquire() as conn, conn.transaction():
            work = BareWork(OpenTransaction(conn, self.clock.now()), ShopDirectory())
            await work.directory.refresh(conn)
            await self._handle(work, deliveries)
            await work.tx.finish()

    async def refusal(self, event: dict[str, Any] | bytes) -> tuple[str, str]:
        """Reason and detail of the event's refusal; it must be refused, and leave nothing behind."""
        await self.take([event])
        (refusal,) = self.refused
        assert await self.pool.fetchval("SELECT count(*) FROM outbox WHERE topic <> 'dead-letters.v1'") == 0
        return refusal.reason, refusal.detail

    async def orders(self) -> list[OrderEvent]:
        """What went to orders.v1, in order."""
        return [ORDERS.decode(value) for value in await self._outbox("orders.v1")]

    async def customers(self) -> list[CustomerEvent]:
        """What went to customers.v1, in order."""
        return [CUSTOMERS.decode(value) for value in await self._outbox("customers.v1")]

    async def order(self) -> Any:
        """The only event on orders.v1."""
        assert not self.refused, self.refused
        (event,) = await self.orders()
        return event

    async def _outbox(self, topic: str) -> list[bytes]:
        rows = await self.pool.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", topic)
        return [row["value"] for row in rows]


async def clear(pool: asyncpg.Pool[Any]) -> None:
    """Empty all tables, and add the default shop."""
    await pool.execute(f"TRUNCATE {TABLES}")
    await add_shop(pool, FixedClock(NOW), "default", currency="USD", phone_region="IR")
    await pool.execute("TRUNCATE outbox")
