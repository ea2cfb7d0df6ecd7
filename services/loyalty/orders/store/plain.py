"""Occasions that are new, by COPY."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any

import asyncpg

from services.loyalty.orders.domain.plain import PlainGrant, PlainOrders
from shared.db.binary import UNIX_TO_POSTGRES_US
from shared.db.copying import copy_in

_COLUMNS = (
    *("customer", "first_at", "last_at", "content_at", "revenue", "points", "shop", "kind", "status", "name"),
    *("currency", "content_id", "id", "detail", "through", "granted", "kept", "day", "starts"),
)
_FIXED = Struct(">h" + "iq" * 6 + "ih" * 3 + "ii").pack
_GIVEN = Struct(">iqi").pack
_COUNTED = Struct(">iqiiii").pack
_SIZE = Struct(">i").pack
_NULL = b"\xff\xff\xff\xff"  # length -1
_NEVER_JUDGED = _NULL * 5
_ORDER, _COMPLETED = 1, 2


async def insert(
    conn: asyncpg.Connection[Any],
    orders: PlainOrders,
    events: Sequence[str],
    details: Sequence[bytes],
    grants: Sequence[PlainGrant | None],
) -> None:
    """Write orders that are new, with what they were given. UniqueViolationError when one is not new."""
    rows = []
    columns = zip(
        orders.shop.tolist(), orders.customer.tolist(), (orders.at - UNIX_TO_POSTGRES_US).tolist(),
        orders.revenue.tolist(), orders.order_id, orders.currency, events, details, grants,
        strict=True,
    )  # fmt: skip
    for shop, customer, at, revenue, order_id, currency, event, detail, grant in columns:
        money, told, name = currency.encode(), event.encode(), order_id.encode()
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
        rows.append((shop, order_id, b"".join(parts)))
    rows.sort()  # by key, as all writers
    await copy_in(conn, "occasion", _COLUMNS, b"".join([row for *_, row in rows]))
