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


# Rows that differ are looked for among those of one value of another hash, so that a large table is not read in memory.
_BUCKETS = """
SELECT hashtextextended(t::text, 13) & $1 AS bucket, sum(hashtextextended(t::text, 11)::numeric)::text
FROM ({rows}) AS t GROUP BY 1
"""
_OF_BUCKET = """
SELECT to_json(t)::text FROM ({rows}) AS t WHERE hashtextextended(t::text, 13) & $1 = $2 LIMIT 20000
"""
_ROWS_A_BUCKET = 500
_BUCKETS_READ = 3


class Side(NamedTuple):
    """One table on one side."""

    rows: int
    digest: str


class Examples(NamedTuple):
    """Rows, as JSON, that one side has and the other has not: some of them."""

    live: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """One table on both sides."""

    table: str
    live: Side
    rebuilt: Side
    left_out: str
    decides: bool = True
    alone: Examples = Examples()

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


async def exemplified(
    live: asyncpg.Connection[Any],
    rebuilt: asyncpg.Connection[Any],
    compared: Sequence[Compared],
    verdicts: Sequence[Verdict],
    limit: int = 5,
) -> list[Verdict]:
    """The verdicts, with up to `limit` rows of each side where tables differ. In the snapshots that were hashed."""
    found = []
    for one, verdict in zip(compared, verdicts, strict=True):
        alone = Examples() if verdict.state == "equal" else await _alone(live, rebuilt, one, verdict, limit)
        found.append(verdict._replace(alone=alone))
    return found


async def _alone(
    live: asyncpg.Connection[Any], rebuilt: asyncpg.Connection[Any], one: Compared, verdict: Verdict, limit: int
) -> Examples:
    rows = max(verdict.live.rows, verdict.rebuilt.rows)
    mask = (1 << (rows // _ROWS_A_BUCKET).bit_length()) - 1
    hashed = [set(await _fetched(conn, one, _BUCKETS, mask)) for conn in (live, rebuilt)]
    buckets = sorted({bucket for bucket, _ in hashed[0] ^ hashed[1]})
    found: tuple[list[str], list[str]] = [], []
    for bucket in buckets[:_BUCKETS_READ]:
        sides = [{row[0] for row in await _fetched(conn, one, _OF_BUCKET, mask, bucket)} for conn in (live, rebuilt)]
        found[0].extend(sorted(sides[0] - sides[1]))
        found[1].extend(sorted(sides[1] - sides[0]))
    return Examples(tuple(found[0][:limit]), tuple(found[1][:limit]))


async def _fetched(conn: asyncpg.Connection[Any], one: Compared, query: str, *arguments: int) -> list[tuple[Any, ...]]:
    rows = await conn.fetch(query.replace("{rows}", one.rows), *arguments, timeout=_SECONDS_MAX)
    return [tuple(row) for row in rows]
