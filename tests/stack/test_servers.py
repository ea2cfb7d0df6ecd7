"""The real servers of a directory: data outlives a restart, and what does not fit is told, not used."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from mandegar.stack import Stack
from mandegar.stack import postgres as postgres_module
from mandegar.stack.errors import (
    DirectoryInUse,
    DiskFull,
    ForeignKafka,
    NoPort,
    OlderPostgres,
    OtherKafkaFormat,
    PortTaken,
)
from mandegar.stack.jars import default_cache
from mandegar.stack.kafka import Kafka, cluster_at
from mandegar.stack.ports import choose_port
from tests.stack.processes import processes_of

pytestmark = pytest.mark.stack


async def write(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.database_url)
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.execute("INSERT INTO kept VALUES (42)")
    await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=stack.bootstrap_servers)
    await producer.start()
    # As old as the history of a shop may be: the broker must not throw it away for its age.
    await producer.send_and_wait("kept", b"event", timestamp_ms=852_076_800_000)
    await producer.stop()


async def read(stack: Stack) -> tuple[int, bytes | None]:
    connection = await asyncpg.connect(stack.database_url)
    number = await connection.fetchval("SELECT n FROM kept")
    await connection.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("kept", 0)])
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 20)
    finally:
        await consumer.stop()
    return number, record.value


async def shown(stack: Stack, setting: str) -> str:
    connection = await asyncpg.connect(stack.database_url, timeout=10)
    try:
        return str(await connection.fetchval(f"SHOW {setting}"))
    finally:
        await connection.close()


async def test_data_outlives_a_restart_and_so_do_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MANDEGAR_STACK_DURABLE")  # which the tests set
    first = Stack(tmp_path)
    await asyncio.to_thread(first.start)
    try:
        await write(first)
        assert await shown(first, "fsync") == "on"
        urls = first.database_url, first.bootstrap_servers
        with pytest.raises(DirectoryInUse, match=f"process {os.getpid()}"):
            Stack(tmp_path).start()
    finally:
        await asyncio.to_thread(first.stop)
    assert processes_of(tmp_path) == []

    monkeypatch.setenv("MANDEGAR_STACK_DURABLE", "no")
    second = Stack(tmp_path)
    await asyncio.to_thread(second.start)
    try:
        assert (second.database_url, second.bootstrap_servers) == urls
        assert await shown(second, "fsync") == "off"
        assert await read(second) == (42, b"event")
        await crash_and_return(second)
    finally:
        await asyncio.to_thread(second.stop)
    assert processes_of(tmp_path) == []


async def crash_and_return(stack: Stack) -> None:
    """Killed servers come back on their ports with all that was acknowledged."""
    for server in (stack.postgres, stack.kafka):
        await asyncio.to_thread(server.server.kill)
        await asyncio.to_thread(server.start)
    assert await read(stack) == (42, b"event")


def test_the_servers_listen_on_this_machine_only_and_the_database_asks_for_its_password(stack: Stack) -> None:
    import psutil

    for server in (stack.postgres.server, stack.kafka.server):
        assert server.pid is not None
        listening = [c.laddr.ip for c in psutil.Process(server.pid).net_connections() if c.status == "LISTEN"]
        assert listening
        assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}

    async def connect_with(password: str) -> None:
        await asyncpg.connect(re.sub(r":[^:@]+@", f":{password}@", stack.database_url))

    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(connect_with("wrong"))


async def test_it_runs_as_documented(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.database_url)
    settings = {
        name: await connection.fetchval(f"SHOW {name}")
        for name in ("server_version", "timezone", "server_encoding", "synchronous_commit")
    }
    await connection.close()
    assert settings["server_version"].startswith("18.")
    assert settings | {"server_version": "18"} == {
        "server_version": "18",
        "timezone": "UTC",
        "server_encoding": "UTF8",
        "synchronous_commit": "on",
    }


def test_another_kafka_is_recognised_by_its_cluster(stack: Stack) -> None:
    assert cluster_at("127.0.0.1", stack.kafka.port) == stack.kafka.cluster
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert cluster_at("127.0.0.1", silent.getsockname()[1], seconds=0.2) is None


def test_an_older_database_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "meta.properties").write_text("version=0\n")
    with pytest.raises(OlderPostgres, match="written by PostgreSQL 16; this version brings PostgreSQL 18"):
        Stack(tmp_path).start()
    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    ("meta", "expected", "error", "message"),
    [
        ("version=0\ncluster.id=x\n", None, OtherKafkaFormat, "storage format 0; this version reads format 1"),
        ("version=1\ncluster.id=other\n", "ours", ForeignKafka, "cluster other, but .* of cluster ours"),
        (None, "ours", ForeignKafka, "cluster \\(none\\), but .* of cluster ours"),
    ],
)
def test_kafka_data_that_does_not_fit_is_told(
    tmp_path: Path, meta: str | None, expected: str | None, error: type[Exception], message: str
) -> None:
    if meta is not None:
        (tmp_path / "kafka").mkdir()
        (tmp_path / "kafka" / "meta.properties").write_text(meta)
    kafka = Kafka(tmp_path, port=1, controller_port=2, cache=default_cache(tmp_path / "cache"))
    with pytest.raises(error, match=message):
        kafka.start(expected)
    assert not kafka.server.is_running


def test_a_port_that_is_asked_for_and_taken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("MANDEGAR_KAFKA_PORT", str(other.getsockname()[1]))
        with pytest.raises(PortTaken, match="set MANDEGAR_KAFKA_PORT to a free port"):
            Stack(tmp_path).start()
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("port", ["abc", "0", "99999", "٢٠٠٠٠"])
def test_what_is_no_port_is_told(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("MANDEGAR_KAFKA_PORT", port)
    with pytest.raises(NoPort, match="Set MANDEGAR_KAFKA_PORT to a number from 1 to 65535"):
        choose_port("MANDEGAR_KAFKA_PORT")


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_module, "DISK_MB", 10**9)
    database = postgres_module.Postgres(tmp_path, password="p", port=1)
    with pytest.raises(DiskFull, match="PostgreSQL needs at least 1000000000 MB"):
        database.start()
    assert not (tmp_path / "postgres").exists()


def test_a_half_made_database_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    database = postgres_module.Postgres(tmp_path, password="p", port=29_998)
    try:
        database.start()
    finally:
        database.stop()
    assert not (tmp_path / "postgres.new").exists()
    assert not (tmp_path / "postgres.password").exists()
