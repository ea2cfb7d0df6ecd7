"""Migrations of a service, and the tables that every service has."""

from __future__ import annotations

import asyncio
import sys
from datetime import date

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from services.campaigns.tables import metadata as campaigns_metadata
from services.feedback.tables import metadata as feedback_metadata
from services.gateway.tables import metadata as gateway_metadata
from services.loyalty.tables import metadata as loyalty_metadata
from services.metrics.tables import metadata as metrics_metadata
from shared.db.engine import plain_url
from shared.db.migrating import differences, downgrade, migrate, service_config
from shared.db.partitions import ProcessedPartitions, month_of
from shared.db.roles import RoleTrouble
from shared.db.tables import RUNTIME_TABLES, service_metadata
from shared.settings import Logins
from shared.testing import Databases
from tests.messaging.probe import prepare

_BEFORE_MONTHS = "0003"
"""The revision of gateway before `processed_month`."""
SERVICES = {
    "campaigns": campaigns_metadata,
    "feedback": feedback_metadata,
    "gateway": gateway_metadata,
    "loyalty": loyalty_metadata,
    "metrics": metrics_metadata,
}


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


async def test_months_of_ids_made_before_they_were_noted_count_as_asked_for_today(databases: Databases) -> None:
    url = await databases.create("gateway")
    days = [date(1980, 1, 1).toordinal(), date(2014, 5, 3).toordinal(), date(2400, 2, 1).toordinal()]
    conn = await asyncpg.connect(plain_url(url), server_settings={"search_path": "gateway"})
    try:
        await ProcessedPartitions().ensure(conn, days, 1)
        await asyncio.to_thread(downgrade, "gateway", url, _BEFORE_MONTHS)
        await asyncio.to_thread(migrate, "gateway", url)
        noted = await conn.fetch("SELECT first, taken_on - (current_date - date '0001-01-01' + 1) FROM processed_month")
        assert sorted(map(tuple, noted)) == [(month_of(day)[0], 0) for day in days]
    finally:
        await conn.close()


async def test_a_user_who_may_not_make_roles_is_told_which_to_ask_for_and_owns_the_schema(
    databases: Databases,
) -> None:
    async def plain_user(url: str) -> None:
        conn = await asyncpg.connect(plain_url(url))
        try:
            await conn.execute(
                "DROP ROLE IF EXISTS plain_user, plain_worker, plain_api; CREATE ROLE plain_user LOGIN PASSWORD 'plain'"
            )
        finally:
            await conn.close()

    url = await databases.create("plain", prepare=plain_user)
    conn = await asyncpg.connect(plain_url(url))
    await conn.execute(f'GRANT CREATE ON DATABASE "{make_url(url).database}" TO plain_user')

    def as_user(name: str, password: str) -> str:
        return make_url(url).set(username=name, password=password).render_as_string(hide_password=False)

    own = as_user("plain_user", "plain")
    logins = Logins(as_user("plain_worker", "worker's password"), as_user("plain_api", "api's password"))

    async def refused(match: str) -> None:
        with pytest.raises(RoleTrouble, match=match):
            await asyncio.to_thread(migrate, "gateway", own, logins=logins)

    await refused('plain_worker of PostgreSQL does not exist.*CREATE ROLE "plain_worker" LOGIN BYPASSRLS PASSWORD')
    await conn.execute("CREATE ROLE plain_worker LOGIN PASSWORD 'worker''s password'")
    await refused('plain_worker of PostgreSQL is not LOGIN BYPASSRLS.*ALTER ROLE "plain_worker" LOGIN BYPASSRLS;')
    await conn.execute("ALTER ROLE plain_worker BYPASSRLS; CREATE ROLE plain_api LOGIN PASSWORD 'another'")
    await refused("plain_api of PostgreSQL does not take its password.*GATEWAY_API_DATABASE_URL")
    await conn.execute("ALTER ROLE plain_api PASSWORD 'api''s password'; GRANT plain_worker TO plain_api")
    await refused("may become, plain_worker.*REVOKE plain_worker FROM it")
    await conn.execute("REVOKE plain_worker FROM plain_api")
    await asyncio.to_thread(migrate, "gateway", own, logins=logins)
    owners = await conn.fetch("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'gateway'")
    await conn.close()
    assert [row[0] for row in owners] == ["plain_user"]
    worker = await asyncpg.connect(logins.worker, server_settings={"search_path": "gateway"})
    await ProcessedPartitions().ensure(worker, [date(2026, 3, 1).toordinal()], date(2026, 3, 1).toordinal())
    await worker.close()


def test_only_names_of_services_reach_sql() -> None:
    with pytest.raises(Exception, match="not a service name"):
        service_config('x"; DROP SCHEMA public', "postgresql://localhost/x")
