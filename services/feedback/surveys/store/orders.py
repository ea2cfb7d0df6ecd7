"""Orders, as far as surveys care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from services.feedback.surveys.domain.heard import Heard
from shared.orders import OrderState, known_bytes, known_order

_LOCK = """
SELECT o.shop, o.order_id, o.customer, o.completed_at, o.delivered_at, o.known
FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id) JOIN ordered o USING (shop, order_id)
ORDER BY o.shop, o.order_id FOR UPDATE OF o
"""
_STUBS = """
INSERT INTO ordered (shop, order_id, known)
SELECT shop, order_id, $3 FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id)
ON CONFLICT (shop, order_id) DO NOTHING
"""
_SAVE = """
UPDATE ordered o
SET customer = n.customer, completed_at = n.completed_at, delivered_at = n.delivered_at, known = n.known
FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bytea[])
    AS n (shop, order_id, customer, completed_at, delivered_at, known)
WHERE o.shop = n.shop AND o.order_id = n.order_id
"""
Key = tuple[int, str]
"""Shop and order."""


async def join(conn: asyncpg.Connection[Any], told: Mapping[Key, Heard]) -> dict[Key, Heard]:
    """Keep what was told of orders, locked in the order of their keys; what is known of them now."""
    if not told:
        return {}
    asked = sorted(told)
    columns = [[shop for shop, _ in asked], [order for _, order in asked]]
    await conn.execute(_STUBS, *columns, known_bytes(OrderState()))
    found = {
        (row["shop"], row["order_id"]): Heard(
            known_order(row["known"]), row["completed_at"], row["delivered_at"], row["customer"]
        ).joined(told[row["shop"], row["order_id"]])
        for row in await conn.fetch(_LOCK, *columns)
    }
    await conn.execute(_SAVE, *zip(*_rows(found), strict=True))
    return found


def _rows(found: Mapping[Key, Heard]) -> Iterable[tuple[Any, ...]]:
    for key, one in sorted(found.items()):
        yield (*key, one.delivered_to, one.completed_at, one.delivered_at, known_bytes(one.state))
