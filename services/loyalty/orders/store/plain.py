"""Occasions that are new."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.orders.domain.plain import PlainGrant, PlainOrders
from shared.db.binary import UNIX_TO_POSTGRES_US
from shared.db.copying import copy_in
from shared.db.together import columns_of, inserting, is_few
from shared.kernel import moment_of

_COLUMNS = {
    "customer": "bigint",
    "first_at": "timestamptz",
    "last_at": "timestamptz",
    "content_at": "timestamptz",
    "revenue": "bigint",
    "points": "bigint",
    "shop": "smallint",
    "kind": "smallint",
    "status": "smallint",
    "name": "text",
    "currency": "text",
    "content_id": "text",
    "id": "text",
    "detail": "bytea",
    "through": "bigint",
    "granted": "bytea",
    "kept": "bigint",
    "day": "int",
    "starts": "int",
}
_ADD = inserting("occasion", _COLUMNS)
_FIXED = Struct(">h" + "iq" * 6 + "ih" * 3 + "ii").pack
_GIVEN = Struct(">iqi").pack
_COUNTED = Struct(">iqiiii").pack
_SIZE = Struct(">i").pack
_NULL = b"\xff\xff\xff\xff"  # length -1
_NEVER_JUDGED = _NULL * 5
_ORDER, _COMPLETED = 1, 2
_KEY = itemgetter(0, 1)


class New(NamedTuple):
    """An order that is new."""

    shop: int
    order_id: str
    customer: int
    at: int
    revenue: int
    currency: str
    event: str
    detail: bytes
    grant: PlainGrant | None


async def insert(
    conn: asyncpg.Connection[Any],
    orders: PlainOrders,
    events: Sequence[str],
    details: Sequence[bytes],
    grants: Sequence[PlainGrant | None],
) -> None:
    """Write orders that are new, with what they were given. UniqueViolationError when one is not new."""
    columns = zip(
        orders.shop.tolist(), orders.order_id, orders.customer.tolist(), orders.at.tolist(), orders.revenue.tolist(),
        orders.currency, events, details, grants,
        strict=True,
    )  # fmt: skip
    rows = sorted(columns, key=_KEY)  # as all writers
    if is_few(len(rows)):
        await conn.execute(_ADD, *columns_of(_row(New(*row)) for row in rows))
    else:
        await copy_in(conn, "occasion", list(_COLUMNS), b"".join([_packed(row) for row in rows]))


def _row(new: New) -> tuple[Any, ...]:
    """The values of _COLUMNS."""
    at, grant = moment_of(new.at), new.grant
    judged = (None,) * 5 if grant is None else (new.customer, grant.stored, grant.kept, grant.day, grant.starts)
    return (
        new.customer, at, at, at, new.revenue, 0 if grant is None else grant.points, new.shop, _ORDER, _COMPLETED, "",
        new.currency, new.event, new.order_id, new.detail or None, *judged,
    )  # fmt: skip


def _packed(new: tuple[int, str, int, int, int, str, str, bytes, PlainGrant | None]) -> bytes:
    """The row as binary COPY has it, in the order of _COLUMNS. Of a tuple like `New`: there are very many."""
    shop, order_id, customer, instant, revenue, currency, event, detail, grant = new
    at, money, told, name = instant - UNIX_TO_POSTGRES_US, currency.encode(), event.encode(), order_id.encode()
    fixed = _FIXED(
        19, 8, customer, 8, at, 8, at, 8, at, 8, revenue, 8, 0 if grant is None else grant.points,
        2, shop, 2, _ORDER, 2, _COMPLETED, 0, len(money),
    )  # fmt: skip
    parts = [fixed, money, _SIZE(len(told)), told, _SIZE(len(name)), name]
    parts += (_SIZE(len(detail)), detail) if detail else (_NULL,)
    if grant is None:
        parts.append(_NEVER_JUDGED)
    else:
        stored = grant.stored
        parts += (_GIVEN(8, customer, len(stored)), stored, _COUNTED(8, grant.kept, 4, grant.day, 4, grant.starts))
    return b"".join(parts)
