"""Roles and row-level security on a real PostgreSQL: what each login sees, may write and may become."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Column, Integer, SmallInteger, Table, Text, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from mandegar.services import service_names
from services.metrics.tables import metadata as metrics_metadata
from shared.db.engine import create_pool, plain_url, server_settings
from shared.db.intents import OutboxKey, Timer
from shared.db.migrating import migrate, secure_schema
from shared.db.partitions import ProcessedPartitions, drop_before
from shared.db.reading import read_transaction
from shared.db.security import WITHOUT_SHOP, api_changes, api_grants, lift_force, secure
from shared.db.tables import service_metadata
from shared.db.transaction import write_transaction
from shared.kernel import FixedClock, ShopId
from shared.settings import Logins, login_url, logins_of
from shared.testing import Databases, api_url, worker_url
from tests.messaging.probe import added, prepare

pytestmark = pytest.mark.stack

CLOCK = FixedClock(datetime(2026, 3, 21, tzinfo=UTC))
ONE, TWO = ShopId(1), ShopId(2)
FILL = """
INSERT INTO metrics.customer_state (customer, shop, generation, first_day, orders, version, days)
SELECT c, s, 1, 0, 0, 1, '{}' FROM generate_series(1, 2) s, generate_series(1, 3 * s) c;
INSERT INTO metrics.shop (number, slug, settings, version) SELECT s, 's' || s, '{}', 1 FROM generate_series(1, 2) s;
INSERT INTO metrics.api_key (key_id, shop, sha256, scopes)
SELECT 'key' || s, s, 'hash' || s, '{}' FROM generate_series(1, 2) s
"""
TABLES_OF_SHOPS = """
SELECT c.relname, c.relispartition, c.relrowsecurity AND c.relforcerowsecurity AS bound,
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*') AS policies,
       (SELECT array_agg(DISTINCT pg_get_expr(p.polqual, p.polrelid)) FROM pg_policy p
        WHERE p.polrelid = c.oid AND p.polcmd = '*') AS shown
FROM pg_class c
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p')
  AND (c.relname = 'shop' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'shop'))
