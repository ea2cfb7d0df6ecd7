"""Removing what generations leave behind that are neither live nor being built, in steps that keep nobody waiting."""

from __future__ import annotations

from typing import Any

import asyncpg

ROWS_MAX = 5_000
_OLD = "SELECT number FROM generation WHERE shop = $1 AND NOT live AND NOT building"
_NOT_BUILDING = "SELECT number FROM generation WHERE shop = $1 AND NOT building"
OF_OLD = ("counter", "customer_state", "transition", "gap_count", "gap_figure")
"""Tables with rows of each generation."""
OF_BUILDS = ("built_order", "built_spell", "built_gap")
_REMOVE = """
DELETE FROM {table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM {table} WHERE shop = $1 AND generation = ANY (ARRAY({numbers})) LIMIT $2))
"""
# A place in one partition is also a place in the other: counters go by their key.
_KEY = "shop, generation, basis, measure, param, currency, day, gap, shard"
_REMOVE_COUNTERS = f"""
DELETE FROM counter c
USING (SELECT {_KEY} FROM counter WHERE shop = $1 AND generation = ANY (ARRAY({{numbers}})) LIMIT $2) AS k
WHERE ({", ".join(f"c.{name}" for name in _KEY.split(", "))}) = ({", ".join(f"k.{name}" for name in _KEY.split(", "))})
"""  # noqa: S608 - constants
_UNMARK = """
DELETE FROM {table} WHERE shop = $1 AND NOT EXISTS (SELECT FROM generation WHERE shop = $1 AND building)
"""


async def purge(conn: asyncpg.Connection[Any], shop: int) -> bool:
    """One step, inside the caller's transaction. Whether something may be left."""
    for tables, numbers in ((OF_BUILDS, _NOT_BUILDING), (OF_OLD, _OLD)):
        for table in tables:
            remove = _REMOVE_COUNTERS if table == "counter" else _REMOVE.replace("{table}", table)
            statement = remove.replace("{numbers}", numbers)
            if await conn.execute(statement, shop, ROWS_MAX) != "DELETE 0":
                return True
    for table in ("touched_order", "touched_customer"):
        await conn.execute(_UNMARK.replace("{table}", table), shop)
    return False
