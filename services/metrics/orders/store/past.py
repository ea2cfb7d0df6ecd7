"""What is kept of orders beside their own rows: marks, contents, refunds, and the steps of their lives by the books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from services.metrics.orders.domain.amend import Amendment, RefundRow, StatusRow, content_rows, step_rows
from services.metrics.orders.domain.batch import OrderKey
from services.metrics.orders.domain.books import Step
from services.metrics.orders.events import decode_pieces, encode_pieces
from shared.kernel import moment_of, us_of
from shared.orders import Content, Mark, Refund

_OF = "FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id) JOIN"
_MARKS = f"SELECT shop, order_id, s.occurred_at, s.completed, s.received_at {_OF} order_status s USING (shop, order_id)"
_CONTENTS = f"""
SELECT shop, order_id, c.occurred_at, c.event_id, c.received_at, c.customer, c.currency, c.revenue, c.lines, c.identity
{_OF} order_content c USING (shop, order_id)
"""
_REFUNDS = f"""
SELECT shop, order_id, r.refund_id, r.occurred_at, r.event_id, r.received_at, r.amount, r.currency, r.whole, r.items
{_OF} refund r USING (shop, order_id)
"""
_STEPS = f"""
SELECT shop, order_id, s.customer, s.start, s.since, s.until, s.currency, s.net
{_OF} spell s USING (shop, order_id)
ORDER BY s.since
"""
_SAVE_MARKS = """
INSERT INTO order_status AS s (shop, order_id, occurred_at, completed, received_at, booked_day)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::boolean[], $5::timestamptz[], $6::int[])
ON CONFLICT (shop, order_id, occurred_at, completed)
DO UPDATE SET received_at = excluded.received_at, booked_day = excluded.booked_day
WHERE s.received_at > excluded.received_at
"""
_SAVE_CONTENTS = """
INSERT INTO order_content AS c (shop, order_id, occurred_at, event_id, received_at, customer, currency, revenue, lines,
                                identity)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::bigint[],
                     $7::text[], $8::bigint[], $9::bytea[], $10::bigint[])
ON CONFLICT (shop, order_id, occurred_at, event_id) DO UPDATE SET received_at = excluded.received_at
WHERE c.received_at > excluded.received_at
"""
_SAVE_REFUNDS = """
INSERT INTO refund AS r (shop, order_id, refund_id, occurred_at, event_id, received_at, booked_day, amount, currency,
                         whole, items)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::timestamptz[],
                     $7::int[], $8::bigint[], $9::text[], $10::boolean[], $11::bytea[])
ON CONFLICT (shop, order_id, refund_id, occurred_at, event_id)
DO UPDATE SET received_at = excluded.received_at, booked_day = excluded.booked_day
WHERE r.received_at > excluded.received_at
"""
_FORGET_STEPS = """
DELETE FROM spell s USING unnest($1::smallint[], $2::text[]) AS k (shop, order_id)
WHERE s.shop = k.shop AND s.order_id = k.order_id
"""
_SAVE_STEPS = """
INSERT INTO spell (shop, order_id, customer, start, since, until, currency, net)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::int[], $5::int[], $6::int[], $7::text[],
                     $8::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Past:
    """Of one order. Its first completion is not among the marks, and a content may stand in its own row alone."""

    marks: dict[Mark, int] = field(default_factory=dict)
    contents: dict[tuple[int, str], Content] = field(default_factory=dict)
    tellings: dict[tuple[str, int, str], Refund] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    """Empty where the order's own row tells its life."""


async def load(conn: asyncpg.Connection[Any], orders: Iterable[OrderKey]) -> Mapping[OrderKey, Past]:
    """What is kept of orders, which are locked."""
    found = {order: Past() for order in orders}
    keys = [order.shop for order in found], [order.order_id for order in found]
    for shop, order, at, completed, received in await conn.fetch(_MARKS, *keys):
        found[OrderKey(shop, order)].marks[Mark(us_of(at), completed)] = us_of(received)
    for shop, order, at, event, received, customer, currency, revenue, lines, named in await conn.fetch(
        _CONTENTS, *keys
    ):
        other = 0 if named == customer else named
        content = Content(us_of(at), event, us_of(received), customer, currency, revenue, decode_pieces(lines), other)
        found[OrderKey(shop, order)].contents[content.at, event] = content
    for shop, order, refund_id, at, event, received, amount, currency, all_of_it, items in await conn.fetch(
        _REFUNDS, *keys
    ):
        refund = Refund(us_of(at), event, us_of(received), amount, currency or "", all_of_it, decode_pieces(items))
        found[OrderKey(shop, order)].tellings[refund_id, refund.at, event] = refund
    for shop, order, *step in await conn.fetch(_STEPS, *keys):
        found[OrderKey(shop, order)].steps.append(Step(*step))
    return found


async def steps_of(conn: asyncpg.Connection[Any], orders: Iterable[OrderKey]) -> dict[OrderKey, list[Step]]:
    """The lives of orders that their own rows do not tell."""
    keys = list(orders)
    found: dict[OrderKey, list[Step]] = {}
    if keys:
        rows = await conn.fetch(_STEPS, [order.shop for order in keys], [order.order_id for order in keys])
        for shop, order, *step in rows:
            found.setdefault(OrderKey(shop, order), []).append(Step(*step))
    return found


async def record(
    conn: asyncpg.Connection[Any],
    amended: Sequence[Amendment],
    statuses: Sequence[StatusRow],
    refunds: Sequence[RefundRow],
) -> None:
    """Write what is to be kept of orders that a batch amended, or told more of than a completion. They are locked."""
    if statuses:
        await conn.execute(
            _SAVE_MARKS,
            [row.order.shop for row in statuses],
            [row.order.order_id for row in statuses],
            [moment_of(row.mark.at) for row in statuses],
            [row.mark.completed for row in statuses],
            [moment_of(row.received) for row in statuses],
            [row.booked_day for row in statuses],
        )
    if refunds:
        await conn.execute(
            _SAVE_REFUNDS,
            [row.order.shop for row in refunds],
            [row.order.order_id for row in refunds],
            [row.refund_id for row in refunds],
            [moment_of(row.refund.at) for row in refunds],
            [row.refund.event_id for row in refunds],
            [moment_of(row.refund.received) for row in refunds],
            [row.booked_day for row in refunds],
            [row.refund.amount for row in refunds],
            [row.refund.currency or None for row in refunds],
            [row.refund.whole for row in refunds],
            [encode_pieces(row.refund.items) for row in refunds],
        )
    if contents := content_rows(amended):
        rows = [
            (*order, moment_of(one.at), one.event_id, moment_of(one.received), one.customer, one.currency, one.revenue,
             encode_pieces(one.lines), one.identity or one.customer)
            for order, one in contents
        ]  # fmt: skip
        await conn.execute(_SAVE_CONTENTS, *(list(column) for column in zip(*rows, strict=True)))
    gone, come = step_rows(amended)
    if gone:
        await conn.execute(_FORGET_STEPS, [order.shop for order in gone], [order.order_id for order in gone])
    if come:
        columns = zip(*((*order, *step) for order, step in come), strict=True)
        await conn.execute(_SAVE_STEPS, *(list(column) for column in columns))
