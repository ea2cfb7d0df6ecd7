"""Basis booked on a real PostgreSQL: every figure at any day is what a recount says, however events come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from services.metrics.cohorts.api import _load_booked
from services.metrics.counters import live_generation
from services.metrics.main import SERVICE
from services.metrics.orders import steps_of_customer
from services.metrics.retention.answering import basis_of, return_rates
from services.metrics.retention.domain.figures import Asked, Counts
from shared.contracts.envelope import Envelope
from shared.contracts.shops import Shop
from shared.contracts.topics import ORDERS
from shared.kernel import FixedClock
from shared.testing import Databases
from shared.testing.harness import Harness, running
from tests.metrics.books import Books, booked_day, closes_on, month_of
from tests.metrics.streams import NOW, SHOPS, START, Story

pytestmark = pytest.mark.stack

FIRST = START.toordinal()
BOOKED_SHOPS = (
    replace(SHOPS[0], periods=(3, 30), closing_days=3),
    replace(SHOPS[1], periods=(7, 40), closing_days=0),
    replace(SHOPS[2], periods=(), closing_days=28, loyal_over=1),
)


@asynccontextmanager
async def worker(databases: Databases) -> AsyncIterator[Harness]:
    async with running(SERVICE, await databases.create("metrics"), clock=FixedClock(NOW)) as harness:
        await harness.configure(*BOOKED_SHOPS)
        yield harness


def questions(rng: Random, shop: Shop, count: int) -> list[Asked]:
    """Counted ones, and any others."""
    counted = [
        Asked(window, period, rng.choice((shop.loyal_over, 1)), rng.choice(("USD", "EUR")), "booked")
        for window in shop.windows
        for period in shop.periods
    ]
    scanned = [
        Asked(rng.randint(1, 120), rng.randint(1, 150), rng.randint(0, 3), rng.choice(("USD", "EUR")), "booked")
        for _ in range(count)
    ]
    return [*rng.sample(counted, min(count, len(counted))), *scanned]


async def assert_books(harness: Harness, shop: Shop, events: Sequence[Envelope], rng: Random, count: int = 3) -> int:
    """Ask at random days and compare with the recount; gives how many numbers were compared."""
    books, compared = Books.of(events, shop), 0
    async with harness.pool.acquire() as reads:
        basis = await basis_of(reads, shop)
        at = sorted(rng.sample(range(FIRST - 3, FIRST + 420), 9))
        for asked in questions(rng, shop, count):
            for day, said in zip(at, await basis.counts_at(reads, asked, at), strict=True):
                assert said == books.counts(asked, day), (shop.slug, asked, day, basis.is_counted(asked))
                compared += 13
        for day in at:
            for rate in await return_rates(reads, basis, day, booked=True):
                assert (rate.customers, rate.returned) == books.returns(rate.days, day), (shop.slug, day, rate)
                compared += 2
        compared += await _assert_cohorts(reads, shop, books)
        for who, starts in books.starts(at[-1]).items():
            steps = await steps_of_customer(reads, shop.number, who)
            assert sorted(step.start for step in steps if step.since <= at[-1] < step.until) == starts
    return compared


async def _assert_cohorts(reads: Any, shop: Shop, books: Books) -> int:
    live = await live_generation(reads, shop.number)
    assert live is not None
    first = month_of(FIRST, shop.calendar)
    span = range(first - 1, first + 20)
    compared = 0
    for currency in ("USD", "EUR"):
        totals = await _load_booked(reads, live, span, currency)
        sizes, cells = books.cohorts(currency)
        assert {month: size for month, size in totals.sizes.items() if size} == sizes
        keys = totals.customers.keys() | totals.orders.keys() | totals.revenue.keys()
        said = {
            key: cell
            for key in keys
            if any(cell := (totals.customers.get(key, 0), totals.orders.get(key, 0), totals.revenue.get(key, 0)))
        }
        assert said == cells, shop.slug
        compared += 3 * len(cells)
    return compared


@pytest.mark.parametrize(("seed", "batch"), [(0, 20_000), (1, 7), (2, 60), (3, 1), (4, 7)])
async def test_every_measure_of_the_books_equals_the_recount(databases: Databases, seed: int, batch: int) -> None:
    rng = Random(seed)
    events = Story(rng, shops=SHOPS, customers=9).tell(40 if batch == 1 else 150)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events, batch=batch, placed="random", shuffled=1_000, doubled=0.3, rng=rng)
        compared = sum([await assert_books(harness, shop, events, rng) for shop in BOOKED_SHOPS])
        assert await harness.dead_letters() == []
    assert compared > 1_000


async def test_at_any_moment_the_books_are_those_of_what_was_told_so_far(databases: Databases) -> None:
    rng = Random(12)
    events = Story(rng, shops=SHOPS[:2], customers=4, days=90).tell(70)
    rng.shuffle(events)
    async with worker(databases) as harness:
        for at in range(0, len(events), 17):
            await harness.feed(ORDERS, events[at : at + 17], batch=5)
            for shop in BOOKED_SHOPS[:2]:
                await assert_books(harness, shop, events[: at + 17], rng, count=1)


async def test_plain_orders_that_were_told_too_late_are_booked_on_the_day_of_their_receipt(
    databases: Databases,
) -> None:
    rng = Random(6)
    events = Story(rng, customers=80, shops=SHOPS[:2]).tell(900, plain=True)
    assert sum(booked_day(event, BOOKED_SHOPS[0]) != event.time.toordinal() for event in events) > 50
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events, batch=300)
        for shop in BOOKED_SHOPS[:2]:
            await assert_books(harness, shop, events, rng)
        assert await harness.pool.fetchval("SELECT count(*) FROM spell") == 0, "their own rows tell it"


async def test_once_a_month_has_closed_nothing_that_comes_later_changes_a_figure_in_it(databases: Databases) -> None:
    rng = Random(5)
    events = Story(rng, shops=BOOKED_SHOPS[:2], customers=7, days=150).tell(120)
    told = sorted(events, key=lambda event: event.receivedat or event.time)  # UNSET is false: received when it occurred
    told = [replace(event, receivedat=event.receivedat or event.time) for event in told]
    asked = [Asked(30, 30, 1, "USD", "booked"), Asked(30, 3, 1, "EUR", "booked"), Asked(11, 50, 2, "USD", "booked")]
    closed: dict[tuple[str, int], tuple[list[Counts], list[Any]]] = {}
    async with worker(databases) as harness:
        for at in range(0, len(told), 12):
            await harness.feed(ORDERS, told[at : at + 12], batch=5)
            now = told[min(at + 12, len(told) - 1)].receivedat.toordinal() - 1
            for shop in BOOKED_SHOPS[:2]:
                async with harness.pool.acquire() as reads:
                    basis = await basis_of(reads, shop)
                    for day in range(FIRST, now, 9):
                        if closes_on(day, shop) >= now:
                            break
                        counts = [(await basis.counts_at(reads, one, [day]))[0] for one in asked]
                        said = counts, await return_rates(reads, basis, day, booked=True)
                        assert closed.setdefault((shop.slug, day), said) == said, (shop.slug, day)
    assert len(closed) > 20
