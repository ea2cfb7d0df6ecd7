"""Order facts in the database: inserted at once when new, else locked, loaded and amended.

Locks are taken in one order by every writer: new orders by key, then known orders by key, then customers by key, then
counters. Nobody who holds a lock of a later step waits for one of an earlier step, so nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
import numpy as np

from services.metrics.counters import currency_letters
from services.metrics.orders.domain.amend import Dated, Known
from services.metrics.orders.domain.batch import Batch, OrderKey, PlainOrders
from services.metrics.orders.domain.books import Life, whole
from services.metrics.orders.events import decode_pieces, encode_pieces
from services.metrics.orders.store.past import Past
from shared.db.binary import BIGINT, BOOL, INT, SMALLINT, TIMESTAMPTZ, UNIX_TO_POSTGRES_US, Field, Layout
from shared.db.copying import copy_in
from shared.kernel import moment_of, us_of
from shared.orders import (
    Content,
    Fact,
    Mark,
    OrderState,
    first_completion,
    is_counted,
    net,
    status,
)

_NULL = b"\xff\xff\xff\xff"  # length -1
_CANCELLED, _COMPLETED = 1, 2

# Plans must not turn on how small a table was when the plan was made, nor rows be locked in another order than sorted.
_PREPARE = """
SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off
"""
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_order (LIKE order_fact INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;
DELETE FROM staged_order
"""
_COLUMNS = [
    *("customer", "completed_at", "received_at", "status_at", "content_at", "revenue", "net", "day", "booked_day"),
    *("shop", "status", "counted", "odd", "currency", "content_id", "lines", "order_id", "identity"),
]
_INSERT = f"""
INSERT INTO order_fact ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM staged_order
ORDER BY shop, order_id
ON CONFLICT (shop, order_id) DO NOTHING
RETURNING shop, order_id
"""  # noqa: S608 - column names of our own
_LOCK = """
SELECT o.shop, o.order_id, o.customer, o.completed_at, o.received_at, o.status_at, o.status, o.content_at, o.content_id,
       o.currency, o.revenue, o.lines, o.day, o.booked_day, o.counted, o.odd, o.net, o.identity
FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id) JOIN order_fact o USING (shop, order_id)
ORDER BY o.shop, o.order_id
FOR UPDATE OF o
"""
_AMEND = """
UPDATE order_fact o
SET customer = n.customer, completed_at = n.completed_at, received_at = n.received_at, status_at = n.status_at,
    content_at = n.content_at, revenue = n.revenue, net = n.net, day = n.day, booked_day = n.booked_day,
    status = n.status, counted = n.counted, odd = n.odd, currency = n.currency, content_id = n.content_id,
    lines = n.lines, identity = n.identity
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::bigint[],
            $7::bigint[], $8::int[], $9::int[], $10::smallint[], $11::smallint[], $12::boolean[],
            $13::boolean[], $14::text[], $15::text[], $16::bytea[], $17::text[], $18::bigint[])
     AS n (customer, completed_at, received_at, status_at, content_at, revenue, net, day, booked_day, shop, status,
           counted, odd, currency, content_id, lines, order_id, identity)
WHERE o.shop = n.shop AND o.order_id = n.order_id
"""


async def prepare(conn: asyncpg.Connection[Any]) -> None:
    """Say once in a transaction how its statements are to be planned."""
    await conn.execute(_PREPARE)


async def insert(conn: asyncpg.Connection[Any], plain: PlainOrders) -> None:
    """Write orders that are new. UniqueViolationError when one is not: the caller goes back and uses `claim`.

    COPY straight into the table costs half of what an insert does that minds conflicts.
    """
    if len(plain):
        columns, rows = _plain_rows(plain)
        await copy_in(conn, "order_fact", columns, rows)


async def claim(conn: asyncpg.Connection[Any], batch: Batch, dated: Mapping[OrderKey, Dated]) -> set[OrderKey]:
    """Write the orders of the batch that are new; give the keys of those that are not. `dated` are its states."""
    await conn.execute(_STAGE)
    if len(batch.plain):
        columns, rows = _plain_rows(batch.plain)
        await copy_in(conn, "staged_order", columns, rows)
    if batch.states:
        records = [_row(order, one) for order, one in dated.items()]
        await conn.copy_records_to_table("staged_order", records=records, columns=_COLUMNS)
    orders = {
        OrderKey(shop, order) for shop, order in zip(batch.plain.shop.tolist(), batch.plain.order_id, strict=True)
    }
    return (orders | batch.states.keys()) - {OrderKey(*row) for row in await conn.fetch(_INSERT)}


async def lock(conn: asyncpg.Connection[Any], orders: Iterable[OrderKey]) -> dict[OrderKey, asyncpg.Record]:
    """Rows of known orders, locked in the order of their keys."""
    keys = sorted(orders)
    if not keys:
        return {}
    rows = await conn.fetch(_LOCK, [key.shop for key in keys], [key.order_id for key in keys])
    return {OrderKey(row["shop"], row["order_id"]): row for row in rows}


