"""Row-level security and grants, applied from the catalogue after every migration, so that no table is forgotten.

Each table with a column `shop` has a policy: who does not bypass policies sees and writes rows of the shop in
`app.shop`, which `read_transaction` and `write_transaction` set for the transaction, and no row without it. FORCE
binds the owner as well. Workers' role bypasses policies and takes the shop from the event.

What the APIs' role may do beside that is said with the table, in its `info`:

    Table("answer", metadata, …, info={"api": "SELECT, INSERT"})

`"api_changes": ("state",)` beside it allows changing these columns of rows, and no others; it is also what locking a
row takes. Without `api` a slice's table with a shop may be read, and no other. A table without a shop needs a reason:
`info={"api": "SELECT", "api_reason": "the same for all shops"}`.

Workers may do everything but DDL, unless the table says less: `info={"worker": "SELECT, INSERT"}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from sqlalchemy import Connection, MetaData, Row, Table, text

from shared.db.tables import AUDIT_TABLES, RUNTIME_TABLES
from shared.settings.logins import Logins, user_of

WORKER_GRANTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
WITHOUT_SHOP = {
    "alembic_version": "readiness compares it with the version that the code was written for; it holds nothing else",
    "outbox": "insert only, and only where an API publishes: what others publish cannot be read or changed",
}
"""Tables of the runtime without a shop that the APIs' role may have a grant on, and why."""

# Where an API writes at all, it publishes through the same tables as everybody.
_TO_PUBLISH = {
    "outbox": {"INSERT"},
    "outbox_key": {"SELECT", "INSERT", "UPDATE"},
    "timer": {"SELECT", "INSERT", "UPDATE"},
}
_READ_BY_APIS = {"shop": {"SELECT"}, "api_key": {"SELECT"}}
"""By the policies: those of the caller's shop; before that is known, the one key that the caller has shown, or the one
shop that their token names."""

# A subquery, so that it is evaluated once for a statement and not for each row.
_SHOP = "(SELECT NULLIF(current_setting('app.shop', true), '')::int)"
_KEY = "(SELECT NULLIF(current_setting('app.key', true), ''))"
_SLUG = "(SELECT NULLIF(current_setting('app.slug', true), ''))"
_KEYS_SHOP = f"(SELECT k.shop FROM api_key AS k WHERE k.key_id = {_KEY})"  # noqa: S608 - constants
# Policies are named with a version: one whose expression changes gets another name, and the old one goes.
_OF_SHOP, _OF_KEY, _OF_SLUG = "of_shop_1", "of_key_1", "of_slug_1"

_TABLES = text("""
SELECT c.oid, c.relname AS name, c.relispartition AS is_partition,
       c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'shop' AND NOT a.attisdropped)
           AS has_shop,
       ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
FROM pg_class c
WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p')
ORDER BY c.relname
""")
_GRANTS = text("""
SELECT c.relname AS name, coalesce(r.rolname, '') AS role, a.privilege_type AS privilege
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND coalesce(r.rolname, '') = ANY(:roles)
""")
_COLUMN_GRANTS = text("""
SELECT c.relname AS name, k.attname AS column, a.privilege_type AS privilege
FROM pg_class c JOIN pg_attribute k ON k.attrelid = c.oid CROSS JOIN LATERAL aclexplode(k.attacl) AS a
     JOIN pg_roles r ON r.oid = a.grantee
WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND r.rolname = :role
""")

_COLUMNS = text("""
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
""")

Grants = dict[str, set[str]]


class Change(NamedTuple):
    """A column that may be changed, or another right on it."""

    table: str
    column: str
    privilege: str = "UPDATE"


class _Roles(NamedTuple):
    worker: str
    api: str


