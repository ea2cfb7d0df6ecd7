"""The customers behind each number on basis booked: exactly those whom a recount of the books counts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from services.metrics.orders import Choice, Question, Told, count_listed, listed
from services.metrics.retention.answering import Basis, basis_of, return_rates
from services.metrics.retention.domain.figures import Asked
from services.metrics.retention.domain.lists import OF_RETENTION, choice_of, choice_of_cohort, choice_of_return
from services.metrics.retention.totals import Number, total_of
from shared.contracts.topics import ORDERS
from shared.testing import Databases
from tests.metrics.books import Books, month_of
from tests.metrics.streams import SHOPS, Story
from tests.metrics.test_booked import BOOKED_SHOPS, FIRST, questions, worker

pytestmark = pytest.mark.stack


def expected(books: Books, of: str, asked: Asked, day: int) -> set[int]:
    """Who is counted, customer by customer."""
    eve = day - asked.period
    now, then = books.starts(day), books.starts(eve)
    inside = {who: sum(start > day - asked.window for start in starts) for who, starts in now.items()}
    held = {who for who, orders in inside.items() if orders}
    start = {who for who, starts in then.items() if any(one > eve - asked.window for one in starts)}
    joined = held - start
    new = {who for who in joined if now[who][0] > eve}
    return {
        "held": held,
        "end": held,
        "start": start,
        "joined": joined,
        "new": new,
        "won_back": joined - new,
        "lost": start - held,
        "repeat": {who for who, orders in inside.items() if orders >= 2},
        "loyal": {who for who, orders in inside.items() if orders > asked.loyal_over},
        "lifetime": set(now),
        "lifetime_repeat": {who for who, starts in now.items() if len(starts) >= 2},
    }[of]


async def found(reads: Any, basis: Basis, choice: Choice, books: Question) -> list[int]:
    told = Told(books.at, books.window, books.currency, books)
    whole, after = [], 0
    while True:  # ends with the list: numbers rise
        rows, reached = await listed(
            reads, basis.counters.shop, basis.counters.generation, choice, told, after=after, limit=3
        )
        whole += [row.customer for row in rows]
        if reached is None:
            return whole
        after = reached


@pytest.mark.parametrize("seed", range(3))
async def test_lists_of_the_books_equal_the_recount(databases: Databases, seed: int) -> None:
    rng, compared = Random(seed), 0
    events = Story(rng, shops=SHOPS, customers=9).tell(150)
    async with worker(databases) as harness:
        await harness.feed(ORDERS, events, batch=60, placed="random", shuffled=1_000, doubled=0.3, rng=rng)
        for shop in BOOKED_SHOPS:
            books = Books.of(events, shop)
            async with harness.pool.acquire() as reads:
                assert await reads.fetchval("SELECT count(*) FROM customer_state WHERE odd <> 0") > 0
                basis = await basis_of(reads, shop)
                for asked in questions(rng, shop, 1):
                    for day in rng.sample(range(FIRST - 3, FIRST + 420), 4):
                        compared += await _compare(reads, basis, books, asked, day)
                await _compare_returns(reads, basis, books, rng.sample(range(FIRST, FIRST + 400), 3))
                await _compare_cohorts(reads, basis, books)
    assert compared > 300


async def _compare(reads: Any, basis: Basis, books: Books, asked: Asked, day: int) -> int:
    compared = 0
    for of in sorted(OF_RETENTION):
        choice, question = choice_of(of, asked, day), Question(of, day, asked.window, asked.period, asked.currency)
        who = await found(reads, basis, choice, question)
        assert who == sorted(expected(books, of, asked, day)), (of, asked, day)
        assert await total_of(reads, basis, asked, Number(of, day), choice, books=question) == len(who)
        compared += len(who)
    return compared


async def _compare_returns(reads: Any, basis: Basis, books: Books, days: Sequence[int]) -> None:
    for day in days:
        for rate in await return_rates(reads, basis, day, booked=True):
            for of, number in (("first_purchase", rate.customers), ("returned", rate.returned)):
                choice = choice_of_return(rate.days, day, returned=of == "returned")
                assert len(await found(reads, basis, choice, Question(of, day, 30, 30, "USD"))) == number, (of, day)


async def _compare_cohorts(reads: Any, basis: Basis, books: Books) -> None:
    _sizes, cells = books.cohorts("USD")
    first, today = month_of(FIRST, basis.calendar), FIRST + 1_000
    for cohort in range(first, first + 15):
        for since in range(4):
            choice = choice_of_cohort(cohort, since, basis.calendar, today)
            question = Question("cohort", today, 30, 30, "USD")
            customers = cells.get((cohort, cohort + since), (0, 0, 0))[0]
            assert len(await found(reads, basis, choice, question)) == customers, (cohort, since)
            own = basis.counters.shop, basis.counters.generation
            assert await count_listed(reads, *own, choice, question) == customers
