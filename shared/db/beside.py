"""A second set of a service's tables, in a schema beside the live one, and the exchange of the two.

    <service>           what workers and APIs use
    <service>_rebuild   the same tables, being filled anew
    <service>_before    what was live until the exchange, until somebody drops it

Tables change schemas, not names of schemas: what stays (outbox, keys, dead letters, functions, grants) is not touched.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

ANEW, BEFORE = "rebuild", "before"

_SHAPE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = to_regnamespace($1::text) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
  AND NOT a.attisdropped
UNION ALL
SELECT t.relname, i.relname, replace(pg_get_indexdef(i.oid), $1::text || '.', ''), ''
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE t.relnamespace = to_regnamespace($1::text) AND NOT t.relispartition
UNION ALL
SELECT t.relname, c.conname, c.contype::text, '' FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE t.relnamespace = to_regnamespace($1::text) AND NOT t.relispartition
"""
_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
WHERE p.relnamespace = to_regnamespace($1::text) AND p.relname = $2 ORDER BY c.relname
"""
_OWNER = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = $1"
_IS_OURS = "SELECT rolsuper OR pg_has_role(current_user, $1, 'MEMBER') FROM pg_roles WHERE rolname = current_user"


def schema_of(service: str, kind: str) -> str:
    """Name of the schema of this kind (ANEW, BEFORE) beside a service's own."""
    return f"{service}_{kind}"


async def exists(conn: asyncpg.Connection[Any], schema: str) -> bool:
    """Whether there is such a schema."""
    return bool(await conn.fetchval("SELECT to_regnamespace($1::text) IS NOT NULL", _quoted(schema)))


async def differing_shapes(conn: asyncpg.Connection[Any], one: str, other: str) -> list[str]:
    """Columns, indexes and constraints that only one of two schemas has, as `table.name`; [] when they are alike."""
    shapes = [{tuple(row) for row in await conn.fetch(_SHAPE, schema)} for schema in (one, other)]
    return sorted({f"{row[0]}.{row[1]}" for row in shapes[0] ^ shapes[1]})


async def lock(conn: asyncpg.Connection[Any], schema: str, tables: Sequence[str]) -> None:
    """Keep everybody else out of these tables until the transaction ends. Raises LockNotAvailableError."""
    names = ", ".join(f"{_quoted(schema)}.{_quoted(table)}" for table in tables)
    await conn.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")


async def make_schema_like(conn: asyncpg.Connection[Any], schema: str, like: str) -> None:
    """An empty schema of the same owner, whom the connection becomes for the rest of the transaction if it may."""
    owner = await conn.fetchval(_OWNER, like)
    await conn.execute(f"CREATE SCHEMA {_quoted(schema)} AUTHORIZATION {_quoted(owner)}")
    await become_owner(conn, like)


async def become_owner(conn: asyncpg.Connection[Any], schema: str) -> None:
    """Act as the owner of a schema for the rest of the transaction, if the user may."""
    owner = await conn.fetchval(_OWNER, schema)
    if await conn.fetchval(_IS_OURS, owner):
        await conn.execute(f"SET LOCAL ROLE {_quoted(owner)}")


async def exchange(conn: asyncpg.Connection[Any], service: str, tables: Collection[str]) -> None:
    """Within the caller's transaction: these tables of the live schema go to BEFORE, those of ANEW take their place.

    Partitions go with their table. BEFORE must be there and empty.
    """
    anew, before = schema_of(service, ANEW), schema_of(service, BEFORE)
    for source, target in ((service, before), (anew, service)):
        for table in sorted(tables):
            partitions = [row[0] for row in await conn.fetch(_PARTITIONS, source, table)]
            for name in [*partitions, table]:
                await conn.execute(f"ALTER TABLE {_quoted(source)}.{_quoted(name)} SET SCHEMA {_quoted(target)}")


async def drop(conn: asyncpg.Connection[Any], schema: str) -> bool:
    """Drop a schema beside a live one, with all its tables. Whether there was one. ValueError for any other schema."""
    if not schema.endswith((f"_{ANEW}", f"_{BEFORE}")):
        raise ValueError("only what lies beside a live schema may be dropped")
    if not await exists(conn, schema):
        return False
    await conn.execute(f"DROP SCHEMA {_quoted(schema)} CASCADE")
    return True


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