def secure(connection: Connection, schema: str, metadata: MetaData, logins: Logins) -> None:
    """Policies, grants and the functions of workers, as the schema's owner. Writes only what differs.

    Raises ValueError when a table's `info` asks for what it may not have.
    """
    connection.execute(text(f"SET LOCAL search_path = {_quoted(schema)}"))
    tables = connection.execute(_TABLES, {"schema": schema}).all()
    names = {table.name for table in tables}
    for table in tables:
        _protect(connection, schema, table)
    roles = _Roles(user_of(logins.worker), user_of(logins.api))
    if "processed_event" in names:
        _make_functions(connection, schema, roles)
    for role in roles:
        connection.execute(text(f'GRANT USAGE ON SCHEMA "{schema}" TO {_quoted(role)}'))
    wanted = {roles.worker: _worker_grants(tables, metadata), roles.api: api_grants(metadata), "": Grants()}
    _grant(connection, schema, names, wanted)
    _grant_columns(connection, schema, roles.api, api_changes(metadata))


def lift_force(connection: Connection, schema: str) -> None:
    """Let the owner see all rows, for migrations that change data. `secure` binds it again."""
    for table in connection.execute(_TABLES, {"schema": schema}).all():
        if table.forced:
            connection.execute(text(f"ALTER TABLE {_table(schema, table.name)} NO FORCE ROW LEVEL SECURITY"))


def api_grants(metadata: MetaData) -> Grants:
    """What the APIs' role of a service may do, by table."""
    grants: Grants = {"alembic_version": {"SELECT"}}
    for table in metadata.tables.values():
        if privileges := _asked(table):
            grants[table.name] = privileges
    if any(privileges - {"SELECT"} for name, privileges in grants.items() if name not in AUDIT_TABLES):
        for name, privileges in _TO_PUBLISH.items():
            grants[name] = grants.get(name, set()) | privileges
    return grants


def api_changes(metadata: MetaData) -> set[Change]:
    """Columns that the APIs' role of a service may change where it may not change all. ValueError for one not there."""
    changes = {Change(table.name, name) for table in metadata.tables.values() for name in _changing(table)}
    for table in metadata.tables.values():
        if unknown := set(_changing(table)) - set(table.columns.keys()):
            raise ValueError(f"{table.name}: there is no column {', '.join(sorted(unknown))} to be changed")
    return changes


def _changing(table: Table) -> tuple[str, ...]:
    columns: tuple[str, ...] = table.info.get("api_changes", ())
    return columns


def _asked(table: Table) -> set[str]:
    own = {"SELECT"} if "shop" in table.columns else set()
    usual = _READ_BY_APIS.get(table.name, set()) if table.name in RUNTIME_TABLES else own
    asked = table.info.get("api")
    privileges = usual if asked is None else _parts(asked)
    if privileges - WORKER_GRANTS:
        raise ValueError(f"{table.name}: an API cannot be granted {', '.join(sorted(privileges - WORKER_GRANTS))}")
    has_policy = "shop" in table.columns or table.name == "shop"
    if privileges and not has_policy and not table.info.get("api_reason"):
        raise ValueError(f"{table.name} has no shop and so no policy: a grant to APIs needs `api_reason` in its info")
    return privileges


def _worker_grants(tables: Sequence[Row[Any]], metadata: MetaData) -> Grants:
    """Everything but DDL; nothing on partitions, which are reached through their parent."""
    fewer = {"alembic_version": {"SELECT"}, "audit_entry": WORKER_GRANTS - {"UPDATE"}}
    fewer |= {table.name: _parts(table.info["worker"]) for table in metadata.tables.values() if "worker" in table.info}
    names = [table.name for table in tables if not table.is_partition]
    return {name: set(fewer.get(name, WORKER_GRANTS)) for name in names}


def _parts(asked: str) -> set[str]:
    return {part.strip().upper() for part in asked.split(",") if part.strip()}


