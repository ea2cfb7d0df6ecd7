"""Orders that go by columns come to what the general way comes to, to the byte."""

from __future__ import annotations

from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest

from services.loyalty.orders import consumer
from services.loyalty.programmes import (
    AfterDays,
    Fixed,
    Level,
    OnInteraction,
    Programme,
    Rate,
    Rolling,
    RollingWindow,
    Rule,
    Tiers,
)
from shared.contracts.topics import CUSTOMERS, INTERACTIONS, LOYALTY_MEMBERS, LOYALTY_POINTS, ORDERS
from shared.db import together
from shared.testing import Databases
from shared.testing.harness import Harness
from tests.loyalty_orders.ground import FLAT, OTHER, SHOP, Story, broken, completed, did, version, worker
from tests.loyalty_orders.test_identities import told

pytestmark = pytest.mark.stack
WELCOME: Programme = msgspec.structs.replace(
    FLAT,
    rules=(
        Rule(id="spend", name="Spend", earn=Rate(points=3, per=70)),
        Rule(id="welcome", name="Welcome", earn=Fixed(points=50), on=OnInteraction(names=("member joined",))),
    ),
    rounding="half_even",
    pending=AfterDays(days=14),
    expiry=Rolling(months=12),
)
TIERED: Programme = msgspec.structs.replace(
    FLAT,
    tiers=Tiers(
        levels=(
            Level(id="regular", name="Regular", threshold=0),
            Level(id="silver", name="Silver", threshold=60_000, percent=120),
            Level(id="gold", name="Gold", threshold=150_000, percent=150),
        ),
        window=RollingWindow(days=12),
        downgrade="one_step",
    ),
)
_TABLES = {
    # Of joining, only the first instant means anything: how many later ones were told before it depends on the batches.
    "occasion": """
        SELECT customer, first_at, revenue, points, through, shop, kind, status, currency, name, id, detail, granted,
               kept, day,
               CASE name WHEN '' THEN last_at END, CASE name WHEN '' THEN content_at END, delivered_at
        FROM occasion ORDER BY shop, kind, id
    """,
    "member": "SELECT shop, customer, joined_at, how, state FROM member ORDER BY 1, 2",
    "lot": "SELECT * FROM lot ORDER BY shop, customer, lot",
    "tier_standing": "SELECT shop, customer, level, since, due, missed, seen, number FROM tier_standing ORDER BY 1, 2",
    "account": """
        SELECT shop, customer, pending, active, owed FROM account WHERE pending + active + owed > 0 ORDER BY 1, 2
    """,
}


