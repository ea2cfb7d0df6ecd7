"""A schema with the runtime's tables and nothing else, for tests of the runtime itself."""

from __future__ import annotations

from importlib import resources
from typing import Any

import asyncpg

from shared.db.security import partition_functions


async def create_schema(conn: asyncpg.Connection[Any], schema: str) -> None:
    """Make it; the connection's search path is the schema afterwards."""
    await conn.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}")
    for version in ("runtime_1.sql", "runtime_2.sql", "audit_1.sql"):
        await conn.execute(resources.files("shared.db").joinpath(version).read_text("utf-8"))
    for statement in partition_functions(schema):
        await conn.execute(statement)
