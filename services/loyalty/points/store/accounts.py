"""Accounts and what lies in them: locked in one order, read at once, written at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from services.loyalty.points.domain.buckets import COLUMNS
from services.loyalty.points.domain.model import Account, Lot, LotKey, Who
from shared.db.together import Together, columns_of, inserting
from shared.kernel import moment_of, us_of

_ROW = "a.shop, a.customer, a.pending, a.active, a.held, a.owed, a.version, a.told, a.head, a.armed"
_LOCK = f"""
SELECT {_ROW}
FROM unnest($1::smallint[], $2::bigint[]) AS k(shop, customer) JOIN account a USING (shop, customer)
ORDER BY a.shop, a.customer
FOR UPDATE OF a
"""  # noqa: S608 - column names of our own
_INSERT = f"""
INSERT INTO account AS a (shop, customer, head)
SELECT k.shop, k.customer, $3::bytea FROM unnest($1::smallint[], $2::bigint[]) AS k(shop, customer)
WHERE NOT EXISTS (SELECT FROM account a WHERE a.shop = k.shop AND a.customer = k.customer)
ORDER BY k.shop, k.customer
ON CONFLICT (shop, customer) DO NOTHING
RETURNING {_ROW}
"""  # noqa: S608 - column names of our own
# Nothing is locked before all that were missing are made: that they are is asked before the first row is looked for.
_MAKE_AND_LOCK = f"""
WITH made AS ({_INSERT}), locked AS (
{_LOCK.replace("ORDER BY", "WHERE (SELECT count(*) FROM made) >= 0 ORDER BY")}
)
SELECT * FROM made UNION ALL SELECT * FROM locked
"""  # noqa: S608 - the same
_SAVE = """
UPDATE account a
SET pending = n.pending, active = n.active, held = n.held, owed = n.owed, version = n.version, told = n.told,
    head = n.head, armed = n.armed
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[],
            $8::bigint[], $9::bytea[], $10::int[])
     AS n(shop, customer, pending, active, held, owed, version, told, head, armed)
WHERE a.shop = n.shop AND a.customer = n.customer
"""
_LOT = f"""
l.shop, l.customer, l.lot, l.source_kind, l.source, l.line, l.rule, l.version, l.at, l.starts_day, l.expires_day,
l.noticed, {", ".join(f"l.{column}" for column in COLUMNS)}
"""
_LOTS = f"""
SELECT {_LOT}
FROM unnest($1::smallint[], $2::bigint[]) AS k(shop, customer) JOIN lot l USING (shop, customer)
WHERE l.pending > 0 OR l.remaining > 0 OR l.repaid > 0
UNION
SELECT {_LOT}
FROM unnest($3::smallint[], $4::bigint[], $5::bigint[]) AS k(shop, customer, lot) JOIN lot l USING (shop, customer, lot)
"""  # noqa: S608 - column names of our own
LOT_COLUMNS = (
    *("shop", "customer", "lot", "source_kind", "source", "line", "rule", "version", "at", "starts_day", "expires_day"),
    *("noticed", *COLUMNS),
)
_TYPES = {
    **dict.fromkeys(LOT_COLUMNS, "int"),
    "shop": "smallint",
    "customer": "bigint",
    "lot": "bigint",
    "source_kind": "smallint",
    "noticed": "smallint",
    "source": "text",
    "line": "text",
    "rule": "text",
    "at": "timestamptz",
}
_NEW_LOTS = inserting("lot", {name: _TYPES[name] for name in LOT_COLUMNS})
_CHANGING = ("starts_day", "expires_day", "noticed", *COLUMNS)
_SAVE_LOTS = f"""
UPDATE lot l SET {", ".join(f"{name} = n.{name}" for name in _CHANGING)}
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[],
            {", ".join(f"${n}::{_TYPES[name]}[]" for n, name in enumerate(_CHANGING, 4))})
     AS n(shop, customer, lot, {", ".join(_CHANGING)})
