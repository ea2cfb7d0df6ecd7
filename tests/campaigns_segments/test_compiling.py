"""Conditions in SQL say what they say in Python: of merged identities, of nothing known, of days as they pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.campaigns.segments import History, belongs, changes_on, histories_of
from services.campaigns.segments.compiling import Compiled
from services.campaigns.segments.domain.judging import day_at
from services.campaigns.segments.store.members import Asking, Standing, verdicts
from shared.db import acquire, create_pool
from shared.kernel import Zone
from shared.testing import Databases
from tests.campaigns_segments.ground import (
    NOW,
    keep,
    keep_past,
    persons,
    some_condition,
    some_past,
    some_pointers,
    some_profile,
    some_words,
)

ZONES = ("Asia/Tehran", "America/St_Johns", "Pacific/Auckland")


@pytest.fixture
async def conn(databases: Databases) -> AsyncIterator[asyncpg.Connection[Any]]:
    pool = await create_pool(await databases.create("campaigns"), "campaigns", application="test")
    async with pool, acquire(pool) as one:
        yield one


def _sorted(history: History) -> list[list[Any]]:
    """In any order, but as often."""
    return [sorted(history.orders, key=lambda one: one.order), sorted(history.sent), sorted(history.replies)]


@pytest.mark.stack
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from(ZONES), st.integers(-3, 45))
async def test_a_condition_in_sql_says_what_it_says_in_python(
    conn: asyncpg.Connection[Any], seed: int, name: str, later: int
) -> None:
    rng, zone = Random(seed), Zone(name)
    customers = rng.sample(range(1, 100), 20)
    pointers = some_pointers(rng, customers)
    known = [one for one in customers if rng.random() < 0.9]  # of the others nothing was ever told
    profiles = [some_profile(rng, one) for one in known]
    words = [word for one in known for word in some_words(rng, one)]
    past = some_past(rng, customers)
    conditions = [Standing(1, f"s{at}", 1, some_condition(rng)) for at in range(45)]
    today = day_at(zone, NOW) + later
    whole = persons(profiles, pointers, words, zone, past)
    expected = {
        who: {one.segment for one in conditions if belongs(one.condition, facts, today)} for who, facts in whole.items()
    }
    transaction = conn.transaction()
    await transaction.start()
    try:
        await keep(conn, profiles, pointers, words)
        await keep_past(conn, past)
        histories = await histories_of(conn, {(1, one) for one in customers})
        assert {who: _sorted(one) for (_, who), one in histories.items()} == {
            who: _sorted(past.of(who)) for who in customers
        }
        heads = {pointers.get(one, one) for one in customers}
        found = await verdicts(conn, Asking(1, zone, today), conditions, heads)
        assert {one.person: set(one.segments) for one in found} == expected
        for verdict in found:
            changes = [changes_on(one.condition, whole[verdict.person], today) for one in conditions[:8]]
            first = min((day for day in changes if day is not None), default=None)
            assert first is None or (verdict.turn is not None and today < verdict.turn <= first)
        for one in conditions[:5]:
            compiled = Compiled(zone, today, everybody=True)
            statement = compiled.statement(["w.person"], f"WHERE NOT w.erased AND {compiled.condition(one.condition)}")
            asked = {row["person"] for row in await conn.fetch(statement, 1, *compiled.arguments)}
            assert asked == {who for who, segments in expected.items() if one.segment in segments}
    finally:
        await transaction.rollback()
