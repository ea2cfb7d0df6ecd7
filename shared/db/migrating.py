"""Migrations: one alembic history and version table for each service, in the service's own schema.

A service has two short files. `services/<name>/migrations/env.py`:

    from services.<name>.tables import metadata          # service_metadata("<name>") and the slices' tables
    from shared.db.migrating import run_env

    run_env("<name>", metadata)

and a first revision in `services/<name>/migrations/versions/0001_first.py`, whose `upgrade()` begins with

    create_runtime_tables(op, "<name>")

and whose `downgrade()` ends with `drop_runtime_tables(op, "<name>")`. The search path during an upgrade is the
service's schema, so raw SQL needs no prefix. `new_revision` writes further ones from the template beside this file.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

import alembic.command
from alembic import context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db.roles import make_roles, prove
from shared.db.security import lift_force, secure
from shared.db.tables import AUDIT_TABLES, RUNTIME_TABLES
from shared.settings.logins import Logins, logins_of

log = logging.getLogger(__name__)

_LOCK_TIMEOUT = "5s"
"""A migration that cannot have its lock gives up rather than queue in front of all writers."""
_ADVISORY_SPACE = 0x6D61  # so that migrations' locks never meet other advisory locks of ours
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_ONE_AT_A_TIME = Lock()  # alembic keeps its context in a module: threads of one process take turns
_LATER = ("processed_month",)
"""Tables of later versions, whose own migrations remove them."""


def create_runtime_tables(op: Any, schema: str) -> None:
    """The runtime's tables in a service's schema; the first step of its first migration. `op` is alembic's."""
    _execute_file(op.get_bind(), _target(schema), "runtime_1.sql")


def note_processed_months(op: Any, schema: str) -> None:
    """The runtime's second version: when ids of which month were last asked for. A service's migration calls it."""
    _execute_file(op.get_bind(), _target(schema), "runtime_2.sql")


def drop_runtime_tables(op: Any, schema: str) -> None:
    """Undo `create_runtime_tables`."""
    tables = ", ".join(f'"{schema}".{table}' for table in RUNTIME_TABLES if table not in _LATER)
    op.execute(f"DROP TABLE {tables}")  # at once: the policy of one of them asks another


def create_audit_tables(op: Any, schema: str) -> None:
    """The audit log and the last uses of keys, in a revision of their own. `op` is alembic's."""
    _execute_file(op.get_bind(), _target(schema), "audit_1.sql")


def drop_audit_tables(op: Any, schema: str) -> None:
    """Undo `create_audit_tables`."""
    tables = ", ".join(f'"{schema}".{table}' for table in AUDIT_TABLES)
    op.execute(f"DROP TABLE {tables}")
    op.execute(f'DROP FUNCTION "{schema}".keep_audit()')


def migrate(
    service: str,
    database_url: str,
    revision: str = "head",
    *,
    logins: Logins | None = None,
    schema: str | None = None,
) -> None:
    """Bring a service's schema to a revision. Blocking, and runs a loop of its own: from async code use a thread.

    `schema` names another one for the same tables, as a rebuild has it. Revisions must then name no schema: the search
    path does, and `shared.db.beside` compares what came of it.

    Makes the schema and, if the connecting user may, an owner role without log-in and the two logins, by default those
    derived from the URL; then policies and grants on every table. Several processes may call it at once: they wait for
    each other. Raises alembic's CommandError, RoleTrouble, LoginError or the database's error.
    """
    logins = logins or logins_of(service, database_url, {})
    config = _upgrading(service, database_url, logins)
    if schema is not None:
        _check_name(schema)
        config.attributes["schema"] = schema
    with _ONE_AT_A_TIME:
        alembic.command.upgrade(config, revision)
    asyncio.run(prove(service, database_url, logins))


def downgrade(service: str, database_url: str, revision: str, *, logins: Logins | None = None) -> None:
    """Take a service's schema back to a revision (`base` for none). The schema itself and the roles stay."""
    config = _upgrading(service, database_url, logins or logins_of(service, database_url, {}))
    config.attributes["back"] = True
    with _ONE_AT_A_TIME:
        alembic.command.downgrade(config, revision)


def _upgrading(service: str, database_url: str, logins: Logins) -> Config:
    config = service_config(service, database_url)
    config.attributes["logins"] = logins
    return config


def new_revision(service: str, database_url: str, message: str) -> None:
    """Write the next revision file from the difference between tables.py and the database."""
    alembic.command.revision(service_config(service, database_url), message, autogenerate=True)


