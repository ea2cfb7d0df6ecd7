"""Ground for the gateway's tests: its schema on a real PostgreSQL, raw events, and batches handled as the runtime does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import msgspec

from services.gateway.main import create_service
from services.gateway.shops import add_shop
from shared.contracts.customers import CustomerUpdated
from shared.contracts.orders import OrderEvent
from shared.contracts.raw_orders import RawOrderEvent
from shared.contracts.shops import Shop
from shared.db import OpenTransaction
from shared.kernel import CustomerId, FixedClock
from shared.messaging.handling import Delivery
from shared.messaging.reference import ShopDirectory

SECRET = b"9f2c7d41a86be350c1d24f7a90b8e6d3"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECEIVED_MS = int(NOW.timestamp() * 1000)
DECODER = msgspec.json.Decoder(RawOrderEvent)
ORDERS = msgspec.json.Decoder(OrderEvent)
CUSTOMERS = msgspec.json.Decoder(CustomerUpdated)
TABLES = "customer, customer_alias, order_customer, shop, api_key, outbox, outbox_key, dead_letter"


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
class FakeWork:
    """What the runtime gives a handler, over a real transaction."""

    tx: OpenTransaction
    shard: int = 0
    refused: list[tuple[Delivery[Any], str, str]] = field(default_factory=list)

    directory: ShopDirectory = field(default_factory=ShopDirectory)

    def shop(self, slug: str) -> Shop:
        return self.directory.get(slug)

    def refuse(self, delivery: Delivery[Any], reason: str, detail: str) -> None:
        self.refused.append((delivery, reason, detail))


class Gateway:
    """One worker of the service: batches in transactions, ids handled once."""

    def __init__(self, pool: asyncpg.Pool[Any], seed: int = 1, processed: set[tuple[str, str]] | None = None) -> None:
        self.pool = pool
        self.clock = FixedClock(NOW)
        self.refused: list[tuple[str, str, str]] = []
        self._processed: set[tuple[str, str]] = set() if processed is None else processed
        (subscription,) = create_service(SECRET, random_ids(seed)).subscriptions
        self._handle = subscription.handle

    async def take(self, events: Iterable[dict[str, Any]], batch: int = 20_000) -> None:
        """Handle events in batches of a size."""
        deliveries = [delivery(event, offset) for offset, event in enumerate(events)]
        for start in range(0, len(deliveries), batch):
            await self.take_batch(deliveries[start : start + batch])

    async def take_batch(self, deliveries: Sequence[Delivery[RawOrderEvent]]) -> None:
        """One batch in one transaction, without events whose id was processed before."""
        fresh: dict[tuple[str, str], Delivery[RawOrderEvent]] = {}
        for one in deliveries:
            identity = (one.event.source, one.event.id)
            if identity not in self._processed:
                fresh.setdefault(identity, one)
        async with self.pool.acquire() as conn, conn.transaction():
            work = FakeWork(OpenTransaction(conn, self.clock.now()))
            await work.directory.refresh(conn)
            await self._handle(work, list(fresh.values()))
            await work.tx.finish()
        refused = {id(one) for one, _, _ in work.refused}
        self._processed |= {identity for identity, one in fresh.items() if id(one) not in refused}
        self.refused += [(one.event.id, reason, detail) for one, reason, detail in work.refused]

    async def refusal(self, event: dict[str, Any]) -> tuple[str, str]:
        """Reason and detail of the event's refusal; it must be refused."""
        await self.take([event])
        ((_, reason, detail),) = self.refused
        return reason, detail

    async def orders(self) -> list[OrderEvent]:
        """What went to orders.v1, in order."""
        return [ORDERS.decode(value) for value in await self._outbox("orders.v1")]

    async def customers(self) -> list[CustomerUpdated]:
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
