"""`mandegar audit`: entries of all services and shops, filtered, as lines or JSON, and as they are written."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mandegar.cli import create_cli
from mandegar.failures import CommandFailed
from shared.db import AuditEntry, acquire, record
from tests.security.ground import NUMBERS, OTHER, OWN, SECRET, Place, asking, bearer, customer_of

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", place.bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", place.url)
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET)


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, create_cli(), ["audit", *arguments])


async def listed(*arguments: str) -> list[dict[str, Any]]:
    told = await run("list", "--json", *arguments)
    assert told.exception is None, told.exception
    rows: list[dict[str, Any]] = json.loads(told.stdout)
    return rows


async def test_reads_of_a_customer_are_listed_from_the_logs_of_all_services(place: Place) -> None:
    customer = customer_of(OWN)
    headers = bearer(place.key(OWN, "personal:read"))
    for service in ("gateway", "metrics"):
        async with asking(place, service) as http:
            assert (await http.get(f"/v1/customers/{customer}/export", headers=headers)).status_code == 200
    actor = f"key:{headers['Authorization'].split('_')[1]}"
    rows = await listed(OWN, "--subject", customer, "--action", "/export", "--actor", actor, "--outcome", "done")
    assert {(row["service"], row["shop"]) for row in rows} == {("gateway", OWN), ("metrics", OWN)}
    assert await listed(OTHER, "--subject", customer) == [], "another shop has none of it"
    assert {row["service"] for row in await listed("--service", "metrics")} == {"metrics"}
    assert [row["at"] for row in await listed()] == sorted((row["at"] for row in await listed()), reverse=True)


async def test_filters_and_limit_hold_and_lines_are_for_scripts(place: Place) -> None:
    async with acquire(place.pool) as conn, conn.transaction():
        for number in range(5):
            await record(
                conn, AuditEntry(NUMBERS[OTHER], f"staff:u-{number}", "agent", "GET /x_%", "a b", "", "refused")
            )
    rows = await listed(OTHER, "--outcome", "refused", "--action", "_%", "--subject", "b", "--limit", "3")
    assert [row["actor"] for row in rows] == ["staff:u-4", "staff:u-3", "staff:u-2"]
    assert [row["actor"] for row in await listed("--actor", "staff:u-1")] == ["staff:u-1"]
    assert await listed("--until", "2020-01-01") == [] and await listed("--since", "2020-01-01T00:00Z")
    lines = (await run("list", OTHER, "--actor", "staff:u-1")).stdout.splitlines()
    assert [line.split("\t")[3] for line in lines] == ["actor", "staff:u-1"]


async def test_what_is_not_there_is_said_with_a_remedy() -> None:
    assert isinstance((await run("list", "nowhere")).exception, CommandFailed)
    assert isinstance((await run("list", "--since", "yesterday")).exception, CommandFailed)
    assert "There are: " in str((await run("list", "--service", "nothing")).exception)


async def test_tail_tells_each_entry_once_also_one_that_commits_behind_a_later_one(place: Place) -> None:
    following = asyncio.create_task(run("tail", OWN, "--actor", "staff:t", "--every", "0.1", "--for", "4", "--json"))
    await asyncio.sleep(1.5)
    async with acquire(place.pool) as slow, acquire(place.pool) as quick, slow.transaction():
        await record(slow, AuditEntry(NUMBERS[OWN], "staff:t", "agent", "the first number", ""))
        await record(quick, AuditEntry(NUMBERS[OWN], "staff:t", "agent", "committed before it", ""))
        await asyncio.sleep(0.7)
    told = await asyncio.wait_for(following, 30)
    assert told.exception is None
    actions = [json.loads(line)["action"] for line in told.stdout.splitlines()]
    assert actions == ["committed before it", "the first number"]
