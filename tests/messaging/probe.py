"""A tiny service to try the runtime with: it adds amounts up by customer, and publishes each new sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from shared.contracts.envelope import Envelope, message_key
from shared.contracts.shops import Shop
from shared.db.engine import plain_url
from shared.kernel import ShopId, derive_event_id
from shared.messaging.handling import Delivery, NotYet, OutboxKey, Service, Subscription, Work
from shared.messaging.reference import reference_subscriptions
from tests.db.schema import create_schema

ADDED = "probe.added.v1"
SUMS = "probe.sums.v1"
DEMO = Shop(number=1, slug="demo", name="Demo", zone="Asia/Tehran")


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    customer: str
    amount: int


class Added(Envelope, frozen=True, kw_only=True, tag="added"):
    data: Amount


class Sum(Envelope, frozen=True, kw_only=True, tag="sum"):
    data: Amount


_ADD = """
INSERT INTO account AS a (shop, customer, total, count)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::int[])
ON CONFLICT (shop, customer) DO UPDATE SET total = a.total + excluded.total, count = a.count + excluded.count
RETURNING shop, customer, total
"""


async def add_up(work: Work, deliveries: Sequence[Delivery[Added]]) -> None:
    """Amount 13 breaks the handler, 14 is refused, 15 divides by zero in the database, 16 waits for ever."""
    totals: Counter[tuple[int, str]] = Counter()
    counts: Counter[tuple[int, str]] = Counter()
    first: dict[tuple[int, str], Added] = {}
    for delivery in deliveries:
        event = delivery.event
        if event.data.amount == 13:
            raise RuntimeError("unlucky")
        if event.data.amount == 14:
            work.refuse(delivery, "fourteen", "field `data.amount` must not be fourteen")
            continue
        if event.data.amount == 15:
            await work.tx.conn.execute("SELECT 1 / $1::int", 0)
        if event.data.amount == 16:
            raise NotYet("sixteen never comes")
        account = (work.shop(event.shop).number, event.data.customer)
        totals[account] += event.data.amount
        counts[account] += 1
        first.setdefault(account, event)
    accounts = sorted(totals)
    keys = {a: OutboxKey(ShopId(a[0]), message_key(first[a].shop, a[1])) for a in accounts}
    await work.tx.lock_keys(dict.fromkeys(keys.values(), 1))
    rows = await work.tx.conn.fetch(
        _ADD,
        [a[0] for a in accounts],
        [a[1] for a in accounts],
        [totals[a] for a in accounts],
        [counts[a] for a in accounts],
    )
    for shop, customer, total in sorted(tuple(row) for row in rows):
        cause = first[shop, customer]
        key = keys[shop, customer]
        work.tx.publish(
            SUMS,
            key,
            Sum(
                id=derive_event_id(0, cause.shop, cause.id, "sum"),
                source="mandegar/probe",
                subject=customer,
                time=cause.time,
                shop=cause.shop,
                sequence=work.tx.sequence(key),
                data=Amount(customer=customer, amount=total),
            ),
        )


Handle = Callable[[Work, Sequence[Delivery[Any]]], Any]


def probe(handle: Handle = add_up, name: str = "probe", topic: str = ADDED, *, reference: bool = True) -> Service:
    """The service, with another handler if need be."""
    known = reference_subscriptions() if reference else []
    return Service(name, [*known, Subscription(topic, Added, handle)], own_topics=[SUMS])


def added(number: int, amount: int = 1, customer: str | None = None, **changes: Any) -> Added:
    """The n-th event; the same number is the same event."""
    fields: dict[str, Any] = {
        "id": derive_event_id(number, "demo", str(number), "added"),
        "source": "mandegar/tests",
        "subject": str(number),
        "time": datetime(2026, 1, 1 + number % 28, 12, tzinfo=UTC),
        "shop": "demo",
        "data": Amount(customer=customer or f"c{number % 7}", amount=amount),
    }
    return Added(**(fields | changes))


async def prepare(url: str) -> None:
    """A database with the probe's schema."""
    conn = await asyncpg.connect(plain_url(url))
    try:
        await create_schema(conn, "probe")
        await conn.execute(
            "CREATE TABLE account (shop smallint, customer text, total bigint, count int, PRIMARY KEY (shop, customer))"
        )
    finally:
        await conn.close()


async def totals(pool: asyncpg.Pool[Any]) -> dict[str, tuple[int, int]]:
    """(sum, count) by customer."""
    rows = await pool.fetch("SELECT customer, total, count FROM account ORDER BY customer")
    return {row[0]: (row[1], row[2]) for row in rows}
