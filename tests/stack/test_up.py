"""`mandegar up` and the operator's commands against what it runs: servers, tables, topics, services, all real."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from mandegar.connecting import Connection, connection
from mandegar.failures import CommandFailed
from mandegar.preparing import DEFAULT_SHOP, check_cluster
from mandegar.services import roles_of, service_names
from mandegar.stack import Stack
from shared.messaging.cluster import standing_of
from shared.settings.logins import password_of
from shared.testing import Databases
from tests.stack.processes import mandegar, processes_of, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.slow]


class Running:
    """Calls commands for one directory."""

    def __init__(self, directory: Path, shown: str) -> None:
        self.directory = directory
        self.shown = shown
        """What `up --detach` printed."""

    def call(self, *arguments: str, **environment: str) -> Any:
        return mandegar(*arguments, MANDEGAR_DIRECTORY=str(self.directory), **environment)

    def json(self, *arguments: str) -> Any:
        done = self.call(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("up")
    up = mandegar("up", "--detach", "--directory", str(directory))
    try:
        assert up.returncode == 0, up.stderr
        yield Running(directory, up.stdout)
    finally:
        down = mandegar("down", "--directory", str(directory))
    assert (down.returncode, down.stdout) == (0, "stopped\n")
    assert processes_of(directory) == []


def test_all_services_run_and_apis_are_ready(running: Running) -> None:
    rows = {row["name"]: row for row in running.json("status")}
    expected = {f"{service}-{role}" for service in service_names() for role in roles_of(service)}
    assert rows.keys() == expected | {"supervisor", "PostgreSQL", "Kafka", "inbox"}
    assert rows["inbox"]["state"] == "ready"
    for name in expected:
        assert rows[name]["restarts"] == 0, name
        assert rows[name]["state"] == ("ready" if name.endswith("-api") else "running")
        if name.endswith("-api"):
            assert rows[name]["address"] in running.shown
    assert "mandegar down" in running.shown


def test_no_listing_shows_the_password_of_the_database(running: Running) -> None:
    secrets = json.loads((running.directory / "secrets.json").read_text())
    shown = running.shown + running.call("status").stdout + (running.directory / "status.json").read_text()
    for secret in secrets.values():
        assert secret not in shown


def test_every_process_logs_in_as_its_own_role_and_knows_no_other_password(running: Running) -> None:
    found = connection(running.directory)

    async def sessions() -> set[tuple[str, str]]:
        conn = await asyncpg.connect(found.database_url)
        try:
            rows = await conn.fetch(
                "SELECT usename, application_name FROM pg_stat_activity WHERE application_name LIKE 'mandegar%'"
            )
            return {(row[0], row[1]) for row in rows}
        finally:
            await conn.close()

    seen = asyncio.run(sessions())
    for service in service_names():
        assert (f"mandegar_{service}_worker", f"mandegar worker {service}") in seen
        assert (f"mandegar_{service}_api", f"mandegar-{service}-api") in seen
    for user, application in seen:
        assert user.endswith("_api" if application.endswith("-api") else "_worker"), (user, application)
    operator = password_of(found.database_url)
    for row in running.json("status"):
        service, _, role = row["name"].rpartition("-")
        if role not in ("worker", "api"):
            continue
        told = "\n".join(psutil.Process(row["pid"]).environ().values())
        assert operator not in told
        other = found.login(service, "api" if role == "worker" else "worker")
        assert password_of(other) not in told
        assert password_of(found.login(service, role)) in told


def test_a_second_one_is_refused(running: Running) -> None:
    for detach in ([], ["--detach"]):
        second = running.call("up", *detach)
        assert second.returncode == 1
        assert "is in use by another running Mandegar" in second.stderr
        assert "Traceback" not in second.stderr


def test_everything_may_be_prepared_again(running: Running) -> None:
    for command in (["prepare"], ["migrate"], ["topics", "create"]):
        done = running.call(*command)
        assert done.returncode == 0, done.stderr
    assert done.stdout == "all topics are there\n"


async def test_topics_are_listed_described_and_compared_with_what_is_needed(running: Running) -> None:
    listed = running.json("topics", "list")
    assert {row["topic"] for row in listed} >= {"raw.orders.v1", "metrics.lifecycle.v1", "dead-letters.v1"}
    assert {(row["state"], row["partitions"], row["replicas"]) for row in listed} == {("ok", 12, 1)}
    assert running.call("topics").stdout == running.call("topics", "list").stdout
    records = {row["topic"]: (row["records"], row["bytes"]) for row in listed}
    assert records["shops.v1"][0] >= 1  # the default shop
    assert records["shops.v1"][1] > 0
    assert (running.call("topics", "check").stdout, running.json("topics", "check")) == (
        "all topics are as they must be\n",
        [],
    )
    told = running.json("topics", "describe", "raw.orders.v1")
    assert (told["readers"], told["personal"], len(told["partitions"])) == (["gateway"], True, 12)
    assert told["settings"]["retention.ms"] == str(7 * 86_400_000)
    assert "raw.orders.v1" in running.call("topics", "describe", "raw.orders.v1").stdout

    grown = running.call("topics", "check", "--json", MANDEGAR_PARTITIONS="13")
    assert (grown.returncode, {row["what"] for row in json.loads(grown.stdout)}) == (1, {"partitions"})
    admin = AIOKafkaAdminClient(bootstrap_servers=connection(running.directory).bootstrap_servers)
    await admin.start()
    try:
        changed = {"retention.ms": "1000", "cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "orders.v1", changed)])
        await asyncio.sleep(0.5)
        differs = running.call("topics", "check", "--json")
        (row,) = json.loads(differs.stdout)
        assert (differs.returncode, row["topic"], row["what"]) == (1, "orders.v1", "retention.ms")
        assert (row["found"], row["expected"]) == ("1000", "-1")
        assert "--entity-name orders.v1 --add-config retention.ms=-1" in row["remedy"]
        changed["retention.ms"] = "-1"
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "orders.v1", changed)])
    finally:
        await admin.close()
    unknown = running.call("topics", "describe", "nonsense")
    assert (unknown.returncode, "`mandegar topics list` shows them" in unknown.stderr) == (1, True)
    assert running.call("topics", "--json", "create").returncode == 2


async def test_a_missing_topic_is_listed_as_such(stack: Stack) -> None:
    (found,) = await standing_of(stack.bootstrap_servers, ["never-made.v9"], partitions=3, replication_factor=1)
    assert (found.partitions, found.records, found.bytes) == ((), 0, 0)


def test_there_is_one_shop_from_the_start_and_an_operator_adds_another(running: Running) -> None:
    assert [shop["slug"] for shop in running.json("shops", "list")] == [DEFAULT_SHOP]
    added = running.json("shops", "add", "tea", "--zone", "Asia/Tehran", "--currency", "IRR")[0]
    assert (added["number"], added["slug"], added["zone"], added["currency"]) == (2, "tea", "Asia/Tehran", "IRR")
    refused = running.call("shops", "add", "tea", "--zone", "Nowhere/None")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    for given, remedy in (
        (("--lapsing-quantile", "100"), "lifecycle.lapsing_quantile: give percent from 1 to 99"),
        (("--benchmark", "retial"), "benchmark: there are retail, banking"),
        (("--clock", "sand"), "clock: wall, or stream"),
    ):
        done = running.call("shops", "set", "tea", *given)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert remedy in done.stderr
    missing = running.call("shops", "set", "nobody", "--clock", "stream")
    assert "there is no shop with this slug" in missing.stderr
    changed = running.json("shops", "set", "tea", "--clock", "stream", "--lost-days", "180", "--language", "fa")[0]
    assert (changed["clock"], changed["lost_days"], changed["languages"]) == ("stream", 180, ["fa"])
    assert changed["zone"] == "Asia/Tehran"
    plain = running.call("shops", "list").stdout.splitlines()
    assert plain[0].split("\t")[:2] == ["number", "slug"]
    assert plain[2].split("\t")[:2] == ["2", "tea"]


def test_a_key_opens_the_api_once_it_has_travelled_there_and_no_more_when_revoked(running: Running) -> None:
    made = running.json("keys", "create", DEFAULT_SHOP)
    assert made["key"] not in running.call("keys", "list").stdout
    row = next(row for row in running.json("status") if row["name"] == "metrics-api")
    url = f"{row['address']}/v1/customers/none"

    def refused_with(code: int) -> bool:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {made['key']}"})
        try:
            urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            return error.code == code
        return False

    wait_until(lambda: not refused_with(401), 20)  # by outbox, relay, topic and subscription
    assert running.call("keys", "revoke", made["key_id"]).returncode == 0
    wait_until(lambda: refused_with(401), 20)
    listed = running.json("keys", "list")[0]
    assert listed["shop"] == DEFAULT_SHOP
    assert listed["revoked_at"] is not None
    assert "used_at" in listed
    assert running.call("keys", "rotate", made["key_id"]).returncode == 1  # it has ended
    unknown = running.call("keys", "revoke", "0000")
    assert (unknown.returncode, unknown.stderr.count("error: there is no key")) == (1, 1)


def test_a_rotated_key_and_its_successor_open_the_api_and_so_does_a_token_of_staff(running: Running) -> None:
    old = running.json("keys", "create", DEFAULT_SHOP)
    new = running.json("keys", "rotate", old["key_id"], "--keep-hours", "1")
    assert (new["replaces"], new["scopes"]) == (old["key_id"], ["metrics:read"])
    token = running.json("staff", "token", DEFAULT_SHOP, "--staff", "u-1", "--role", "viewer")["token"]
    row = next(row for row in running.json("status") if row["name"] == "metrics-api")

    def answers(text: str, path: str = "/v1/retention") -> int:
        request = urllib.request.Request(f"{row['address']}{path}", headers={"Authorization": f"Bearer {text}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    wait_until(lambda: answers(new["key"]) == 200, 20)
    assert answers(old["key"]) == 200
    assert answers(token) == 200
    assert answers(token, "/v1/audit") == 403


def test_lag_and_dead_letters_are_listed(running: Running) -> None:
    lag = running.json("lag")
    assert {row["service"] for row in lag} == set(service_names())
    assert {row["service"]: row["topic"] for row in lag if row["lane"] == "outbox"} == dict.fromkeys(
        service_names(), ""
    )
    topics = [row for row in lag if row["lane"] in ("live", "history")]
    assert {row["topic"] for row in lag if row["lane"] == "history"} == {
        "raw.orders.backfill.v1",
        "orders.backfill.v1",
    }

    def workers_have_caught_up() -> bool:
        told = {row["name"]: (row["behind"], row["history"]) for row in running.json("status")}
        assert told["metrics-api"] == (None, None)
        return told["metrics-worker"] == told["gateway-worker"] == (0, 0)

    wait_until(workers_have_caught_up, 30)
    parts = [row for row in running.json("lag", "--partitions") if row["lane"] in ("live", "history")]
    assert len(parts) == 12 * len(topics)
    watched = running.call("lag", "--watch", "0.5", "--for", "8", "--json").stdout.splitlines()
    assert len(watched) >= 2
    assert all({row["lane"] for row in json.loads(look)} == {"live", "history", "outbox", "timers"} for look in watched)
    assert running.json("dead-letters", "list") == []
    missing = running.call("dead-letters", "show", "018f0000-0000-7000-8000-000000000000")
    assert (missing.returncode, missing.stderr.startswith("error: there is no such dead letter")) == (1, True)
    none = running.call("dead-letters", "retry", "--reason", "unknown_shop")
    assert (none.returncode, none.stderr) == (0, "handled 0, refused again 0\n")
    for wrong in (["retry"], ["retry", "--reason", "json", "--body", __file__], ["drop"], ["list", "--state", "funny"]):
        assert running.call("dead-letters", *wrong).returncode == 2, wrong


def test_tables_that_are_not_there_are_told(running: Running) -> None:
    found = connection(running.directory)

    async def make_empty() -> None:
        conn = await asyncpg.connect(found.database_url)
        await conn.execute("CREATE DATABASE empty")
        await conn.close()

    asyncio.run(make_empty())
    url = found.database_url.rsplit("/", 1)[0] + "/empty"
    done = running.call("shops", "list", **(found.environment() | {"DATABASE_URL": url}))
    assert (done.returncode, done.stderr) == (1, "error: the tables are not there yet; run `mandegar migrate`\n")


def test_following_ends_with_ctrl_c_and_leaves_the_servers_to_their_owner(running: Running, tmp_path: Path) -> None:
    """With servers of one's own, `up` runs only the services, and stops only them."""
    import os
    import signal
    import subprocess
    import sys

    environment = {**os.environ, **connection(running.directory).environment()}
    follower = subprocess.Popen(
        [sys.executable, "-m", "mandegar", "up", "--only", "gateway", "--directory", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env=environment,
        stdout=(tmp_path / "out").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        wait_until(lambda: "ready after" in (tmp_path / "out").read_text() or follower.poll() is not None, 60)
        time.sleep(0.5)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(40) == 0, (tmp_path / "out").read_text()
    finally:
        follower.kill()
        follower.wait(5)
    assert processes_of(tmp_path) == []
    assert running.call("status").returncode == 0


async def test_a_kafka_that_does_not_belong_to_the_database_is_told_before_anything_is_changed(
    stack: Stack, databases: Databases
) -> None:
    database = await databases.create("gateway")
    found = Connection(stack.bootstrap_servers, database, "unused")
    await check_cluster(found, ["gateway"])  # a new database fits to any
    conn = await asyncpg.connect(database)
    await conn.execute(
        "INSERT INTO gateway.consumer_offset (grp, topic, partition, next, epoch, cluster_id, topic_id)"
        " VALUES ('gateway', 'raw.orders.v1', 0, 7, 1, 'another', '')"
    )
    await conn.close()
    with pytest.raises(CommandFailed, match=r"(?s)belong to Kafka cluster another, but .* KAFKA_BOOTSTRAP_SERVERS"):
        await check_cluster(found, ["gateway"])


def test_a_database_that_refuses_us_is_told_in_a_sentence(stack: Stack) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers, "MANDEGAR_SECRET_KEY": "0123456789abcdef" * 3}
    done = mandegar("migrate", "gateway", DATABASE_URL=f"{stack.database_url}-that-is-not-there", **environment)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "that-is-not-there" in done.stderr
    assert "does not exist" in done.stderr