"""
GRANTED = """
SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = $1::text::regnamespace AND a.grantee = $2::text::regrole
"""


@pytest.fixture(scope="module")
async def url(databases: Databases) -> str:
    """Metrics with two shops: three customers of the first, six of the second. Only read here."""
    url = await databases.create("gateway", "metrics")
    async with connected(url) as conn:
        await conn.execute(FILL)
    return url


@asynccontextmanager
async def connected(url: str, schema: str = "metrics") -> AsyncIterator[asyncpg.Connection[Any]]:
    conn = await asyncpg.connect(plain_url(url), server_settings=server_settings(schema, "test"))
    try:
        yield conn
    finally:
        await conn.close()


@asynccontextmanager
async def pooled(url: str, schema: str, size: int = 1) -> AsyncIterator[asyncpg.Pool[Any]]:
    pool = await create_pool(url, schema, max_size=size)
    try:
        yield pool
    finally:
        await pool.close()


@contextmanager
def denied() -> Iterator[None]:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        yield


async def migrated(databases: Databases, service: str) -> str:
    """A database of the service with a partition made on demand."""
    url = await databases.create(service)
    async with connected(worker_url(url, service), service) as worker:
        await ProcessedPartitions().ensure(worker, [date(2026, 3, 1).toordinal()], date(2026, 3, 1).toordinal())
    return url


@pytest.mark.parametrize("service", service_names())
async def test_every_table_with_a_shop_has_a_policy_that_binds_its_owner_too(
    databases: Databases, service: str
) -> None:
    url = await migrated(databases, service)
    async with connected(url) as conn:
        tables = await conn.fetch(TABLES_OF_SHOPS, service)
        assert {"shop", "api_key", "processed_event", "processed_event_2026_03"} <= {row[0] for row in tables}
        for name, is_partition, bound, policies, shown in tables:
            assert bound, name
            assert policies == (0 if is_partition else 1), name  # one that concerns everybody and every command
            assert is_partition or "app.shop" in shown[0], name


@pytest.mark.parametrize("service", service_names())
async def test_apis_hold_no_grant_on_a_table_without_a_shop_unless_there_is_a_reason(
    databases: Databases, service: str
) -> None:
    from importlib import import_module

    metadata = import_module(f"services.{service}.tables").metadata
    url = await migrated(databases, service)
    async with connected(url) as conn:
        with_shop = {row[0] for row in await conn.fetch(TABLES_OF_SHOPS, service) if not row[1]}
        granted = await conn.fetch(GRANTED, service, f"mandegar_{service}_api")
        reasons = {name for name, table in metadata.tables.items() if "api_reason" in table.info}
        for name, privilege in granted:
            assert name in with_shop or name in WITHOUT_SHOP or f"{service}.{name}" in reasons, (name, privilege)
        assert {name for name, _ in granted} >= {"shop", "api_key", "alembic_version"}
        internals = {"processed_event", "processed_event_2026_03", "dead_letter", "consumer_offset"}
        assert not internals & {name for name, _ in granted}


async def test_without_a_shop_an_api_sees_nothing_and_with_one_only_that_shop(url: str) -> None:
    async with connected(api_url(url, "metrics")) as api:
        assert await api.fetchval("SELECT count(*) FROM customer_state") == 0
        assert await api.fetchval("SELECT count(*) FROM shop") == 0
        assert await api.fetchval("SELECT count(*) FROM api_key") == 0
        for shop, customers in ((1, 3), (2, 6), (3, 0)):
            async with api.transaction():
                await api.fetchval("SELECT set_config('app.shop', $1, true)", str(shop))
                assert await api.fetch("SELECT shop, count(*) FROM customer_state GROUP BY 1") == (
                    [(shop, customers)] if customers else []
                )
                assert await api.fetchval("SELECT count(*) FROM customer_state WHERE shop = $1", 3 - shop) == 0


async def test_the_shop_does_not_outlive_its_transaction_in_a_pool(url: str) -> None:
    async with pooled(api_url(url, "metrics"), "metrics") as pool:  # one connection
        async with read_transaction(pool, TWO) as reads:
            assert len(await reads.fetch("SELECT FROM customer_state")) == 6
        assert await pool.fetchval("SELECT count(*) FROM customer_state") == 0
        with pytest.raises(RuntimeError):
            async with write_transaction(pool, CLOCK, TWO) as tx:
                assert await tx.conn.fetchval("SELECT count(*) FROM customer_state") == 6
                raise RuntimeError
        assert await pool.fetchval("SELECT count(*) FROM customer_state") == 0
        assert await pool.fetchval("SELECT current_setting('app.shop', true)") == ""


async def test_a_key_that_is_shown_opens_itself_and_its_shop_and_no_other(url: str) -> None:
    async with connected(api_url(url, "metrics")) as api, api.transaction():
        await api.fetchval("SELECT set_config('app.key', 'key2', true)")
        assert await api.fetch("SELECT key_id, shop FROM api_key") == [("key2", 2)]
        assert await api.fetch("SELECT number FROM shop") == [(2,)]
        assert await api.fetchval("SELECT count(*) FROM customer_state") == 0


async def test_workers_see_all_shops_and_change_no_table(url: str) -> None:
    async with connected(worker_url(url, "metrics")) as worker:
        assert await worker.fetchval("SELECT count(*) FROM customer_state") == 9
        for statement in (
            "CREATE TABLE mine (shop int)",
            "ALTER TABLE customer_state ADD COLUMN x int",
            "DROP TABLE customer_state",
            "TRUNCATE customer_state",
            "UPDATE alembic_version SET version_num = ''",
            "SET ROLE mandegar_metrics",
            "CREATE SCHEMA mine",
        ):
            with denied():
                await worker.execute(statement)


async def test_an_api_can_become_nobody_and_lift_nothing(url: str) -> None:
    async with connected(api_url(url, "metrics")) as api:
        for statement in (
            "SET ROLE mandegar_metrics",
            "SET ROLE mandegar_metrics_worker",
            "SET ROLE mandegar_gateway_api",
            "SET SESSION AUTHORIZATION mandegar_metrics_worker",
            "ALTER TABLE customer_state DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE customer_state NO FORCE ROW LEVEL SECURITY",
            "DROP POLICY of_shop_1 ON customer_state",
            "CREATE POLICY all_of_it ON customer_state USING (true)",
            "ALTER ROLE mandegar_metrics_api BYPASSRLS",
            "SELECT add_processed_partition('processed_event_2026_05', 1, 2)",
            "SELECT FROM gateway.customer",
            "INSERT INTO customer_state SELECT * FROM customer_state",
            "DELETE FROM api_key",
            "SELECT FROM dead_letter",
            "SELECT FROM outbox",
        ):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidSchemaNameError)):
                await api.execute(statement)
        await api.execute("SET row_security = off")
        with denied():  # an error instead of all rows
            await api.fetch("SELECT FROM customer_state")


async def test_the_owner_is_bound_as_well(url: str) -> None:
    async with connected(url) as conn:
        assert await conn.fetchval("SELECT count(*) FROM customer_state") == 9  # a superuser
        await conn.execute("SET ROLE mandegar_metrics")
        assert await conn.fetchval("SELECT count(*) FROM customer_state") == 0


async def test_a_migration_that_changes_data_sees_it_and_the_owner_is_bound_again_after(url: str) -> None:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    count = text("SELECT count(*) FROM metrics.customer_state")
    try:
        async with engine.connect() as conn:
            await conn.execute(text("SET ROLE mandegar_metrics"))
            await conn.run_sync(lift_force, "metrics")
            assert (await conn.execute(count)).scalar() == 9
            await conn.run_sync(secure, "metrics", metrics_metadata, logins_of("metrics", url, {}))
            assert (await conn.execute(count)).scalar() == 0
            await conn.rollback()
    finally:
        await engine.dispose()


async def test_partitions_are_made_and_dropped_for_workers_and_no_other_table_is(databases: Databases) -> None:
    url = await migrated(databases, "metrics")
    async with connected(worker_url(url, "metrics")) as worker:
        await worker.execute(
            "INSERT INTO processed_event VALUES ($1, 1, gen_random_uuid(), 0)", date(2026, 3, 9).toordinal()
        )
        with denied():
            await worker.fetch("SELECT FROM processed_event_2026_03")  # by its parent or not at all
        assert await worker.fetchval("SELECT count(*) FROM processed_event") == 1
        with pytest.raises(asyncpg.InvalidParameterValueError):
            await worker.execute("SELECT add_processed_partition('counter', 1, 2)")
        await worker.execute("SELECT drop_processed_partition('counter')")
        assert await worker.fetchval("SELECT count(*) FROM counter") == 0
        assert await drop_before(worker, date(2026, 4, 1).toordinal()) == ["processed_event_2026_03"]
        assert await worker.fetchval("SELECT count(*) FROM processed_event") == 0


async def test_a_database_made_before_or_changed_by_hand_is_put_right_by_migrating(databases: Databases) -> None:
    url = await databases.create("metrics")
    async with connected(url) as conn:
        await conn.execute(
            "SET ROLE mandegar_metrics; CREATE TABLE forgotten (shop smallint, n int);"
            "DROP POLICY of_shop_1 ON counter; ALTER TABLE counter DISABLE ROW LEVEL SECURITY;"
            "ALTER TABLE refund NO FORCE ROW LEVEL SECURITY; CREATE POLICY all_of_it ON refund USING (true);"
            "GRANT SELECT ON forgotten TO PUBLIC; GRANT DELETE, UPDATE (slug) ON shop TO mandegar_metrics_api;"
            "REVOKE SELECT ON counter FROM mandegar_metrics_api, mandegar_metrics_worker;"
            "DROP FUNCTION add_processed_partition; RESET ROLE"
        )
        await asyncio.to_thread(migrate, "metrics", url)
        rows = {row[0]: tuple(row)[2:] for row in await conn.fetch(TABLES_OF_SHOPS, "metrics")}
        assert all(rows[name][:2] == (True, 1) for name in ("forgotten", "counter", "refund"))
        granted = set(await conn.fetch(GRANTED, "metrics", "mandegar_metrics_api"))
        assert ("counter", "SELECT") in granted
        assert not {("forgotten", "SELECT"), ("shop", "DELETE")} & granted
        assert not await conn.fetchval("SELECT has_any_column_privilege('mandegar_metrics_api', 'shop', 'UPDATE')")
        async with connected(api_url(url, "metrics")) as api:
            with denied():
                await api.fetch("SELECT FROM forgotten")
        async with connected(worker_url(url, "metrics")) as worker:
            await ProcessedPartitions().ensure(worker, [date(2026, 3, 1).toordinal()], date(2026, 3, 1).toordinal())
            await worker.fetch("SELECT FROM forgotten")


async def test_migrating_gives_logins_the_passwords_that_are_set(databases: Databases) -> None:
    url = await databases.create("metrics")
    before = logins_of("metrics", url, {})
    names = {"METRICS_WORKER_DATABASE_URL": "keeper", "METRICS_API_DATABASE_URL": "asker"}
    for password in ("it's a long one: äöü", "another long one"):
        named = {
            variable: login_url(name, "api", base=url, environ={"MANDEGAR_DATABASE_API_PASSWORD": password})
            for variable, name in names.items()
        }
        own = Logins(*named.values())
        await asyncio.to_thread(migrate, "metrics", url, logins=own)
        for login in own:
            async with connected(login) as conn:
                assert await conn.fetchval("SELECT count(*) FROM counter") == 0
    async with connected(before.api) as former:  # what it was given before stays its own until somebody takes it
        assert await former.fetchval("SELECT count(*) FROM counter") == 0


@pytest.fixture(scope="module")
async def pool(databases: Databases) -> AsyncIterator[asyncpg.Pool[Any]]:
    """The API of a service that has a table which it may write."""
    metadata = service_metadata("probe")
    columns = (Column("shop", SmallInteger), Column("customer", Text), Column("total", Integer))
    Table("account", metadata, *columns, info={"api": "SELECT, INSERT", "api_changes": ("total",)})
    url = await databases.create("probe", prepare=prepare)
    await asyncio.to_thread(secure_schema, "probe", url, metadata)
    async with pooled(api_url(url, "probe"), "probe", 2) as pool:
        yield pool


async def test_an_api_writes_and_publishes_for_its_shop(pool: asyncpg.Pool[Any]) -> None:
    key = OutboxKey(ONE, b"demo:a")
    for sequence in (1, 2):
        async with write_transaction(pool, CLOCK, ONE) as tx:
            await tx.lock_keys({key: 1})
            await tx.conn.execute("INSERT INTO account VALUES (1, $1, 5, 1)", f"c{sequence}")
            assert tx.sequence(key) == sequence
            tx.publish("t", key, added(sequence))
            tx.set_timer(Timer(ONE, "lapse", "a", CLOCK.now(), 0))
    async with read_transaction(pool, ONE) as reads:
        assert len(await reads.fetch("SELECT FROM account")) == 2
    with denied():
        await pool.fetch("SELECT FROM outbox")


async def test_an_api_cannot_write_a_row_of_another_shop(pool: asyncpg.Pool[Any]) -> None:
    for statement in ("INSERT INTO account VALUES (2, 'x', 5, 1)", "UPDATE account SET shop = 2"):
        async with write_transaction(pool, CLOCK, ONE) as tx:
            await tx.conn.execute("INSERT INTO account VALUES (1, 'y', 5, 1) ON CONFLICT DO NOTHING")
            with denied():
                async with tx.conn.transaction():
                    await tx.conn.execute(statement)
    with denied():
        async with write_transaction(pool, CLOCK, ONE) as tx:
            await tx.lock_keys({OutboxKey(TWO, b"other:a"): 1})
    with denied():  # no shop at all
        await pool.execute("INSERT INTO account VALUES (1, 'z', 5, 1)")


async def test_an_api_neither_changes_nor_deletes_what_it_cannot_see(pool: asyncpg.Pool[Any]) -> None:
    async with write_transaction(pool, CLOCK, ONE) as tx:
        await tx.conn.execute("INSERT INTO account VALUES (1, 'w', 5, 1)")
    async with write_transaction(pool, CLOCK, TWO) as tx:
        assert await tx.conn.execute("UPDATE account SET total = 0") == "UPDATE 0"
        with denied():  # not among the grants
            await tx.conn.execute("DELETE FROM account")


async def test_an_api_locks_rows_and_changes_the_columns_that_are_named_and_no_others(pool: asyncpg.Pool[Any]) -> None:
    async with write_transaction(pool, CLOCK, ONE) as tx:
        await tx.conn.execute("INSERT INTO account VALUES (1, 'v', 5, 1)")
        assert await tx.conn.fetchval("SELECT total FROM account WHERE customer = 'v' FOR UPDATE") == 5
        assert await tx.conn.execute("UPDATE account SET total = 6 WHERE customer = 'v'") == "UPDATE 1"
    for change in ("customer = 'u'", "shop = 2", "total = 7, customer = 'u'"):
        with denied():
            async with write_transaction(pool, CLOCK, ONE) as tx:
                await tx.conn.execute(f"UPDATE account SET {change} WHERE customer = 'v'")


def test_a_grant_on_a_table_without_a_shop_needs_a_reason() -> None:
    metadata = service_metadata("probe")
    table = Table("rate", metadata, Column("currency", Text), info={"api": "SELECT"})
    with pytest.raises(ValueError, match="rate has no shop"):
        api_grants(metadata)
    table.info["api_reason"] = "the same for all shops"
    assert api_grants(metadata)["rate"] == {"SELECT"}
    table.info["api"] = "SELECT, TRUNCATE"
    with pytest.raises(ValueError, match="cannot be granted TRUNCATE"):
        api_grants(metadata)


def test_a_right_to_change_a_column_that_is_not_there_is_a_mistake() -> None:
    metadata = service_metadata("probe")
    table = Table("rate", metadata, Column("shop", SmallInteger), Column("state", Text), info={"api": "SELECT"})
    table.info["api_changes"] = ("state", "stat")
    with pytest.raises(ValueError, match="rate: there is no column stat "):
        api_changes(metadata)
    table.info["api_changes"] = ("state",)
    assert {tuple(change) for change in api_changes(metadata)} == {("rate", "state", "UPDATE")}
