"""The command line: what is expected to fail says so in a sentence, without a traceback; listings come in two forms."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandegar import cli, preparing
from mandegar.connecting import Connection, NotConnected, connection, external_connection
from mandegar.stack import Stack
from mandegar.stack.following import Follower
from mandegar.stack.supervisor import without_password

ROOT = Path(__file__).parents[2]
SECRET = "b6c1f0a9d2e84735b6c1f0a9d2e84735"


def mandegar(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")}
    return subprocess.run(
        [sys.executable, "-m", "mandegar", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (["status"], {}, 1, "nothing runs in .*start it with `mandegar up`"),
        (["shops", "list"], {}, 1, "Nothing runs in .*Start it with `mandegar up`"),
        (["run", "nonsense"], {"SERVERS": "away"}, 1, "There is no service 'nonsense'. There are: .*gateway"),
        (["run", "gateway", "--role", "boss"], {}, 2, "boss"),
        (["nonsense"], {}, 2, "No such command"),
        (["lag"], {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, 1, "DATABASE_URL is not"),
        (["keys", "list"], {"SERVERS": "away"}, 1, "a server did not answer"),
        (["prepare"], {"SERVERS": "away"}, 1, "did not answer|does not answer"),
    ],
)
def test_what_is_expected_to_fail_says_what_to_do(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], code: int, message: str
) -> None:
    if environment.pop("SERVERS", None):
        environment |= {
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "MANDEGAR_SECRET_KEY": SECRET,
        }
    done = mandegar(*arguments, MANDEGAR_DIRECTORY=str(tmp_path), **environment)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(message, done.stderr, re.DOTALL), done.stderr


def test_down_where_nothing_runs_is_no_failure(tmp_path: Path) -> None:
    done = mandegar("down", "--directory", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, f"nothing runs in {tmp_path}\n")


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("defect")

    monkeypatch.setattr(cli, "create_cli", lambda: broken)
    with pytest.raises(KeyError):
        cli.main()


def test_own_servers_need_a_secret_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("DATABASE_URL", "postgresql://database/x")
    monkeypatch.delenv("MANDEGAR_SECRET_KEY", raising=False)
    with pytest.raises(NotConnected, match="MANDEGAR_SECRET_KEY is not set"):
        external_connection()
    monkeypatch.setenv("MANDEGAR_SECRET_KEY", SECRET)
    assert connection(Path("/nowhere")) == Connection("kafka:9092", "postgresql://database/x", SECRET)


def test_a_password_is_not_shown() -> None:
    assert without_password("postgresql://postgres:p@ss@127.0.0.1:1/d") == "postgresql://postgres@127.0.0.1:1/d"
    assert without_password("postgresql://127.0.0.1/d") == "postgresql://127.0.0.1/d"


def test_followed_logs_are_whole_lines_with_the_name_of_their_process(tmp_path: Path) -> None:
    log = tmp_path / "metrics-worker.log"
    log.write_text("before\n")
    follower = Follower(tmp_path)
    with log.open("a") as file:
        file.write("first\nsec")
    assert follower.lines() == ["metrics-worker   | first"]
    with log.open("a") as file:
        file.write("ond\n")
    assert follower.lines() == ["metrics-worker   | second"]
    log.write_text("new\n")  # set aside and begun anew
    assert follower.lines() == ["metrics-worker   | new"]


@pytest.fixture(scope="module")
def servers(stack: Stack) -> Iterator[dict[str, str]]:
    """A database of its own beside the others of the run, as the environment names it."""
    name = "command_line"

    def make() -> None:  # in a thread: the session's event loop may be running in this one
        import asyncpg

        async def create() -> None:
            conn = await asyncpg.connect(stack.database_url)
            await conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await conn.execute(f"CREATE DATABASE {name}")
            await conn.close()

        asyncio.run(create())

    thread = threading.Thread(target=make)
    thread.start()
    thread.join(30)
    yield {
        "KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers,
        "DATABASE_URL": stack.database_url.rsplit("/", 1)[0] + f"/{name}",
        "MANDEGAR_SECRET_KEY": SECRET,
    }


@pytest.mark.stack
def test_an_operator_prepares_adds_a_shop_and_makes_and_revokes_a_key(servers: dict[str, str]) -> None:
    before = mandegar("shops", "list", **servers)
    assert (before.returncode, before.stderr) == (1, "error: the tables are not there yet; run `mandegar migrate`\n")
    for _ in range(2):  # safe to run again
        assert mandegar("prepare", **servers).returncode == 0
    shops = json.loads(mandegar("shops", "list", "--json", **servers).stdout)
    assert [shop["slug"] for shop in shops] == [preparing.DEFAULT_SHOP]
    added = mandegar("shops", "add", "tea", "--zone", "Asia/Tehran", "--currency", "IRR", "--json", **servers)
    assert json.loads(added.stdout)[0] | {"windows": []} == {
        "number": 2,
        "slug": "tea",
        "name": "tea",
        "zone": "Asia/Tehran",
        "currency": "IRR",
        "calendar": "gregorian",
        "windows": [],
        "loyal_over": 4,
    }
    refused = mandegar("shops", "add", "tea", "--zone", "Nowhere/None", **servers)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr

    made = json.loads(mandegar("keys", "create", "tea", "--json", **servers).stdout)
    listed = mandegar("keys", "list", "tea", **servers).stdout
    assert made["key_id"] in listed
    assert made["key"] not in listed
    assert mandegar("keys", "revoke", made["key_id"], **servers).returncode == 0
    keys = json.loads(mandegar("keys", "list", "--json", **servers).stdout)
    assert keys[0]["revoked_at"] is not None
    unknown = mandegar("keys", "revoke", "0000", **servers)
    assert (unknown.returncode, unknown.stderr.count("error: there is no key")) == (1, 1)


@pytest.mark.stack
def test_lag_and_dead_letters_are_listed(servers: dict[str, str]) -> None:
    assert mandegar("prepare", **servers).returncode == 0
    lag = json.loads(mandegar("lag", "--json", **servers).stdout)
    assert {row["service"] for row in lag} >= {"gateway"}
    assert all(row["events"] == 0 for row in lag if row["topic"] == "raw.orders.v1")
    assert json.loads(mandegar("dead-letters", "list", "--json", **servers).stdout) == []
    missing = mandegar("dead-letters", "show", "018f0000-0000-7000-8000-000000000000", **servers)
    assert (missing.returncode, missing.stderr.startswith("error: there is no such dead letter")) == (1, True)
