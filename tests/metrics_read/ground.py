"""A database of metrics, filled by the letter of the definitions instead of by the service's own write side."""

from __future__ import annotations

from random import Random
from typing import Any

import asyncpg
import msgspec

from services.metrics.counters import CounterSet
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, ShopId, api_key_sha256, api_key_text, customer_id_text
from shared.messaging.reference import write_shops
from shared.settings import PlatformSettings
from tests.metrics_read.counting import counters_of
from tests.metrics_read.recount import Bought, days_by_customer

GENERATION = 3
"""Not the first, so that nobody who forgets to ask which one is live gets away with it."""


def customer_number(shop: int, customer: int) -> int:
    """The surrogate id of a history's customer, another one in each shop."""
    return shop * 1_000_000 + customer


def customer_text(shop: int, customer: int) -> str:
    return customer_id_text(CustomerId(customer_number(shop, customer)))


class Ground:
    """Shops with histories: written as anybody may, read by `api` as the service's API reads."""

    def __init__(self, pool: asyncpg.Pool[Any], api: asyncpg.Pool[Any]) -> None:
        self.pool = pool
        self.api = api

    async def open(self, shop: Shop) -> None:
        """A shop, as `shops.v1` would bring it."""
        async with self.pool.acquire() as conn:
            await write_shops(conn, [shop], [0])

    async def issue(self, shop: Shop, *scopes: str) -> str:
        """An API key of the shop."""
        key_id = f"key{shop.number:05d}"
        text = api_key_text(key_id, Random(shop.number).randbytes(32))
        await self.pool.execute(
            "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4)",
            key_id,
            shop.number,
            api_key_sha256(text),
            list(scopes),
        )
        return text

    async def fill(self, shop: Shop, bought: list[Bought], *, uncounted: list[Bought] | None = None) -> CounterSet:
        """Orders, customers and counters of a history; counters are torn over shards, beside a dead generation's."""
        counters = CounterSet(shop.number, GENERATION)
        generations = [(GENERATION - 1, False), (GENERATION, True)]
        await self.pool.executemany(
            "INSERT INTO generation (shop, number, live, zone, calendar, windows, loyal_over, lifecycle)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb)",
            [
                (
                    *(shop.number, number, live, shop.zone, shop.calendar, list(shop.windows), shop.loyal_over),
                    msgspec.json.encode(shop.lifecycle).decode(),
                )
                for number, live in generations
            ],
        )
        await self._orders(shop, [(order, True) for order in bought] + [(order, False) for order in uncounted or []])
        await self._counters(shop, bought)
        return counters

    async def _orders(self, shop: Shop, orders: list[tuple[Bought, bool]]) -> None:
        await self.pool.executemany(
            "INSERT INTO order_fact"
            " (shop, order_id, customer, revenue, net, day, status, counted, currency, content_id)"
            " VALUES ($1, $2, $3, $4, $4, $5, 2, $6, $7, '')",
            [
                (
                    shop.number,
                    f"order-{number}",
                    0 if order.customer is None else customer_number(shop.number, order.customer),
                    order.revenue,
                    order.day,
                    counted,
                    order.currency,
                )
                for number, (order, counted) in enumerate(orders)
            ],
        )
        days = days_by_customer([order for order, counted in orders if counted])
        known = {order.customer for order, _counted in orders if order.customer is not None}
        depth = max(2, shop.loyal_over + 1)
        await self.pool.executemany(
            "INSERT INTO customer_state (customer, shop, generation, first_day, orders, version, days)"
            " VALUES ($1, $2, $3, $4, $5, 1, $6)",
            [
                (
                    customer_number(shop.number, customer),
                    shop.number,
                    GENERATION,
                    min(mine, default=0),
                    len(mine),
                    [*[0] * depth, *mine][-depth:],
                )
                for customer in known
                for mine in [days.get(customer, [])]
            ],
        )

    async def _counters(self, shop: Shop, bought: list[Bought]) -> None:
        rng = Random(shop.number)
        least = (2, shop.loyal_over + 1)
        rows = []
        for (measure, param, currency, day, gap), value in counters_of(
            bought, shop.windows, least, shop.calendar
        ).items():
            place = (shop.number, GENERATION, 0, measure, param, gap, day, currency)
            torn = rng.randint(-3, 3)
            rows += [(*place, 0, value - torn), (*place, rng.randint(1, 15), torn)]
            rows.append((shop.number, GENERATION - 1, *place[2:], 0, 1))
        await self.pool.executemany("INSERT INTO counter VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", rows)


def shop_of(number: int, **settings: Any) -> Shop:
    """A shop to try things on; what is given differs from the usual."""
    usual = Shop(number=number, slug=f"shop-{number}", name=f"Shop {number}")
    return msgspec.structs.replace(usual, **settings)


def random_history(rng: Random, orders: int, customers: int, first: int, days: int) -> list[Bought]:
    """Orders of a few customers and guests on random days, in two currencies."""
    return [
        Bought(
            customer=rng.choice([None, *range(1, customers + 1)]),
            day=first + rng.randrange(days),
            revenue=rng.randrange(10_000),
            currency=rng.choice(["USD", "USD", "IRR"]),
        )
        for _ in range(orders)
    ]


def shop_id(shop: Shop) -> ShopId:
    return ShopId(shop.number)


def settings_for(database_url: str) -> PlatformSettings:
    """Settings of an API on this database; it asks no Kafka."""
    return PlatformSettings.load(
        kafka_bootstrap_servers="127.0.0.1:1",
        database_url=database_url,
        secret_key="0123456789abcdefghijklmnopqrstuv-tests",
    )
