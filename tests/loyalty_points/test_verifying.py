"""`mandegar ledger verify` finds whatever is broken by hand in the tables, and names the invariant and the account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.stack import Stack
from services.loyalty.points import Capture, Reserve, Verified, Who, verify
from services.loyalty.points.domain.chain import next_head
from services.loyalty.points.store.verifying import entry_of
from shared.db.migrating import migrate
from shared.kernel import CustomerId, customer_id_text
from shared.testing import Databases, worker_url
from shared.testing.harness import TEST_SECRET
from tests.loyalty_points.ledger import cause
from tests.loyalty_points.playing import PARTITION, earned, playing, signer
from tests.loyalty_points.test_posting import anything

pytestmark = pytest.mark.stack
LAST = "(SELECT max(n) FROM entry f WHERE f.customer = e.customer)"
SOME = "(shop, customer, n) = (SELECT shop, customer, n FROM entry WHERE kind = {} ORDER BY customer, n LIMIT 1)"


async def play(url: str) -> None:
    """A ledger in which everything has happened, with two signed roots."""
    await asyncio.to_thread(migrate, "loyalty", url)
    async with playing(url) as played:
        for _, batch in anything(Random(5), 120):
            day = max(one.day for one in batch)
            if day > played.today:
                played.clock.advance(timedelta(days=day - played.today))
                await played.fire()
            await played.post(*batch)
        await played.post(earned(Who(1, 5), "Z", 80, played.today))
        until = cause(played.today).at + 10**13
        for name in ("open", "taken"):
            await played.post(Reserve(Who(1, 5), name, 30, until, cause(played.today), played.today, (), PARTITION))
        await played.post(Capture(Who(1, 5), "taken", cause(played.today), played.today, PARTITION))
        played.clock.advance(timedelta(hours=2))
        await played.fire()


@pytest.fixture
async def owner(databases: Databases) -> AsyncIterator[asyncpg.Connection[Any]]:
    """Somebody who may do everything in a copy of that ledger."""
    url = await databases.create("played ledger", prepare=play)
    conn = await asyncpg.connect(url, server_settings={"search_path": "loyalty"})
    yield conn
    await conn.close()


async def look(conn: asyncpg.Connection[Any]) -> dict[str, Verified]:
    await conn.execute("RESET ALL; SET search_path = loyalty")
    return {one.shop: one for one in await verify(conn, signer())}


async def test_a_sound_ledger_has_no_violation(owner: asyncpg.Connection[Any]) -> None:
    found = (await look(owner))["laleh"]
    assert (found.violations, found.accounts) == ([], 5)
    assert min(found.entries, found.lots, found.holds) > 10
    assert found.roots > 1
    kinds = {row[0] for row in await owner.fetch("SELECT DISTINCT kind FROM entry")}
    assert kinds >= {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16}


BREAKS = [
    (1, "UPDATE entry SET credit = 13 WHERE " + SOME.format(1)),
    (1, "UPDATE entry SET kind = 99 WHERE " + SOME.format(1)),
    (1, "UPDATE entry SET transaction = n + 5 WHERE " + SOME.format(7)),
    (1, "UPDATE contra SET points = points + 1 WHERE bucket = (SELECT min(bucket) FROM contra)"),
    (2, "UPDATE account SET active = active + 1 WHERE customer = 5"),
    (2, "UPDATE account SET version = version + 1 WHERE customer = 5"),
    (2, f"DELETE FROM entry e WHERE customer = 5 AND n = {LAST}"),
    (3, "UPDATE entry SET points = points + 100000 WHERE " + SOME.format(7)),
    (4, "UPDATE lot SET remaining = remaining + 1, earned = earned + 1 WHERE customer = 5"),
    (4, "DELETE FROM lot WHERE customer = 5"),
    (5, "UPDATE entry SET day = 2000000 WHERE " + SOME.format(7)),
    (5, "UPDATE lot SET expires_day = expires_day + 1 WHERE customer = 1 AND expires_day < 2000000"),
    (6, "UPDATE lot SET source = 'another' WHERE customer = 5"),
    (6, "UPDATE entry SET lot = (SELECT lot FROM entry f WHERE f.customer = 1 AND n = 1) "
        "WHERE customer = 1 AND kind = 1 AND n > 1"),
    (7, "UPDATE lot SET reversed = earned + 1 WHERE customer = 5"),
    (8, "UPDATE entry SET kind = 12, debit = 4 WHERE (shop, customer, n) = (SELECT shop, customer, n FROM entry "
        "WHERE kind = 11 AND debit = 2 ORDER BY customer, n LIMIT 1)"),
    (9, "UPDATE hold SET state = 2 WHERE hold = 'open'"),
    (9, "UPDATE hold_lot SET points = points - 1 WHERE hold = 'open'"),
    (9, "UPDATE hold SET points = points + 1 WHERE hold = 'open'"),
    (9, "DELETE FROM hold WHERE hold = 'open'"),
    (10, "UPDATE entry SET reason = 'goodwill' WHERE customer = 5 AND n = 1"),
    (10, "UPDATE entry SET at = at - interval '1 day' WHERE customer = 5 AND n = 1"),
    (10, "UPDATE account SET head = sha256(head) WHERE customer = 5"),
    (10, "UPDATE ledger_root SET accounts = accounts + 1 WHERE n = 1"),
    (10, "DELETE FROM ledger_root WHERE n = 1"),
    (12, "UPDATE entry SET points = 0 WHERE customer = 5 AND n = 1"),
    (13, "DELETE FROM account WHERE customer = 5"),
    (13, "UPDATE lot SET customer = 6 WHERE customer = 5"),
    (13, "INSERT INTO account (shop, customer, head) VALUES (9, 5, sha256(''))"),
    (14, "UPDATE account SET armed = 2147483647 WHERE armed < 2147483647"),
    (14, "DELETE FROM timer WHERE kind = 'points'"),
    (14, "UPDATE entry SET points = points - 1 WHERE " + SOME.format(9)),
    (15, "UPDATE account SET told = told + 1 WHERE customer = 5"),
    (16, "UPDATE contra SET day = day + 1 WHERE ctid = (SELECT min(ctid) FROM contra)"),
]  # fmt: skip


@pytest.mark.parametrize(("invariant", "statement"), BREAKS)
async def test_what_is_broken_by_hand_is_found(owner: asyncpg.Connection[Any], invariant: int, statement: str) -> None:
    for table in ("account", "entry", "lot", "hold", "hold_lot"):
        for name in await owner.fetch(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::regclass", f"loyalty.{table}"
        ):
            await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name[0]}")
    await owner.execute("SET session_replication_role = replica")
    assert int((await owner.execute(statement)).rsplit(" ", 1)[1]) > 0
    found = [one for shop in (await look(owner)).values() for one in shop.violations]
    assert invariant in {one.invariant for one in found}
    if "customer = 5" in statement and "lot SET customer" not in statement:
        assert {one.customer for one in found if one.invariant == invariant} <= {0, 5}


async def test_history_that_was_rewritten_with_a_right_chain_is_told_by_the_signed_root(
    owner: asyncpg.Connection[Any],
) -> None:
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("UPDATE entry SET reason = 'goodwill' WHERE customer = 5 AND n = 1")
    head = bytes(32)
    columns = (
        "customer, n, transaction, at, booked_at, day, kind, debit, credit, points, lot, expires_day, cause, source, "
        "reason, actor, hash"
    )
    for row in await owner.fetch(f"SELECT {columns} FROM entry WHERE customer = 5 ORDER BY n"):
        head = next_head(head, entry_of(1, row)[0])
        await owner.execute("UPDATE entry SET hash = $1 WHERE customer = 5 AND n = $2", head, row["n"])
    await owner.execute("UPDATE account SET head = $1 WHERE customer = 5", head)
    found = (await look(owner))["laleh"].violations
    assert [(one.invariant, one.customer) for one in found] == [(10, 0)]


async def test_the_command_tells_programs_and_people_and_ends_with_1(
    databases: Databases, stack: Stack, owner: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await owner.fetchval("SELECT current_database()")
    monkeypatch.setenv("DATABASE_URL", databases.url_of(name))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers)
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", TEST_SECRET)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(create_cli(), ["ledger", "verify", *arguments])

    sound = await asyncio.to_thread(run, "--shop", "laleh")
    assert (sound.exit_code, sound.exception) == (0, None)
    assert "5 accounts" in sound.stdout
    assert "all invariants hold" in sound.stdout
    await owner.execute("UPDATE account SET active = active + 1 WHERE customer = 5")
    broken = await asyncio.to_thread(run, "--json")
    assert broken.exit_code == 1
    (laleh,) = [one for one in json.loads(broken.stdout) if one["shop"] == "laleh"]
    assert [one["invariant"] for one in laleh["violations"]] == [2]
    assert laleh["violations"][0]["customer"] == customer_id_text(CustomerId(5))
    missing = await asyncio.to_thread(run, "--shop", "nobody")
    assert missing.exit_code == 1
    assert "there is no shop" in str(missing.exception)


async def test_a_worker_may_verify_and_nothing_is_written(databases: Databases, owner: asyncpg.Connection[Any]) -> None:
    name = await owner.fetchval("SELECT current_database()")
    url = worker_url(databases.url_of(name), "loyalty")
    conn = await asyncpg.connect(url, server_settings={"search_path": "loyalty"})
    try:
        said: list[int] = []
        found = await verify(conn, signer(), only="laleh", say=lambda one: said.append(one.accounts))
        assert [one.broken for one in found] == [0]
        assert said == [5]
    finally:
        await conn.close()
