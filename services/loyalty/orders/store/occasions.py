"""Occasions in the database: locked and loaded as they are known, and written as they are known now.

Locks are taken in one order by every writer: occasions by key, then members, then accounts, then outbox keys. An
occasion that is new is written without looking first; where it turns out to be known after all, the batch goes back to
where it began and makes empty rows first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import msgspec

from services.loyalty.orders.domain.granting import Grant, Kept, Settled
from services.loyalty.orders.domain.occasion import Key, Kind, Known, decode_detail
from shared.db import Reads
from shared.kernel import moment_of, us_of
from shared.orders import Content, Mark, OrderState, Pieces, Refund

_CANCELLED, _COMPLETED = 1, 2
_ENCODER = msgspec.json.Encoder()
_PIECES = msgspec.json.Decoder(Pieces)
_GRANT = msgspec.json.Decoder(Grant)

_KEYS = "unnest($1::smallint[], $2::smallint[], $3::text[]) AS k (shop, kind, id)"
# Plans must not turn on how small a table was when the plan was made, nor rows be locked in another order than sorted.
_PREPARE = """
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off
"""
_STUBS = f"""
INSERT INTO occasion (customer, revenue, shop, kind, status, currency, name, content_id, id)
SELECT 0, 0, k.shop, k.kind, 0, '', '', '', k.id FROM {_KEYS} ORDER BY k.shop, k.kind, k.id
ON CONFLICT (shop, kind, id) DO NOTHING
"""  # noqa: S608 - text of our own
_LOCK = f"""
SELECT o.shop, o.kind, o.id, o.customer, o.first_at, o.last_at, o.content_at, o.delivered_at, o.revenue, o.status,
       o.currency, o.content_id, o.detail, o.granted
FROM {_KEYS} JOIN occasion o USING (shop, kind, id)
ORDER BY o.shop, o.kind, o.id
FOR UPDATE OF o
"""  # noqa: S608 - text of our own
_CUSTOMERS = """
SELECT o.shop, o.customer
FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN occasion o USING (shop, id) WHERE o.kind = 1
"""
_REFUNDS = """
SELECT r.shop, r.order_id, r.refund_id, r.at, r.event_id, r.amount, r.currency, r.whole, r.items, r.amounts
FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id) JOIN occasion_refund r USING (shop, order_id)
"""
_VALUES = """unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
    $6::bigint[], $7::bigint[], $8::bigint[], $9::smallint[], $10::smallint[], $11::smallint[], $12::text[],
    $13::text[], $14::text[], $15::bytea[], $16::bytea[], $17::text[], $18::bigint[], $19::int[], $20::int[])"""
_COLUMNS = """customer, first_at, last_at, content_at, delivered_at, revenue, points, through, shop, kind, status,
    currency, name, content_id, detail, granted, id, kept, day, starts"""
_INSERT = f"INSERT INTO occasion ({_COLUMNS}) SELECT * FROM {_VALUES}"  # noqa: S608 - text of our own
_UPDATE = f"""
UPDATE occasion o
SET customer = n.customer, first_at = n.first_at, last_at = n.last_at, content_at = n.content_at,
    delivered_at = n.delivered_at, revenue = n.revenue, points = n.points, through = n.through, status = n.status,
    currency = n.currency, name = n.name, content_id = n.content_id, detail = n.detail, granted = n.granted,
    kept = n.kept, day = n.day, starts = n.starts
FROM {_VALUES} AS n ({_COLUMNS})
WHERE o.shop = n.shop AND o.kind = n.kind AND o.id = n.id
"""  # noqa: S608 - text of our own
_SAVE_REFUNDS = """
INSERT INTO occasion_refund AS r
    (at, amount, shop, whole, order_id, refund_id, event_id, currency, items, amounts)
SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::smallint[], $4::boolean[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::bytea[], $10::bytea[])
ON CONFLICT (shop, order_id, refund_id) DO UPDATE SET
    at = excluded.at, amount = excluded.amount, whole = excluded.whole, event_id = excluded.event_id,
    currency = excluded.currency, items = excluded.items, amounts = excluded.amounts
