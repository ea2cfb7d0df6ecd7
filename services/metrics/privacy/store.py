"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.db import Reads
from shared.kernel import CustomerId, ShopId

ROWS_MAX = 100_000

_COUNTED = """
SELECT (SELECT count(*) FROM order_fact WHERE shop = $1 AND customer = ANY($2::bigint[])) AS orders,
       (SELECT count(*) FROM refund r JOIN order_fact o USING (shop, order_id)
        WHERE o.shop = $1 AND o.customer = ANY($2::bigint[])) AS refunds,
       (SELECT count(*) FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
        WHERE t.shop = $1 AND t.customer = ANY($2::bigint[])) AS stage_changes,
       (SELECT count(*) FROM visit WHERE shop = $1 AND customer = ANY($2::bigint[])) AS visit_days,
       (SELECT count(*) FROM nps_answer WHERE shop = $1 AND customer = ANY($2::bigint[])) AS nps_answers
"""
_ORDERS = """
SELECT o.order_id, o.completed_at, o.status_at, o.status, o.counted, o.revenue, o.net, o.currency, o.lines
FROM order_fact o WHERE o.shop = $1 AND o.customer = $2 ORDER BY o.completed_at NULLS LAST, o.order_id LIMIT $3
"""
_REFUNDS = """
SELECT r.order_id, r.refund_id, r.occurred_at, r.amount, r.currency, r.whole
FROM refund r JOIN order_fact o USING (shop, order_id)
WHERE o.shop = $1 AND o.customer = $2 ORDER BY r.occurred_at, r.order_id, r.refund_id LIMIT $3
"""
_CHANGES = """
SELECT t.n, t.day, t.stage, t.previous, t.reason, t.time, t.retracted_by IS NOT NULL AS taken_back
FROM transition t JOIN generation g ON g.shop = t.shop AND g.number = t.generation AND g.live
WHERE t.shop = $1 AND t.customer = $2 ORDER BY t.n LIMIT $3
"""
_VISITS = "SELECT day FROM visit WHERE shop = $1 AND customer = $2 ORDER BY day LIMIT $3"
_ANSWERS = """
SELECT answer, answered_at, score FROM nps_answer WHERE shop = $1 AND customer = $2 ORDER BY answered_at, answer
LIMIT $3
"""
_STATUS = ("unknown", "cancelled", "completed")


async def counted(reads: Reads, shop: ShopId, customers: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    row = await reads.fetchrow(_COUNTED, shop, list(customers))
    return {} if row is None else {name: int(count) for name, count in row.items() if count}


async def orders_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[dict[str, Any]]:
    """Facts of each order."""
    rows = await reads.fetch(_ORDERS, shop, customer, ROWS_MAX)
    return [
        dict(row) | {"status": _STATUS[row["status"]], "lines": None if row["lines"] is None else _lines(row["lines"])}
        for row in rows
    ]


async def refunds_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[dict[str, Any]]:
    """Refunds of these orders."""
    return [dict(row) for row in await reads.fetch(_REFUNDS, shop, customer, ROWS_MAX)]


async def changes_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[dict[str, Any]]:
    """All changes of stage, with days and stages as numbers."""
    return [dict(row) for row in await reads.fetch(_CHANGES, shop, customer, ROWS_MAX)]


async def visits_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[int]:
    """Days of visits, as ordinals."""
    return [row[0] for row in await reads.fetch(_VISITS, shop, customer, ROWS_MAX)]


async def answers_of(reads: Reads, shop: ShopId, customer: CustomerId) -> list[dict[str, Any]]:
    """Answers that count for NPS."""
    return [dict(row) for row in await reads.fetch(_ANSWERS, shop, customer, ROWS_MAX)]


def _lines(value: bytes) -> Any:
    return msgspec.json.decode(value)
