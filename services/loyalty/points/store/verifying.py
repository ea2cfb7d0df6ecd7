"""All that is kept of a shop, in order, a little at a time: for the checker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from services.loyalty.points.domain.buckets import Bucket, Kind
from services.loyalty.points.domain.model import Account, Entry, Hold, HoldState, Share, Who
from services.loyalty.points.store.accounts import LOT_COLUMNS
from shared.kernel import us_of

_AT_ONCE = 2_000
# The order is that of the primary keys: nothing is sorted, and nothing is held but the rows in hand.
_PREPARE = """
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_sort = off
"""
_SHOPS = """
WITH RECURSIVE shops AS (
    SELECT min(shop) AS shop FROM {table}
    UNION ALL
    SELECT (SELECT min(t.shop) FROM {table} t WHERE t.shop > s.shop) FROM shops s WHERE s.shop IS NOT NULL
)
SELECT shop FROM shops WHERE shop IS NOT NULL
"""
_ACCOUNTS = """
SELECT customer, pending, active, held, owed, version, told, head, armed FROM account WHERE shop = $1 ORDER BY customer
"""
_ENTRIES = """
SELECT customer, n, transaction, at, booked_at, day, kind, debit, credit, points, lot, expires_day, cause, source,
       reason, actor, hash
FROM entry WHERE shop = $1 ORDER BY customer, n
"""
_LOTS = f"SELECT customer AS of, {', '.join(LOT_COLUMNS)} FROM lot WHERE shop = $1 ORDER BY customer, lot"  # noqa: S608 - constants
_SHARES = """
SELECT s.customer, s.hold, h.state, s.lot, s.points, s.restored
FROM hold_lot s LEFT JOIN hold h USING (shop, hold) WHERE s.shop = $1 ORDER BY s.customer
"""
_HOLDS = "SELECT hold, customer, points, state FROM hold WHERE shop = $1 ORDER BY hold"
_OF_HOLDS = """
SELECT hold, customer, lot, points, restored FROM hold_lot WHERE shop = $1 ORDER BY hold, customer, lot
"""
_CONTRA = "SELECT day, bucket, sum(points)::bigint FROM contra WHERE shop = $1 GROUP BY day, bucket"
_TIMERS = """
SELECT identity FROM timer WHERE shop = $1 AND kind = $2 ORDER BY identity COLLATE "C"
"""


async def prepare(conn: asyncpg.Connection[Any]) -> None:
    """Say in the transaction that it will take long, and how its statements are to be planned."""
    await conn.execute(_PREPARE)


async def shops(conn: asyncpg.Connection[Any]) -> dict[int, str]:
    """Slugs, by number, of all shops that the ledger names; empty for one that is not known."""
    slugs = dict(await conn.fetch("SELECT number, slug FROM shop"))
    found = {
        row[0] for table in ("account", "entry", "lot", "hold") for row in await conn.fetch(_SHOPS.format(table=table))
    }
    return {number: slugs.get(number, "") for number in sorted(found | slugs.keys())}


async def accounts(conn: asyncpg.Connection[Any], shop: int) -> AsyncIterator[Account]:
    """Accounts, without lots."""
    async for customer, *numbers in conn.cursor(_ACCOUNTS, shop, prefetch=_AT_ONCE):
        yield Account(Who(shop, customer), *numbers)


class Rows:
    """Rows in the order of a first column, handed out for each of its values in turn."""

    def __init__(self, rows: AsyncIterator[asyncpg.Record]) -> None:
        self._rows = rows
        self._next: asyncpg.Record | None = None
        self._began = False

    async def of(self, value: Any) -> AsyncIterator[asyncpg.Record]:
        """The rows of this value."""
        row = await self._peek()
        while row is not None and row[0] == value:
            yield row
            row = await self._advance()

    async def before(self, value: Any) -> AsyncIterator[asyncpg.Record]:
        """Rows of smaller values, which nobody asked for; all that are left, for None."""
        row = await self._peek()
        while row is not None and (value is None or row[0] < value):
            yield row
            row = await self._advance()

    async def _peek(self) -> asyncpg.Record | None:
        return self._next if self._began else await self._advance()

    async def _advance(self) -> asyncpg.Record | None:
        self._began = True
        self._next = await anext(self._rows, None)
        return self._next


def entries(conn: asyncpg.Connection[Any], shop: int) -> Rows:
    """Entries by customer and number."""
    return _rows(conn, _ENTRIES, shop)


def lots(conn: asyncpg.Connection[Any], shop: int) -> Rows:
    """Lots by customer; their rows begin with customer, then all of LOT_COLUMNS."""
    return _rows(conn, _LOTS, shop)


def shares(conn: asyncpg.Connection[Any], shop: int) -> Rows:
    """What holds took, by customer."""
    return _rows(conn, _SHARES, shop)


def timers(conn: asyncpg.Connection[Any], shop: int, kind: str) -> Rows:
    """Timers of customers, by the customer as events name them."""
    return _rows(conn, _TIMERS, shop, kind)


async def holds(conn: asyncpg.Connection[Any], shop: int) -> AsyncIterator[Hold]:
    """Holds with their shares."""
    taken = _rows(conn, _OF_HOLDS, shop)
    async for name, customer, points, state in conn.cursor(_HOLDS, shop, prefetch=_AT_ONCE):
        hold = Hold(Who(shop, customer), name, points, HoldState(state), 0)
        async for row in taken.of(name):
            hold.shares.append(Share(Who(shop, row["customer"]), row["lot"], row["points"], row["restored"]))
        yield hold


async def contra(conn: asyncpg.Connection[Any], shop: int) -> list[tuple[int, Bucket, int]]:
    """Sums of the shop's own buckets, by day."""
    return [(day, Bucket(bucket), points) for day, bucket, points in await conn.fetch(_CONTRA, shop)]


def entry_of(shop: int, row: asyncpg.Record) -> tuple[Entry, bytes]:
    """An entry and its hash. ValueError when a kind or a bucket is none of ours."""
    customer, n, transaction, at, booked_at, day, kind, debit, credit, *rest, head = row
    who = Who(shop, customer)
    return Entry(
        who, n, transaction, us_of(at), us_of(booked_at), day, Kind(kind), Bucket(debit), Bucket(credit), *rest
    ), head  # fmt: skip


def share_of(shop: int, row: asyncpg.Record) -> tuple[str, HoldState, Share]:
    """What a hold took: its name, its state, the share. A hold that there is not counts as released."""
    customer, hold, state, lot, points, restored = row
    stands = HoldState.RELEASED if state is None else HoldState(state)
    return hold, stands, Share(Who(shop, customer), lot, points, restored)


def _rows(conn: asyncpg.Connection[Any], query: str, *arguments: Any) -> Rows:
    return Rows(aiter(conn.cursor(query, *arguments, prefetch=_AT_ONCE)))