def differences(service: str, database_url: str, metadata: MetaData) -> list[Any]:
    """What `alembic check` would report: how the migrated database differs from the described tables. [] is right."""

    def compare(connection: Connection) -> list[Any]:
        options = {
            "include_schemas": True,
            "include_name": _names_of(service),
            "include_object": _objects_of(metadata),
            "compare_type": True,
            "compare_server_default": False,
            "version_table_schema": service,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    return asyncio.run(_with_connection(database_url, compare))


def secure_schema(service: str, database_url: str, metadata: MetaData) -> None:
    """Roles, policies and grants alone, for tables that no revision made. Blocking, as `migrate`."""
    logins = logins_of(service, database_url, {})

    def run(connection: Connection) -> None:
        make_roles(connection, service, logins)
        secure(connection, service, metadata, logins)

    asyncio.run(_with_connection(database_url, run))
    asyncio.run(prove(service, database_url, logins))


def service_config(service: str, database_url: str) -> Config:
    """Alembic's configuration of a service, without a file."""
    _check_name(service)
    folder = resources.files(f"services.{service}").joinpath("migrations")
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["database_url"] = database_url
    return config


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise CommandError(f"{name!r} is not a service name")


def _target(service: str) -> str:
    """The schema that is being migrated: the service's own, or one beside it."""
    schema: str = context.config.attributes.get("schema", service)
    return schema


def run_env(service: str, metadata: MetaData) -> None:
    """What a service's `env.py` calls."""
    attributes = context.config.attributes
    url = attributes.get("database_url")
    if url is None:
        raise CommandError("run migrations with `mandegar migrate`: they need the database's URL")

    logins: Logins | None = attributes.get("logins")
    schema = _target(service)

    def run(connection: Connection) -> None:
        # Session lock, not a transaction's: it must hold from before the schema is made until all revisions ran.
        connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
        _wait_for_turn(connection, service)
        if logins is not None:
            make_roles(connection, service, logins)
        _make_schema(connection, schema, owner_role(service))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table="alembic_version",
            version_table_schema=schema,
            include_schemas=True,
            include_name=_names_of(service),
            include_object=_objects_of(metadata),
            compare_type=True,
            transaction_per_migration=True,
        )
        if logins is None:
            with context.begin_transaction():
                context.run_migrations()
        else:
            _run_revisions(connection, schema, metadata, logins)

    asyncio.run(_with_connection(url, run))


def _run_revisions(connection: Connection, schema: str, metadata: MetaData, logins: Logins) -> None:
    """The revisions; then, whether they ended well or not, policies and grants on what is there."""
    # Not for autogenerate: with the search path, it would see foreign keys without their schema.
    connection.execute(text(f'SET search_path = "{schema}"'))
    connection.commit()
    if context.config.attributes.get("back") or not _is_current(connection, schema):
        lift_force(connection, schema)  # revisions run as the owner, who else would see no row of any shop
        connection.commit()
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()  # nothing, unless a revision failed
        secure(connection, schema, metadata, logins)
        connection.commit()


def _is_current(connection: Connection, schema: str) -> bool:
    found = connection.execute(text("SELECT to_regclass(:name)"), {"name": f'"{schema}".alembic_version'}).scalar()
    if found is None:
        return True  # nothing is there yet
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version == ScriptDirectory.from_config(context.config).get_current_head()


async def _with_connection(database_url: str, work: Callable[[Connection], Any]) -> Any:
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": 10, "command_timeout": 600})
    try:
        async with engine.connect() as connection:
            result = await connection.run_sync(work)
            await connection.commit()
            return result
    finally:
        await engine.dispose()


def _wait_for_turn(connection: Connection, service: str) -> None:
    key = crc32(service.encode()) - 2**31
    # The advisory lock falls under lock_timeout as well; here waiting is right, as the other one does our work.
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:space, :key)"), {"space": _ADVISORY_SPACE, "key": key})
    connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))


def owner_role(service: str) -> str:
    """The role without log-in that owns a service's schemas, where the operator may make roles."""
    return f"mandegar_{service}"


def _make_schema(connection: Connection, schema: str, role: str) -> None:
    owner = connection.execute(
        text("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = :s"), {"s": schema}
    ).scalar()
    may = connection.execute(
        text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    ).scalar()
    if owner is None and not may:
        log.info("the database user may not create roles: schema %s belongs to the user itself", schema)
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    elif owner is None:
        _make_role(connection, role)
        connection.execute(text(f'CREATE SCHEMA "{schema}" AUTHORIZATION "{role}"'))
        owner = role
    if may and owner == role:
        connection.execute(text(f'SET ROLE "{role}"'))


def _make_role(connection: Connection, role: str) -> None:
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role}).scalar()
    if known is None:
        savepoint = connection.begin_nested()
        try:
            connection.execute(text(f'CREATE ROLE "{role}" NOLOGIN'))
            savepoint.commit()
        except DBAPIError:
            savepoint.rollback()  # roles are the whole cluster's: another database's migration was quicker
    connection.execute(text(f'GRANT "{role}" TO CURRENT_USER'))


def _execute_file(connection: Connection, schema: str, name: str) -> None:
    sql = resources.files("shared.db").joinpath(name).read_text(encoding="utf-8")
    code = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    connection.execute(text(f'SET LOCAL search_path = "{schema}"'))
    for statement in code.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def _names_of(service: str) -> Callable[..., bool]:
    def include(name: str | None, kind: str, _parents: Any) -> bool:
        return name == service if kind == "schema" else True

    return include


def _objects_of(metadata: MetaData) -> Callable[..., bool]:
    """All but Alembic's own table and partitions, which the tables of their names' beginning describe."""
    tables = metadata.tables.values()
    partitions = tuple(f"{table.name}_" for table in tables if table.dialect_options["postgresql"]["partition_by"])

    def include(_item: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:
        if kind == "table" and name is not None and reflected:
            return name != "alembic_version" and not name.startswith(partitions)
        return True

    return include


def template() -> Path:
    """The mako template of new revisions; a service's `migrations/script.py.mako` is a copy of it."""
    return Path(str(resources.files("shared.db").joinpath("script.py.mako")))
