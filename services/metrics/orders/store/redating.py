"""Orders as another generation of their shop sees them: the same facts, on the days of other settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import asyncpg

from services.metrics.orders.domain.amend import dated
from services.metrics.orders.domain.batch import OrderKey
from services.metrics.orders.domain.books import Step
from services.metrics.orders.domain.days import ShopDays
from services.metrics.orders.store import facts, past

_COLUMNS = """
o.shop, o.order_id, o.customer, o.completed_at, o.received_at, o.status_at, o.status, o.content_at, o.content_id,
o.currency, o.revenue, o.lines, o.day, o.booked_day, o.counted, o.odd, o.net, o.identity
"""
_BEHIND = f"SELECT {_COLUMNS} FROM order_fact o WHERE o.shop = $1 AND o.order_id > $2 ORDER BY o.order_id LIMIT $3"  # noqa: S608 - constants
_NAMED = f"SELECT {_COLUMNS} FROM order_fact o WHERE o.shop = $1 AND o.order_id = ANY($2::text[])"  # noqa: S608 - constants


class Redated(NamedTuple):
    """One order on the days of other settings. `steps` are empty where the row tells them (see `Life`)."""

    order_id: str
    customer: int
    counted: bool
    day: int | None
    booked_day: int | None
    odd: bool
    currency: str
    net: int
    moved: bool
    """Whether anything but the owner differs from what stands in `order_fact` and `spell`."""
    steps: tuple[Step, ...]


async def redated_behind(
    conn: asyncpg.Connection[Any], days: ShopDays, after: str, limit: int, *, as_they_are: bool
) -> list[Redated]:
    """The shop's orders behind an order id, in the order of their ids. `as_they_are`: no day can change."""
    rows = await conn.fetch(_BEHIND, days.number, after, limit)
    return await (_kept(conn, rows) if as_they_are else _redated(conn, days, rows))


async def redated(
    conn: asyncpg.Connection[Any], days: ShopDays, orders: Sequence[str], *, as_they_are: bool
) -> list[Redated]:
    """These orders of the shop."""
    rows = await conn.fetch(_NAMED, days.number, list(orders))
    return await (_kept(conn, rows) if as_they_are else _redated(conn, days, rows))


async def _kept(conn: asyncpg.Connection[Any], rows: Sequence[asyncpg.Record]) -> list[Redated]:
    odd = [OrderKey(row["shop"], row["order_id"]) for row in rows if row["odd"]]
    steps = await past.steps_of(conn, odd)
    return [
        Redated(
            row["order_id"],
            row["customer"],
            row["counted"],
            row["day"],
            row["booked_day"],
            row["odd"],
            row["currency"],
            row["net"],
            False,
            tuple(steps.get(OrderKey(row["shop"], row["order_id"]), ())),
        )
        for row in rows
    ]


async def _redated(conn: asyncpg.Connection[Any], days: ShopDays, rows: Sequence[asyncpg.Record]) -> list[Redated]:
    keys = [OrderKey(row["shop"], row["order_id"]) for row in rows]
    kept = await past.load(conn, keys)
    known = {key: facts.known(row, kept[key]) for key, row in zip(keys, rows, strict=True)}
    anew = dated({key: one.state for key, one in known.items()}, {days.number: days})
    found = []
    for key, row in zip(keys, rows, strict=True):
        was, now = known[key].life, anew[key]
        odd = not now.life.is_told_by_row
        moved = (row["day"], row["booked_day"], row["odd"]) != (*now.days, odd) or was.steps != now.life.steps
        found.append(
            Redated(
                key.order_id,
                row["customer"],
                row["counted"],
                *now.days,
                odd,
                row["currency"],
                row["net"],
                moved,
                now.life.steps if odd else (),
            )
        )
    return found
