"""Gateway and metrics one behind the other on one database, without Kafka; and the questions put to both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg
import httpx
from prometheus_client import CollectorRegistry

from mandegar.generating import Fact, GeneratedShop, Stream
from mandegar.recount import Purchase, Recount
from services.gateway.main import create_service
from services.gateway.shops import add_shop
from services.metrics.cohorts.api import router as cohorts
from services.metrics.main import SERVICE as METRICS
from services.metrics.retention.api.routes import router as retention
from shared.contracts.shops import Shop
from shared.kernel import SystemClock, api_key_sha256, api_key_text
from shared.settings import PlatformSettings
from shared.testing import Databases, Harness, api_url, running
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from shared.web import create_app

WINDOWS = (30, 90, 180, 365)


class Platform:
    """What stands between raw events and answers."""

    def __init__(self, gateway: Harness, metrics: Harness, database_url: str) -> None:
        self.gateway = gateway
        self.metrics = metrics
        self.shops: dict[str, Shop] = {}
        self._database_url = database_url

    async def open(self, shops: Iterable[GeneratedShop]) -> None:
        """Add the shops, as an operator does."""
        for shop in shops:
            self.shops[shop.slug] = await add_shop(
                self.gateway.pool,
                SystemClock(),
                shop.slug,
                name=shop.name,
                zone=shop.zone,
                currency=shop.currency,
                phone_region=shop.phone_region,
            )
        await self.metrics.configure(*self.shops.values())

    async def play(self, lines: Sequence[bytes], *, batch: int, rng: Random, scattered: bool = False) -> None:
        """Raw events through gateway; what it publishes through metrics. `scattered`: partitions at random."""
        placed = "random" if scattered else "key"
        await self.gateway.feed("raw.orders.v1", lines, batch=batch, placed=placed, rng=rng, patient=False)
        rows = await self.gateway.pool.fetch("SELECT value FROM outbox WHERE topic = 'orders.v1' ORDER BY shard, id")
        await self.gateway.pool.execute("TRUNCATE outbox")
        # Doubled and disturbed once more, as a relay that repeats itself and a rebalance may do.
        values = [row["value"] for row in rows]
        await self.metrics.feed(
            "orders.v1", values, batch=batch, placed=placed, doubled=0.05, shuffled=300 if scattered else 0, rng=rng
        )

    @asynccontextmanager
    async def asked_as(self, slug: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a key of the shop."""
        async with asked_as(self.metrics.pool, self._database_url, self.shops[slug].number) as asked:
            yield asked


@asynccontextmanager
async def asked_as(pool: asyncpg.Pool[Any], database_url: str, number: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API of metrics with a key of the shop; `pool` is of the schema of metrics."""
    key_id = f"{number:018x}"
    text = api_key_text(key_id, Random(number).randbytes(32))
    await pool.execute(
        "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        *(key_id, number, api_key_sha256(text), ["metrics:read"]),
    )
    settings = PlatformSettings.load(
        kafka_bootstrap_servers="127.0.0.1:1", database_url=api_url(database_url, "metrics"), secret_key=TEST_SECRET
    )
    app = create_app("metrics", settings, [retention, cohorts], registry=CollectorRegistry())
    async with client(app, key=text) as asked:
        yield asked


@asynccontextmanager
async def a_platform(databases: Databases) -> AsyncIterator[Platform]:
    """On an empty database of its own."""
    url = await databases.create("gateway", "metrics")
    async with running(create_service(TEST_SECRET.encode()), url) as gateway, running(METRICS, url) as metrics:
        yield Platform(gateway, metrics, url)


def truth_of(facts: Iterable[Fact]) -> Recount:
    """The recount over what the generator knows to be true."""
    return Recount(
        Purchase(fact.shop, fact.customer, fact.day, fact.currency, fact.net)
        for fact in facts
        if fact.counted and fact.day is not None
    )


async def differences(
    asked: httpx.AsyncClient, truth: Recount, shop: str, rng: Random, *, first: date, days: int, questions: int
) -> tuple[int, list[str]]:
    """(figures compared, those that differ): retention at random days for counted and scanned windows, return rates."""
    figures, found = 0, list[str]()
    for number in range(questions):
        day = first + timedelta(days=rng.randrange(-5, days + 60))
        window = rng.choice(WINDOWS) if number % 3 else rng.randint(1, 500)
        period = rng.randint(1, window) if number % 2 else rng.randint(1, 500)
        loyal_over = rng.choice((4, 4, 1, 2, 7))
        currency = rng.choice(("USD", "EUR", "IRR", "KWD", "EGP"))
        question = {"as_of": day, "window_days": window, "period_days": period}
        said = await _get(asked, "/v1/retention", **question, loyal_over=loyal_over, currency=currency)
        counted = truth.retention(shop, day, window=window, period=period, loyal_over=loyal_over, currency=currency)
        figures += len(counted)
        found += _differing(f"{shop} {day} W={window} P={period} k={loyal_over} {currency}", said, counted)
        rates = (await _get(asked, "/v1/retention/return-rates", as_of=day))["rates"]
        for rate in rates:
            counted = truth.return_rate(shop, day, days=rate["days"])
            figures += len(counted)
            found += _differing(f"{shop} {day} return", rate, counted)
    return figures, found


async def cohort_differences(
    asked: httpx.AsyncClient, truth: Recount, shop: str, *, first: date, months: int, currency: str
) -> tuple[int, list[str]]:
    """(figures compared, those that differ) of the cohort table from the month of `first` on."""
    last = first + timedelta(days=31 * (months - 1))
    answer = await _get(
        asked, "/v1/cohorts", **{"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"}, months=60, currency=currency
    )
    said = {
        (cohort["month"], month): (cell["customers"], cell["orders"], cell["revenue"]["amount"])
        for cohort in answer["cohorts"]
        for month, cell in enumerate(cohort["cells"])
        if cell is not None and (cell["customers"] or cell["orders"] or cell["revenue"]["amount"])
    }
    counted = {
        (f"{cell.cohort:%Y-%m}", cell.months_since): (cell.customers, cell.orders, cell.revenue)
        for cell in truth.cohorts(shop, date(2100, 1, 1), currency=currency)
    }
    keys = said.keys() | counted.keys()
    assert counted, "the table must not be empty"
    return 3 * len(keys), [
        f"{shop} cohort {key} {currency}: {said.get(key)} ≠ {counted.get(key)}"
        for key in sorted(keys)
        if said.get(key) != counted.get(key)
    ]


def stream_days(stream: Stream) -> tuple[date, int]:
    """First day of the truth, and how many days it spans."""
    days = [fact.day for fact in stream.facts if fact.day is not None]
    return min(days), (max(days) - min(days)).days + 1


def _differing(name: str, said: dict[str, Any], counted: dict[str, Any]) -> list[str]:
    return [f"{name} {key}: {said[key]} ≠ {value}" for key, value in counted.items() if said[key] != value]


async def _get(asked: httpx.AsyncClient, path: str, **question: Any) -> Any:
    answer = await asked.get(path, params={name: str(value) for name, value in question.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()
