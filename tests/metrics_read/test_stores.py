"""Counters and scan on a real PostgreSQL equal a recount of random histories."""

from __future__ import annotations

from random import Random

import pytest

from services.metrics.counters import live_generation
from services.metrics.retention.domain.figures import RETURN_DAYS, Asked
from services.metrics.retention.store import counts_at, return_rates_at, scanned_counts_at
from shared.db import read_transaction
from tests.metrics_read.ground import Ground, random_history, shop_id, shop_of
from tests.metrics_read.recount import DAY_ZERO, Bought, recount, recount_returns

pytestmark = pytest.mark.stack

DAYS = 150


def questions(rng: Random, windows: tuple[int, ...]) -> list[Asked]:
    return [
        Asked(window, rng.choice([1, rng.randint(1, window), window]), loyal_over, currency)
        for window in windows
        for loyal_over, currency in ((2, "USD"), (1, "IRR"), (0, "EUR"))
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_counters_and_scan_equal_a_recount(ground: Ground, seed: int) -> None:
    rng = Random(seed)
    shop = shop_of(100 + seed, windows=(7, 30, 90), loyal_over=2)
    bought = random_history(rng, rng.choice([0, 3, 40, 120]), customers=8, first=DAY_ZERO, days=DAYS)
    await ground.open(shop)
    counters = await ground.fill(shop, bought, uncounted=random_history(rng, 20, 8, DAY_ZERO, DAYS))
    at = sorted(rng.sample(range(DAY_ZERO - 10, DAY_ZERO + 2 * DAYS), 12))
    async with read_transaction(ground.api, shop_id(shop)) as reads:
        for asked in questions(rng, shop.windows):
            expected = [recount(bought, asked, day) for day in at]
            assert await counts_at(reads, counters, asked, at) == expected, asked
            assert await scanned_counts_at(reads, counters, asked, at) == expected, asked


@pytest.mark.parametrize("seed", range(6))
async def test_a_scan_answers_any_window_period_and_number_of_orders(ground: Ground, seed: int) -> None:
    rng = Random(1_000 + seed)
    shop = shop_of(200 + seed)
    bought = random_history(rng, 80, customers=10, first=DAY_ZERO, days=DAYS)
    await ground.open(shop)
    counters = await ground.fill(shop, bought)
    at = sorted(rng.sample(range(DAY_ZERO - 10, DAY_ZERO + 2 * DAYS), 6))
    async with read_transaction(ground.api, shop_id(shop)) as reads:
        for _ in range(8):
            asked = Asked(rng.randint(1, 60), rng.randint(1, 200), rng.randint(0, 6), "USD")
            expected = [recount(bought, asked, day) for day in at]
            assert await scanned_counts_at(reads, counters, asked, at) == expected, asked


async def test_return_rates_equal_a_recount(ground: Ground) -> None:
    rng = Random(7)
    shop = shop_of(300)
    bought = random_history(rng, 60, customers=20, first=DAY_ZERO, days=DAYS)
    await ground.open(shop)
    counters = await ground.fill(shop, bought)
    async with read_transaction(ground.api, shop_id(shop)) as reads:
        for day in range(DAY_ZERO - 5, DAY_ZERO + 300, 13):
            rates = await return_rates_at(reads, counters, day)
            assert [(r.days, r.customers, r.returned) for r in rates] == [
                (within, *recount_returns(bought, within, day)) for within in RETURN_DAYS
            ]


async def test_the_live_generation_is_the_one_that_is_read(ground: Ground) -> None:
    shop = shop_of(301, windows=(30,), loyal_over=1, zone="Asia/Tehran", calendar="jalali")
    await ground.open(shop)
    counters = await ground.fill(shop, [Bought(1, DAY_ZERO)])
    async with read_transaction(ground.api, shop_id(shop)) as reads:
        live = await live_generation(reads, shop.number)
        assert live is not None
        assert (live.counters, live.zone, live.calendar, live.windows, live.loyal_over) == (
            counters,
            "Asia/Tehran",
            "jalali",
            (30,),
            1,
        )
        assert await live_generation(reads, 302) is None


async def test_a_read_transaction_cannot_write(ground: Ground) -> None:
    async with read_transaction(ground.api, shop_id(shop_of(1))) as reads:
        with pytest.raises(Exception, match="read-only transaction"):
            await reads.fetch("DELETE FROM counter")


async def test_a_read_that_takes_too_long_is_cut_off(ground: Ground) -> None:
    async with read_transaction(ground.api, shop_id(shop_of(1)), timeout_ms=50) as reads:
        with pytest.raises(Exception, match="statement timeout"):
            await reads.fetch("SELECT pg_sleep(5)")