def _protect(connection: Connection, schema: str, table: Row[Any]) -> None:
    policies = _policies(table)
    if policies is None:
        return
    name = _table(schema, table.name)
    if not (table.enabled and table.forced):
        connection.execute(text(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"))
    for policy, definition in policies.items():
        if policy not in table.policies:
            connection.execute(text(f"CREATE POLICY {policy} ON {name} {definition}".replace(":", "\\:")))
    for policy in set(table.policies) - set(policies):
        connection.execute(text(f"DROP POLICY {_quoted(policy)} ON {name}"))


def _policies(table: Row[Any]) -> dict[str, str] | None:
    """Policies by name; None for a table of no shop. A partition has none: its parent's are what counts."""
    if table.name == "shop":
        return {
            _OF_SHOP: f"USING (number = {_SHOP}) WITH CHECK (number = {_SHOP})",
            _OF_KEY: f"FOR SELECT USING (number = {_KEYS_SHOP})",
            _OF_SLUG: f"FOR SELECT USING (slug = {_SLUG})",
        }
    if not table.has_shop:
        return None
    if table.is_partition:
        return {}
    policies = {_OF_SHOP: f"USING (shop = {_SHOP}) WITH CHECK (shop = {_SHOP})"}
    if table.name == "api_key":
        policies[_OF_KEY] = f"FOR SELECT USING (key_id = {_KEY})"
    return policies


def _make_functions(connection: Connection, schema: str, roles: _Roles) -> None:
    for statement in partition_functions(schema):
        connection.exec_driver_sql(statement)
    for function in ("add_processed_partition(text, int, int)", "drop_processed_partition(text)"):
        connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC, {_quoted(roles.api)}")
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {function} TO {_quoted(roles.worker)}")


def partition_functions(schema: str) -> list[str]:
    """The statements that make the functions of `shared.db.partitions`; the search path must be the schema."""
    sql = resources.files("shared.db").joinpath("partitions.sql").read_text(encoding="utf-8")
    code = sql.replace("{schema}", schema)
    return [f"CREATE OR REPLACE{part}" for part in code.split("CREATE OR REPLACE")[1:]]


def _grant(connection: Connection, schema: str, names: set[str], wanted: Mapping[str, Grants]) -> None:
    """Give what is missing and take what is too much; "" is everybody."""
    rows = connection.execute(_GRANTS, {"schema": schema, "roles": list(wanted)}).all()
    for role, grants in wanted.items():
        held: Grants = {}
        for row in rows:
            if row.role == role:
                held.setdefault(row.name, set()).add(row.privilege)
        who = _quoted(role) if role else "PUBLIC"
        for name in sorted(names):
            missing, surplus = grants.get(name, set()) - held.get(name, set()), held.get(name, set())
            surplus = surplus - grants.get(name, set())
            if surplus:
                connection.execute(text(f"REVOKE {', '.join(sorted(surplus))} ON {_table(schema, name)} FROM {who}"))
            if missing:
                connection.execute(text(f"GRANT {', '.join(sorted(missing))} ON {_table(schema, name)} TO {who}"))


def _grant_columns(connection: Connection, schema: str, role: str, wanted: set[Change]) -> None:
    """Likewise of columns. Whoever lost a right on a table has lost it on its columns, so these come after.

    At an older revision, as a failed or a taken back migration leaves it, columns that are described may not be there.
    """
    there = {tuple(row) for row in connection.execute(_COLUMNS, {"schema": schema})}
    wanted = {change for change in wanted if (change.table, change.column) in there}
    held = {Change(*row) for row in connection.execute(_COLUMN_GRANTS, {"schema": schema, "role": role})}
    for changes, verb, way in ((held - wanted, "REVOKE", "FROM"), (wanted - held, "GRANT", "TO")):
        for table, column, privilege in sorted(changes):
            what = f"{privilege} ({_quoted(column)}) ON {_table(schema, table)}"
            connection.execute(text(f"{verb} {what} {way} {_quoted(role)}"))


def _table(schema: str, name: str) -> str:
    return f"{_quoted(schema)}.{_quoted(name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