def known(row: asyncpg.Record, past: Past) -> Known:
    """An order, from its row and what is kept beside it."""
    found = None
    if row["counted"]:
        found = Fact(row["customer"], row["day"], row["currency"], row["net"])
    steps = tuple(past.steps)
    if found is not None and not row["odd"]:
        steps = (whole(found, row["booked_day"]),)
    return Known(_state(row, past), Life(found, row["booked_day"], steps))


async def amend(conn: asyncpg.Connection[Any], orders: Mapping[OrderKey, Dated]) -> None:
    """Write what is now known of orders that were there before, and are locked."""
    if orders:
        rows = [_row(order, one) for order, one in orders.items()]
        await conn.execute(_AMEND, *(list(column) for column in zip(*rows, strict=True)))


def _state(row: asyncpg.Record, past: Past) -> OrderState:
    marks, contents = {**past.marks}, past.contents
    if row["completed_at"] is not None:
        marks[Mark(us_of(row["completed_at"]), completed=True)] = us_of(row["received_at"])
    if not contents and row["content_at"] is not None:  # nothing but one completion: received when that was
        content = Content(
            us_of(row["content_at"]),
            row["content_id"],
            us_of(row["received_at"] or row["content_at"]),
            row["customer"],
            row["currency"],
            row["revenue"],
            decode_pieces(row["lines"]),
            row["identity"] or 0,
        )
        contents = {(content.at, content.event_id): content}
    return OrderState(marks, contents, past.tellings)


def _row(order: OrderKey, dated: Dated) -> tuple[Any, ...]:
    """The values of _COLUMNS."""
    state, days = dated.state, dated.days
    first, last, content = first_completion(state), status(state), state.content
    return (
        content.customer if content else 0,
        moment_of(first[0]) if first else None,
        moment_of(first[1]) if first else None,
        moment_of(last.at) if last else None,
        moment_of(content.at) if content else None,
        content.revenue if content else 0,
        net(state),
        days.day,
        days.booked_day,
        order.shop,
        0 if last is None else _COMPLETED if last.completed else _CANCELLED,
        is_counted(state),
        not dated.life.is_told_by_row,
        content.currency if content else "",
        content.event_id if content else "",
        encode_pieces(content.lines) if content else None,
        order.order_id,
        (content.identity or None) if content else None,
    )


@lru_cache(maxsize=64)
def _layout(event_id_width: int, order_id_width: int | None) -> Layout:
    """The fixed fields of a plain order: all of them when its order ids have one width and no order has lines."""
    fields = [
        Field("customer", BIGINT),
        Field("completed_at", TIMESTAMPTZ),
        Field("received_at", TIMESTAMPTZ),
        Field("status_at", TIMESTAMPTZ),
        Field("content_at", TIMESTAMPTZ),
        Field("revenue", BIGINT),
        Field("net", BIGINT),
        Field("day", INT),
        Field("booked_day", INT),
        Field("shop", SMALLINT),
        Field("status", SMALLINT),
        Field("counted", BOOL),
        Field("currency", "S3"),
        Field("content_id", f"S{event_id_width}"),
    ]
    if order_id_width is None:
        return Layout(fields, extra=2)
    return Layout([*fields, Field("order_id", f"S{order_id_width}")])


def _plain_rows(plain: PlainOrders) -> tuple[list[str], bytes]:
    """(columns, rows in COPY's binary form)."""
    ids = [order.encode() for order in plain.order_id]
    width = len(ids[0])
    even = plain.lines is None and len(b"".join(ids)) == width * len(ids) and set(map(len, ids)) == {width}
    layout = _layout(len(plain.event_id[0]), width if even else None)
    rows = layout.rows(len(plain))
    at = plain.at - UNIX_TO_POSTGRES_US
    for name in ("completed_at", "status_at", "content_at"):
        rows[name] = at
    rows["received_at"] = plain.received - UNIX_TO_POSTGRES_US
    rows["net"] = plain.revenue
    for name in ("customer", "revenue", "day", "booked_day", "shop"):
        rows[name] = getattr(plain, name)
    rows["status"], rows["counted"] = _COMPLETED, 1
    rows["currency"] = currency_letters(plain.currency_code)
    rows["content_id"] = np.frombuffer("".join(plain.event_id).encode(), f"S{len(plain.event_id[0])}")
    if even:
        rows["order_id"] = np.frombuffer(b"".join(ids), f"S{width}")
        return layout.columns, rows.tobytes()
    lines = [None] * len(ids) if plain.lines is None else plain.lines
    behind = [_field(order) + _field(line) for order, line in zip(ids, lines, strict=True)]
    return [*layout.columns, "order_id", "lines"], _interleaved(rows.tobytes(), layout.dtype.itemsize, behind)


def _field(value: bytes | None) -> bytes:
    return _NULL if value is None else len(value).to_bytes(4, "big") + value


def _interleaved(fixed: bytes, width: int, behind: Sequence[bytes]) -> bytes:
    parts: list[bytes] = [b""] * (2 * len(behind))
    parts[0::2] = [fixed[at : at + width] for at in range(0, len(fixed), width)]
    parts[1::2] = behind
    return b"".join(parts)