"""


async def prepare(conn: asyncpg.Connection[Any]) -> None:
    """Say once in a transaction how its statements are to be planned."""
    await conn.execute(_PREPARE)


async def make_rows(conn: asyncpg.Connection[Any], keys: Iterable[Key]) -> None:
    """Make empty rows of occasions that are new, so that all of them can be locked."""
    await conn.execute(_STUBS, *_columns(sorted(keys)))


async def lock(conn: asyncpg.Connection[Any], keys: Iterable[Key]) -> dict[Key, Kept]:
    """What is known of occasions, locked in the order of their keys; those of which nothing is are left out."""
    rows = await conn.fetch(_LOCK, *_columns(sorted(keys)))
    found = {Key(row["shop"], Kind(row["kind"]), row["id"]): row for row in rows}
    refunds = await refunds_of(conn, [key for key in found if key.kind is Kind.ORDER])
    return {key: kept_of(row, refunds.get(key, {})) for key, row in found.items()}


async def customers_of(reads: Reads, orders: Iterable[tuple[int, str]]) -> set[tuple[int, int]]:
    """Shop and identity, of those of these orders that are known."""
    asked = sorted(orders)
    rows = await reads.fetch(_CUSTOMERS, [shop for shop, _ in asked], [order for _, order in asked])
    return {(shop, customer) for shop, customer in rows}


async def refunds_of(reads: Any, orders: Sequence[Key]) -> dict[Key, dict[tuple[str, int, str], Refund]]:
    """The last telling of each refund of these orders."""
    found: dict[Key, dict[tuple[str, int, str], Refund]] = {}
    if not orders:
        return found
    rows = await reads.fetch(_REFUNDS, [key.shop for key in orders], [key.id for key in orders])
    for shop, order, refund_id, at, event, amount, currency, whole, items, amounts in rows:
        told = Refund(us_of(at), event, 0, amount, currency, whole, _pieces(items), _pieces(amounts))
        found.setdefault(Key(shop, Kind.ORDER, order), {})[refund_id, told.at, event] = told
    return found


async def save(conn: asyncpg.Connection[Any], settled: Sequence[Settled], known: Iterable[Key]) -> None:
    """Write occasions as they are known now. `known`: those that have a row, which is locked.

    UniqueViolationError when one is known that was not: the caller goes back and makes rows first.
    """
    there = set(known)
    old = [_row(one) for one in settled if one.key in there]
    new = sorted((_row(one) for one in settled if one.key not in there), key=lambda row: (row[8], row[9], row[16]))
    if new:
        await conn.execute(_INSERT, *_turned(new))
    if old:
        await conn.execute(_UPDATE, *_turned(old))


async def save_refunds(conn: asyncpg.Connection[Any], settled: Sequence[Settled], before: dict[Key, Kept]) -> None:
    """Write refunds whose last telling is new."""
    rows = []
    for one in settled:
        was = before[one.key].known.refunds if one.key in before else {}
        rows += [
            (
                moment_of(told.at),
                told.amount,
                one.key.shop,
                told.whole,
                one.key.id,
                refund_id,
                told.event_id,
                told.currency,
                _ENCODER.encode(told.items) if told.items else None,
                _ENCODER.encode(told.amounts) if told.amounts else None,
            )
            for refund_id, told in one.after.refunds.items()
            if was.get(refund_id) != told
        ]
    if rows:
        rows.sort(key=lambda row: (row[2], row[4], row[5]))
        await conn.execute(_SAVE_REFUNDS, *_turned(rows))


def kept_of(row: asyncpg.Record, tellings: dict[tuple[str, int, str], Refund]) -> Kept:
    """A row of the table, with the last tellings of its refunds."""
    marks: dict[Mark, int] = {}
    if row["first_at"] is not None:
        marks[Mark(us_of(row["first_at"]), completed=True)] = 0
    if row["last_at"] is not None:
        marks[Mark(us_of(row["last_at"]), row["status"] == _COMPLETED)] = 0
    contents = {}
    if row["content_at"] is not None:
        content = Content(
            us_of(row["content_at"]),
            row["content_id"],
            0,
            row["customer"],
            row["currency"],
            row["revenue"],
            detail=row["detail"] or b"",
        )
        contents = {(content.at, content.event_id): content}
    delivered = None if row["delivered_at"] is None else us_of(row["delivered_at"])
    granted = None if row["granted"] is None else _GRANT.decode(row["granted"])
    return Kept(Known(OrderState(marks, contents, tellings), delivered), granted)


def _row(one: Settled) -> tuple[Any, ...]:
    """The values of _COLUMNS."""
    known, grant = one.after, one.grant
    content, first, last = known.content, known.first, known.last
    return (
        content.customer if content else 0,
        None if first is None else moment_of(first),
        None if last is None else moment_of(last.at),
        moment_of(content.at) if content else None,
        None if known.delivered is None else moment_of(known.delivered),
        content.revenue if content else 0,
        0 if grant is None else sum(part[-1] for part in grant.parts),
        None if grant is None else grant.through,
        one.key.shop,
        int(one.key.kind),
        0 if last is None else _COMPLETED if last.completed else _CANCELLED,
        content.currency if content else "",
        decode_detail(content.detail).interaction if content else "",
        content.event_id if content else "",
        (content.detail or None) if content else None,
        None if grant is None else _ENCODER.encode(grant),
        one.key.id,
        one.kept,
        None if grant is None else grant.day,
        None if grant is None else grant.starts,
    )


def _columns(keys: Sequence[Key]) -> tuple[list[int], list[int], list[str]]:
    return [key.shop for key in keys], [int(key.kind) for key in keys], [key.id for key in keys]


def _turned(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _pieces(stored: bytes | None) -> Pieces:
    return () if stored is None else _PIECES.decode(stored)
