"""Posting into PostgreSQL: both paths agree with the ledger in memory, whatever the batches, and under concurrency."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest

from services.loyalty.points import (
    NEVER,
    Adjust,
    Award,
    Capture,
    DebtPolicy,
    Done,
    GiveBack,
    Operation,
    Part,
    Refusal,
    Release,
    Reserve,
    Schedule,
    Source,
    Spend,
    Turn,
    Who,
)
from services.loyalty.points.domain.book import Telling
from services.loyalty.points.domain.buckets import COLUMNS
from services.loyalty.points.events import expiring, told
from shared.contracts.envelope import encode
from shared.kernel import moment_of
from shared.testing import Databases
from tests.loyalty_points.kept import kept, outbox, post_now
from tests.loyalty_points.ledger import DAY, Ledger, cause, terms

pytestmark = pytest.mark.stack
ANA = Who(1, 100)
_TIMERS = "SELECT kind, due, partition FROM timer WHERE kind = 'points'"


def awards(rng: Random, customers: int, count: int) -> list[Operation]:
    """Orders of one day, most of them of customers who have others."""
    found: list[Operation] = []
    for order in range(count):
        parts = tuple(
            Part(f"rule-{line % 2}", 3, rng.randint(1, 500), str(line) if line else "", *rng.choice(_DAYS))
            for line in range(rng.randint(1, 3))
        )
        who = Who(1, rng.randint(1, customers))
        moment = cause(DAY, f"event-{order}")._replace(correlation="root", origin=rng.choice(["live", "backfill"]))
        found.append(Award(who, Source.ORDER, f"order «{order}»", parts, moment, DAY, order % 12, new=True))
    return found


_DAYS = [(0, NEVER), (0, DAY + 40), (0, DAY + 5), (DAY + 14, DAY + 379), (NEVER, NEVER)]


def remembered(ledger: Ledger) -> dict[str, Any]:
    """The ledger in memory as tables have it."""
    return {
        "account": [
            (
                *who,
                *(
                    getattr(one, name)
                    for name in ("pending", "active", "held", "owed", "version", "told", "head", "armed")
                ),
            )
            for who, one in sorted(ledger.accounts.items())
        ],
        "entry": [
            (*one.who, one.n, one.transaction, moment_of(one.at), *one[5:], head)
            for who in sorted(ledger.entries)
            for one, head in ledger.entries[who]
        ],
        "contra": sorted(
            (shop, bucket, day, points) for (shop, day, bucket), points in ledger.contra.items() if points
        ),
    }


def encoded(ledger: Ledger) -> dict[bytes, list[bytes]]:
    """The events of the ledger in memory, by key."""
    found: dict[bytes, list[bytes]] = {}
    for one in ledger.tellings:
        event = told(one, ledger.terms, 0) if isinstance(one, Telling) else expiring(one, ledger.terms, 0)
        own = found.setdefault(f"{ledger.terms.slug}:{event.subject}".encode(), [])
        own.append(encode(msgspec.structs.replace(event, sequence=len(own) + 1)))
    return found


async def agrees(pool: asyncpg.Pool[Any], ledger: Ledger) -> None:
    assert ledger.violations() == []
    found, wanted = await kept(pool), remembered(ledger)
    for name, rows in wanted.items():
        assert found[name] == rows, name
    lots = [
        (
            *(lot.who.customer, lot.lot, moment_of(lot.at), *(getattr(lot, name) for name in COLUMNS)),
            *(lot.starts_day, lot.expires_day, lot.key.version, lot.who.shop, lot.noticed),
            *(int(lot.key.source_kind), lot.key.source, lot.key.line, lot.key.rule),
        )
        for who in sorted(ledger.accounts)
        for lot in sorted(ledger.accounts[who].lots.values(), key=lambda lot: lot.lot)
    ]
    assert found["lot"] == lots
    assert await outbox(pool) == encoded(ledger)


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize("new", [True, False])
async def test_both_paths_and_all_batches_post_what_the_domain_decides(
    pool: asyncpg.Pool[Any], batch: int, new: bool
) -> None:
    rng, ledger = Random(7), Ledger(terms())
    ledger.now = cause(DAY).at + 5
    operations = [one._replace(new=new) for one in awards(rng, 40, 150) if isinstance(one, Award)]
    for one in operations:
        ledger.post(one)
    for at in range(0, len(operations), batch):
        answers = await post_now(pool, moment_of(ledger.now), ledger.terms, operations[at : at + batch], shard=at % 16)
        assert all(isinstance(answer, Done) for answer in answers)
    await agrees(pool, ledger)


async def test_awards_that_were_posted_before_are_found_out(pool: asyncpg.Pool[Any]) -> None:
    operations = awards(Random(3), 10, 40)
    now = moment_of(cause(DAY).at)
    await post_now(pool, now, terms(), operations)
    before = await kept(pool)
    answers = await post_now(pool, now, terms(), [*operations, *awards(Random(3), 10, 41)[40:]])
    assert answers[:40] == [Done(0)] * 40
    assert isinstance(answers[40], Done)
    assert answers[40].entries > 0
    after = await kept(pool)
    assert len(after["entry"]) == len(before["entry"]) + answers[40].entries


def anything(rng: Random, steps: int) -> list[tuple[int, list[Operation]]]:
    """Batches of operations of all kinds, with the time of each."""
    day, batches, number = DAY, [], 0
    for _ in range(steps):
        day += rng.choice([0, 0, 1, 9])
        batch: list[Operation] = []
        for _ in range(rng.randint(1, 6)):
            number += 1
            who, moment = Who(1, rng.randint(1, 4)), cause(day, f"event-{number}")
            also = (Who(1, who.customer % 4 + 1),) if rng.random() < 0.3 else ()
            hold, points = f"hold-{rng.randint(1, 12)}", rng.randint(1, 60)
            part = Part(
                "flat",
                1,
                rng.choice([0, points, 90]),
                rng.choice("12"),
                rng.choice([0, day + 3]),
                day + rng.randint(1, 50),
            )
            batch.append(
                rng.choice(
                    [
                        Award(who, Source.ORDER, rng.choice("ABCDEF"), (part,), moment, day, new=rng.random() < 0.5),
                        Spend(who, hold, points, moment, day, also),
                        Reserve(who, hold, points, moment.at + 10**12, moment, day, also),
                        Capture(who, hold, moment, day),
                        Release(who, hold, moment, day),
                        GiveBack(who, hold, rng.randint(0, points), moment, day, also),
                        Adjust(who, rng.choice("xyz"), points - 20, moment, day, day + 9),
                        Schedule(who, moment, day, None, day + 1, day + 60),
                        Turn(who, moment, day),
                    ]
                )
            )
        batches.append((cause(day).at, batch))
    return batches


@pytest.mark.parametrize("policy", list(DebtPolicy))
async def test_any_operations_leave_in_tables_what_they_leave_in_memory(
    pool: asyncpg.Pool[Any], policy: DebtPolicy
) -> None:
    ledger = Ledger(terms(policy, restored_days=5))
    refused = 0
    for now, batch in anything(Random(int(policy)), 60):
        ledger.now = now
        wanted = [ledger.post(one) for one in batch]
        answers = await post_now(pool, moment_of(now), ledger.terms, batch)
        assert answers == wanted
        refused += sum(isinstance(answer, Refusal) for answer in answers)
    assert refused > 20
    await agrees(pool, ledger)


async def test_of_two_hundred_parallel_spends_exactly_as_many_pass_as_the_balance_allows(
    pool: asyncpg.Pool[Any],
) -> None:
    now = moment_of(cause(DAY).at)
    await post_now(pool, now, terms(), [Award(ANA, Source.ORDER, "A", (Part("flat", 1, 100),), cause(DAY), DAY)])
    waiting = asyncio.Semaphore(8)

    async def spend(number: int) -> Done | Refusal:
        async with waiting:
            operation = Spend(ANA, f"spend-{number}", 10, cause(DAY), DAY)
            return (await post_now(pool, now, terms(), [operation]))[0]

    answers = await asyncio.gather(*(spend(number) for number in range(200)))
    assert answers.count(Done(1)) == 10
    assert answers.count(Refusal("points", "insufficient")) == 190
    assert (await pool.fetchrow("SELECT active, version FROM account")) == (0, 11)


async def test_identities_of_one_person_are_locked_in_one_order(pool: asyncpg.Pool[Any]) -> None:
    now, ben = moment_of(cause(DAY).at), Who(1, 200)
    both: Sequence[Operation] = [
        Award(who, Source.ORDER, "A", (Part("flat", 1, 500),), cause(DAY), DAY) for who in (ANA, ben)
    ]
    await post_now(pool, now, terms(), both)
    operations = [
        Spend(who, f"{who.customer}-{number}", 10, cause(DAY), DAY, (other,))
        for who, other in ((ANA, ben), (ben, ANA))
        for number in range(40)
    ]
    answers = await asyncio.gather(*(post_now(pool, now, terms(), [one]) for one in operations))
    assert [answer for (answer,) in answers] == [Done(1)] * 80
    assert await pool.fetchval("SELECT sum(active)::int FROM account") == 200


async def test_entries_cannot_be_changed_by_anybody(databases: Databases, url: str, pool: asyncpg.Pool[Any]) -> None:
    now = moment_of(cause(DAY).at)
    await post_now(pool, now, terms(), [Award(ANA, Source.ORDER, "A", (Part("flat", 1, 100),), cause(DAY), DAY)])
    owner = await asyncpg.connect(url)
    try:
        for statement in ("UPDATE entry SET points = 1", "DELETE FROM entry", "TRUNCATE entry"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await pool.execute(statement)
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(statement.replace("entry", "loyalty.entry"))
    finally:
        await owner.close()


async def test_timers_are_set_once_and_only_moved_to_earlier_days(pool: asyncpg.Pool[Any]) -> None:
    now, moment = moment_of(cause(DAY).at), cause(DAY)

    async def due() -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await pool.fetch(_TIMERS)]

    async def earn(name: str, expires: int, streams: bool = False) -> None:
        award = Award(ANA, Source.ORDER, name, (Part("flat", 1, 10, "", 0, expires),), moment, DAY, 5, new=True)
        await post_now(pool, now, terms()._replace(streams=streams), [award])

    await earn("A", DAY + 100)
    first = [("points", moment_of(terms().start_of(DAY + 70)), 5)]
    assert await due() == first
    await earn("B", DAY + 200)
    assert await due() == first
    await earn("C", DAY + 40)
    assert await due() == [("points", moment_of(terms().start_of(DAY + 10)), 5)]
    await earn("D", DAY + 35, streams=True)
    assert await due() == [("points", moment_of(terms().start_of(DAY + 5)), -(4096 + 5) - 1)]