async def kept(harness: Harness) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables."""
    return {name: [tuple(row) for row in await harness.pool.fetch(query)] for name, query in _TABLES.items()}


def stream(seed: int) -> list[Any]:
    """Orders, most of them plain, of old and new customers, with a few that change."""
    rng = Random(seed)
    plain = [
        completed(
            f"p-{number}",
            rng.randint(1, 60),
            rng.randint(0, 50_000),
            hours=rng.uniform(-10, 900),
            shop=rng.choice((SHOP, OTHER)),
            **({"affiliation": "web"} if number % 5 == 0 else {}),
        )
        for number in range(300)
    ]
    return sorted([*plain, *Story(rng, customers=20).tell(60)], key=lambda one: (one.time, one.id))


@pytest.mark.parametrize("programme", [FLAT, WELCOME, TIERED], ids=["flat", "welcome", "tiers"])
async def test_both_ways_keep_the_same_rows_for_any_batches(
    databases: Databases, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = stream(1)
    programmes = {SHOP: [version(programme)], OTHER: [version(programme)]}
    found = []
    for batch, few in ((100, None), (100, 250), (100, 0), (1_000, 250), (7, 250)):
        with monkeypatch.context() as patched:
            patched.setattr(together, "_FEW", few or 0)
            if few is None:
                patched.setattr(consumer, "chosen", lambda *_: None)
            async with worker(databases, programmes) as harness:
                await harness.feed(ORDERS, events, batch=batch)
                found.append(await kept(harness))
                assert await broken(harness) == []
                types = {one.event["type"] for one in await harness.published()}
                assert {"points.earned", "member.joined"} <= types
                if batch == 100:
                    telling = [await harness.published(topic) for topic in (LOYALTY_MEMBERS, LOYALTY_POINTS)]
                    found[-1]["told"] = sorted([(one.key, one.event["type"]) for each in telling for one in each])
    for one in found[1:3]:
        assert found[0]["told"] == one["told"]
        for name in _TABLES:
            assert differing(found[0][name], one[name]) == [], name
    for one in found[3:]:  # an order that comes with its refund is posted once, so lots may differ
        for name in ("occasion", "account", "member"):
            assert differing(found[0][name], one[name]) == [], name


def differing(one: list[Any], other: list[Any]) -> list[Any]:
    """Rows that are not the same."""
    return sorted(map(str, set(map(str, one)) ^ set(map(str, other))))


async def test_orders_of_merged_and_of_absent_people_take_the_general_way(databases: Databases) -> None:
    only = msgspec.structs.replace(FLAT, joining=("event",))
    async with worker(databases, {SHOP: [version(only)]}) as harness:
        await harness.feed(INTERACTIONS, [did("member joined", 1, hours=1)])
        await harness.feed(CUSTOMERS, [told("merged", 2, 1, 5)])
        await harness.feed(ORDERS, [completed("a", 2, hours=2), completed("b", 3, hours=2), completed("c", 1, hours=0)])
        rows = await harness.pool.fetch("SELECT id, points, through FROM occasion ORDER BY id")
        assert [tuple(row) for row in rows] == [("a", 100, 1), ("b", 0, None), ("c", 0, None)]
        await harness.feed(INTERACTIONS, [did("member joined", 3, hours=1)])
        assert await harness.pool.fetchval("SELECT points FROM occasion WHERE id = 'b'") == 100


async def test_an_order_that_is_known_after_all_undoes_the_plain_way(databases: Databases) -> None:
    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed("a"), completed("b", 2)])
        again = [completed("a", hours=1), completed("c", 3, hours=1), completed("d", 3, hours=2)]
        await harness.feed(ORDERS, again)
        totals = await harness.pool.fetch("SELECT customer, active FROM account ORDER BY 1")
        assert [tuple(row) for row in totals] == [(1, 100), (2, 100), (3, 200)]
        assert await harness.pool.fetchval("SELECT first_at FROM occasion WHERE id = 'a'") == completed("a").time


@pytest.mark.parametrize(("joins", "most"), [(False, 16), (True, 18)])
async def test_a_small_batch_of_orders_waits_for_the_database_seldom(
    databases: Databases, joins: bool, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(name: str, times: int) -> None:
        original = getattr(asyncpg.Connection, name)

        async def ask(conn: Any, query: str, *values: Any, **more: Any) -> Any:
            asked.extend([query] * times)
            return await original(conn, query, *values, **more)

        monkeypatch.setattr(asyncpg.Connection, name, ask)

    async with worker(databases) as harness:
        await harness.feed(ORDERS, [completed(f"a{number}", number) for number in range(1, 21)])
        new = 1000 if joins else 1
        counted("copy_to_table", 2)
        counted("_do_execute", 1)  # of all that have values
        plain = asyncpg.Connection.execute

        async def execute(conn: Any, query: str, *values: Any, **more: Any) -> Any:
            asked.extend([] if values else [query])
            return await plain(conn, query, *values, **more)

        monkeypatch.setattr(asyncpg.Connection, "execute", execute)
        await harness.feed(ORDERS, [completed(f"b{number}", number * new, hours=1) for number in range(1, 21)])
    batch = asked[: asked.index("COMMIT;") + 1]  # what follows is the pool's
    assert len(batch) <= most, "\n".join(batch)
