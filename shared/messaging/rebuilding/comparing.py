"""Comparing two sets of tables: the number of rows and a hash that does not depend on their order, table by table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg

from shared.messaging.rebuilding.plan import Compared

_SECONDS_MAX = 6 * 3600.0
# Two sums of 64-bit hashes: rows may come in any order, and rows that differ do not cancel out by chance.
_HASH = """
SELECT count(*), coalesce(sum(hashtextextended(t::text, 11)::numeric), 0)::text,
       coalesce(sum(hashtextextended(t::text, 12)::numeric), 0)::text
FROM ({rows}) AS t
"""


class Side(NamedTuple):
    """One table on one side."""

    rows: int
    digest: str


class Verdict(NamedTuple):
    """One table on both sides."""

    table: str
    live: Side
    rebuilt: Side
    left_out: str
    decides: bool = True

    @property
    def equal(self) -> bool:
        """Whether all that is compared is alike, or need not be."""
        return self.live == self.rebuilt or not self.decides

    @property
    def state(self) -> str:
        """In a word."""
        if self.live == self.rebuilt:
            return "equal"
        return "different" if self.decides else "otherwise"


async def digests(conn: asyncpg.Connection[Any], compared: Sequence[Compared]) -> list[Side]:
    """Each table as the connection's search path and snapshot show it. The connection must see all shops."""
    await conn.execute("SET LOCAL statement_timeout = 0")
    found = []
    for one in compared:
        row = await conn.fetchrow(_HASH.replace("{rows}", one.rows), timeout=_SECONDS_MAX)
        assert row is not None, "an aggregate without GROUP BY has one row"
        found.append(Side(row[0], f"{row[1]}/{row[2]}"))
    return found


def compare(compared: Sequence[Compared], live: Sequence[Side], rebuilt: Sequence[Side]) -> list[Verdict]:
    """Both sides beside each other, in the order of the plan."""
    return [
        Verdict(one.table, mine, other, one.left_out, one.decides)
        for one, mine, other in zip(compared, live, rebuilt, strict=True)
    ]