WHERE l.shop = n.shop AND l.customer = n.customer AND l.lot = n.lot
"""  # noqa: S608 - column names of our own
_GENESIS = bytes(32)
# Plans must not turn on how small a table was when the plan was made.
_PREPARE = """
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SAVEPOINT posting
"""


async def prepare(conn: asyncpg.Connection[Any]) -> None:
    """Say how the statements of the transaction are to be planned, and mark where posting begins."""
    await conn.execute(_PREPARE)


async def go_back(conn: asyncpg.Connection[Any]) -> None:
    """To where posting began: nothing is written or locked since then."""
    await conn.execute("ROLLBACK TO SAVEPOINT posting")


async def lock(conn: asyncpg.Connection[Any], whos: Collection[Who]) -> dict[Who, Account]:
    """Accounts of these, locked in the order of shop and customer; those that are missing are made first.

    First, because who makes accounts then holds none that was there before. So who makes one waits for others that make
    it, who locks one waits for others that lock it, and either way in one order: nobody waits in a circle. Where others
    made one in the same moment, all are let go and locked anew, that one among them.
    """
    wanted = sorted(whos)
    found = _accounts(await conn.fetch(_MAKE_AND_LOCK, *_columns(wanted), _GENESIS))
    if len(found) < len(wanted):
        await go_back(conn)
        made = _accounts(await conn.fetch(_INSERT, *_columns(wanted), _GENESIS))
        found = made | _accounts(await conn.fetch(_LOCK, *_columns([who for who in wanted if who not in made])))
    return found


def _accounts(rows: Iterable[asyncpg.Record]) -> dict[Who, Account]:
    return {
        (who := Who(shop, customer)): Account(who, *numbers) for shop, customer, *numbers in rows
    }  # fmt: skip


async def load_lots(
    conn: asyncpg.Connection[Any], accounts: Mapping[Who, Account], named: Iterable[tuple[Who, int]]
) -> None:
    """Put lots into locked accounts: those that something may happen to, and those that are named."""
    places = sorted(set(named))
    whos = sorted(accounts)
    rows = await conn.fetch(_LOTS, *_columns(whos), *_columns([who for who, _ in places]), [lot for _, lot in places])
    for row in rows:
        lot = lot_of(row)
        accounts[lot.who].lots[lot.lot] = lot


def lot_of(row: asyncpg.Record) -> Lot:
    """A row with the columns of `LOT_COLUMNS`."""
    shop, customer, number, kind, source, line, rule, version, at, starts, expires, noticed, *amounts = (
        row[name] for name in LOT_COLUMNS
    )
    key = LotKey(kind, source, line, rule, version)
    return Lot(Who(shop, customer), number, key, us_of(at), starts, expires, noticed, *amounts)


def save(writes: Together, accounts: Sequence[Account]) -> None:
    """Write balances, versions, heads and days of locked accounts."""
    if accounts:
        rows = [
            (*one.who, one.pending, one.active, one.held, one.owed, one.version, one.told, one.head, one.armed)
            for one in sorted(accounts, key=lambda one: one.who)
        ]
        writes.add(_SAVE, *columns_of(rows))


def save_lots(writes: Together, lots: Sequence[Lot], new: Collection[tuple[Who, int]]) -> None:
    """Write lots of locked accounts; `new` are those that are not there yet."""
    ordered = sorted(lots, key=lambda lot: (lot.who, lot.lot))
    fresh = [_row(lot) for lot in ordered if (lot.who, lot.lot) in new]
    if fresh:
        writes.add(_NEW_LOTS, *columns_of(fresh))
    known = [_changed(lot) for lot in ordered if (lot.who, lot.lot) not in new]
    if known:
        writes.add(_SAVE_LOTS, *columns_of(known))


def _row(lot: Lot) -> tuple[Any, ...]:
    days = (lot.starts_day, lot.expires_day, lot.noticed)
    return (*lot.who, lot.lot, *lot.key, moment_of(lot.at), *days, *(getattr(lot, name) for name in COLUMNS))


def _changed(lot: Lot) -> tuple[Any, ...]:
    return (*lot.who, lot.lot, *(getattr(lot, name) for name in _CHANGING))


def _columns(whos: Sequence[Who]) -> tuple[list[int], list[int]]:
    return [who.shop for who in whos], [who.customer for who in whos]
