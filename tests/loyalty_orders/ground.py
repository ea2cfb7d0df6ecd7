"""Ground: shops with programmes, events of orders, and what stands for whom in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from services.loyalty.main import create_service
from services.loyalty.points import Signer, verify
from services.loyalty.programmes import Programme, Rate, Rule, Version
from shared.contracts.envelope import Envelope
from shared.contracts.interactions import Interaction, InteractionRecorded
from shared.contracts.orders import (
    Order,
    OrderCancelled,
    OrderCompleted,
    OrderLine,
    OrderRefunded,
    OrderUpdated,
    Refund,
    RefundedItem,
)
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, FixedClock, customer_id_text, derive_event_id
from shared.messaging.dead_letters import Cipher
from shared.testing import Databases
from shared.testing.harness import TEST_SECRET, Harness, running
from tests.loyalty_orders.programmes import publish

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHOP = Shop(number=1, slug="laleh", name="Laleh", zone="Asia/Tehran", currency="USD")
OTHER = Shop(number=2, slug="sib", name="Sib", zone="Pacific/Auckland", currency="USD")
BARE = Shop(number=3, slug="bare", name="No programme", currency="USD")
SHOPS = (SHOP, OTHER, BARE)
FLAT = Programme(name="Points", currency="USD", rules=(Rule(id="spend", name="Spend", earn=Rate(points=1, per=100)),))


def version(programme: Programme = FLAT, number: int = 1, since: datetime = START - timedelta(days=1)) -> Version:
    """A version of a programme as it is published."""
    return Version(number, since, programme, "test", "", since)


def name(customer: int) -> str:
    """A customer as events name them."""
    return customer_id_text(CustomerId(customer))


def event(form: Any, data: Any, hours: float = 0, *, shop: Shop = SHOP, number: int = 0, **more: Any) -> Any:
    """An event of an order, so many hours after the start."""
    at = START + timedelta(hours=hours)
    what = f"{form.__name__}:{data.order_id}:{getattr(data, 'refund_id', '')}:{hours}:{number}"
    return form(
        id=derive_event_id(int(at.timestamp() * 1000), shop.slug, what, "test"),
        source="mandegar/gateway",
        subject=data.order_id,
        time=at,
        shop=shop.slug,
        receivedat=at,
        data=data,
        **more,
    )


def order(order_id: str, customer: int | None = 1, revenue: int = 10_000, **more: Any) -> Order:
    """An order in USD."""
    who = None if customer is None else name(customer)
    return Order(order_id=order_id, customer=who, currency="USD", revenue=revenue, **more)


def completed(order_id: str, customer: int | None = 1, revenue: int = 10_000, hours: float = 0, **more: Any) -> Any:
    """An order that was completed."""
    named = {key: more.pop(key) for key in ("shop", "number", "origin") if key in more}
    return event(OrderCompleted, order(order_id, customer, revenue, **more), hours, **named)


def refunded(order_id: str, refund_id: str, amount: int | None, hours: float = 1, **more: Any) -> Any:
    """A refund of an order."""
    named = {key: more.pop(key) for key in ("shop", "number", "origin") if key in more}
    refund = Refund(order_id=order_id, customer=None, refund_id=refund_id, amount=amount, **more)
    return event(OrderRefunded, refund, hours, **named)


def did(what: str, customer: int, hours: float = 0, *, shop: Shop = SHOP, **more: Any) -> InteractionRecorded:
    """An interaction."""
    at = START + timedelta(hours=hours)
    return InteractionRecorded(
        id=derive_event_id(int(at.timestamp() * 1000), shop.slug, f"{what}:{customer}:{hours}", "test"),
        source="mandegar/gateway",
        subject=name(customer),
        time=at,
        shop=shop.slug,
        receivedat=at,
        data=Interaction(name=what, customer=name(customer), **more),
    )


@asynccontextmanager
async def worker(
    databases: Databases, programmes: dict[Shop, Sequence[Version]] | None = None, now: datetime = NOW
) -> AsyncIterator[Harness]:
    """A worker on an empty database, with the shops and their programmes."""
    url = await databases.create("loyalty")
    service = create_service(lambda: Cipher(TEST_SECRET))
    async with running(service, url, clock=FixedClock(now)) as harness:
        await harness.configure(*SHOPS)
        await publish(harness.pool, {SHOP: [version()], OTHER: [version()]} if programmes is None else programmes)
        yield harness


async def balances(harness: Harness) -> dict[tuple[int, int], tuple[int, int, int]]:
    """(pending, active, owed) of each account that has any."""
    rows = await harness.pool.fetch("SELECT shop, customer, pending, active, owed FROM account ORDER BY 1, 2")
    found = {(shop, customer): (pending, active, owed) for shop, customer, pending, active, owed in rows}
    return {who: held for who, held in found.items() if any(held)}


async def broken(harness: Harness) -> list[object]:
    """What the checker of the ledger finds wrong."""
    async with harness.pool.acquire() as conn:
        found = await verify(conn, Signer(TEST_SECRET))
    return [one for shop in found for one in shop.violations]


async def points(harness: Harness, customer: int = 1, shop: Shop = SHOP) -> int:
    """What an account has, debts taken off."""
    pending, active, owed = (await balances(harness)).get((shop.number, customer), (0, 0, 0))
    return pending + active - owed


class Story:
    """Random lives of orders: completed, updated, cancelled, completed again, refunded by money and by lines."""

    def __init__(self, rng: Random, customers: int = 5, shops: Sequence[Shop] = (SHOP, OTHER)) -> None:
        self.rng, self.customers, self.shops = rng, customers, shops

    def tell(self, orders: int, first: int = 0) -> list[Envelope]:
        """All events, in the order of their times. `first`: number of the first order."""
        events: list[Envelope] = []
        for number in range(first, first + orders):
            events += self._life(f"o-{number}", self.rng.choice(self.shops))
        return sorted(events, key=lambda one: (one.time, one.id))

    def _life(self, order_id: str, shop: Shop) -> Iterable[Envelope]:
        rng, hours = self.rng, self.rng.uniform(0, 1_000)
        customer = rng.randint(1, self.customers)
        lines = [
            OrderLine(line_id=f"l{place}", quantity=rng.randint(1, 3), price=rng.randint(100, 5_000))
            for place in range(rng.randint(0, 3))
        ]
        said = order(order_id, customer, rng.randint(0, 30_000), lines=lines)
        yield event(OrderCompleted, said, hours, shop=shop)
        for step in range(rng.choice((0, 0, 1, 2, 4))):
            hours += rng.uniform(0, 30)
            kind = rng.choice(("cancel", "complete", "update", "refund", "refund", "lines", "whole"))
            if kind in ("cancel", "complete", "update"):
                form = {"cancel": OrderCancelled, "complete": OrderCompleted, "update": OrderUpdated}[kind]
                said = order(order_id, customer, rng.randint(0, 30_000), lines=lines)
                yield event(form, said, hours, shop=shop, number=step)
            elif kind == "lines" and lines:
                line = rng.choice(lines)
                items = [RefundedItem(line_id=line.line_id, quantity=1, amount=rng.choice((0, line.price)))]
                yield refunded(order_id, f"r{step}", None, hours, shop=shop, number=step, items=items)
            else:
                amount = None if kind == "whole" else rng.randint(0, 9_000)
                yield refunded(order_id, f"r{step}", amount, hours, shop=shop, number=step)
