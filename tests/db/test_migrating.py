"""Migrations of a service, and the tables that every service has."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from services.gateway.tables import metadata as gateway_metadata
from services.metrics.tables import metadata as metrics_metadata
from shared.db.engine import plain_url
from shared.db.migrating import differences, downgrade, migrate, service_config
from shared.db.tables import RUNTIME_TABLES, service_metadata
from shared.testing import Databases
from tests.messaging.probe import prepare

SERVICES = {"gateway": gateway_metadata, "metrics": metrics_metadata}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_migrated_schema_is_the_described_one(databases: Databases, service: str) -> None:
    url = await databases.create(service)
    assert await asyncio.to_thread(differences, service, url, SERVICES[service]) == []


async def test_the_described_runtime_tables_are_those_of_the_sql_file(databases: Databases) -> None:
    url = await databases.create("probe", prepare=prepare)
    found = await asyncio.to_thread(differences, "probe", url, service_metadata("probe"))
    assert [change[0] for change in found] == ["remove_table"]  # the probe's own table


async def test_a_difference_is_found(databases: Databases) -> None:
    url = await databases.create("probe", prepare=prepare)
    conn = await asyncpg.connect(plain_url(url))
    await conn.execute("ALTER TABLE probe.outbox DROP COLUMN created_at; DROP INDEX probe.ix_timer_due")
    await conn.close()
    found = await asyncio.to_thread(differences, "probe", url, service_metadata("probe"))
    assert len(found) == 3


async def test_processes_that_migrate_at_once_wait_for_each_other(databases: Databases) -> None:
    async def nothing(url: str) -> None:
        """An empty database."""

    url = await databases.create("empty", prepare=nothing)
    code = "import sys; from shared.db.migrating import migrate; migrate('gateway', sys.argv[1])"
    processes = [await asyncio.create_subprocess_exec(sys.executable, "-c", code, url) for _ in range(3)]
    assert await asyncio.gather(*(asyncio.wait_for(process.wait(), 60) for process in processes)) == [0, 0, 0]
    conn = await asyncpg.connect(plain_url(url))
    try:
        tables = await conn.fetch("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'gateway'")
        assert {row[0] for row in tables} >= set(RUNTIME_TABLES)
        assert {row[1] for row in tables} == {"mandegar_gateway"}
        assert await conn.fetchval("SELECT NOT rolcanlogin FROM pg_roles WHERE rolname = 'mandegar_gateway'")
        await asyncio.to_thread(downgrade, "gateway", url, "base")
        left = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'gateway'")
        assert [row[0] for row in left] == ["alembic_version"]
    finally:
        await conn.close()


async def test_a_user_without_the_right_to_create_roles_owns_the_schema(databases: Databases) -> None:
    async def plain_user(url: str) -> None:
        conn = await asyncpg.connect(plain_url(url))
        try:
            await conn.execute("DROP ROLE IF EXISTS plain_user; CREATE ROLE plain_user LOGIN PASSWORD 'plain'")
        finally:
            await conn.close()

    url = await databases.create("plain", prepare=plain_user)
    conn = await asyncpg.connect(plain_url(url))
    await conn.execute(f'GRANT CREATE ON DATABASE "{make_url(url).database}" TO plain_user')
    own = make_url(url).set(username="plain_user", password="plain").render_as_string(hide_password=False)
    await asyncio.to_thread(migrate, "gateway", own)
    owners = await conn.fetch("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'gateway'")
    await conn.close()
    assert [row[0] for row in owners] == ["plain_user"]


def test_only_names_of_services_reach_sql() -> None:
    with pytest.raises(Exception, match="not a service name"):
        service_config('x"; DROP SCHEMA public', "postgresql://localhost/x")
