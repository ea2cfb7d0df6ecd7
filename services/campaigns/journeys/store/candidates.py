"""Customers whose day it may be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import asyncpg

from services.campaigns.journeys.domain.dates import days_anywhere, days_of_year
from services.campaigns.journeys.domain.journey import OnDate
from shared.contracts.shops import Shop
from shared.kernel import DayOrdinal, Zone, keys_on
from shared.kernel.months import GREGORIAN, JALALI

_ALL = "SELECT customer FROM profile WHERE shop = $1 AND customer > $2 AND NOT erased ORDER BY customer LIMIT $3"
_YEARLY = """
SELECT customer FROM profile
WHERE shop = $1 AND customer > $2 AND NOT erased
  AND to_char({column} AT TIME ZONE $4, 'MM-DD') = ANY($5::text[]) ORDER BY customer LIMIT $3
"""
_ONCE = """
SELECT customer FROM profile
WHERE shop = $1 AND customer > $2 AND NOT erased AND {column} >= $4 AND {column} < $5 ORDER BY customer LIMIT $3
"""
_BORN = """
SELECT customer FROM profile
WHERE shop = $1 AND customer > $2 AND NOT erased
  AND (birthday_gregorian = ANY($4::smallint[]) OR birthday_jalali = ANY($5::smallint[])) ORDER BY customer LIMIT $3
"""
_COLUMNS = {"first_order": "first_order_at", "last_order": "last_order_at"}


async def some(
    conn: asyncpg.Connection[Any], shop: Shop, trigger: OnDate, day: date, page: tuple[int, int]
) -> list[int]:
    """Identities in order, `page`: after which, and how many. Of a merged person one of them at least is among all."""
    asked = (shop.number, *page)
    if trigger.since is None:
        rows = await conn.fetch(_ALL, *asked)
    elif trigger.since == "birthday":
        around = days_anywhere(trigger, day, shop.zone)
        keys = (sorted({key for one in around for key in keys_on(one, calendar)}) for calendar in (GREGORIAN, JALALI))
        rows = await conn.fetch(_BORN, *asked, *keys)
    elif trigger.every == "year":
        days = [f"{month:02}-{at:02}" for month, at in sorted(days_of_year(day))]
        rows = await conn.fetch(_YEARLY.format(column=_COLUMNS[trigger.since]), *asked, shop.zone, days)
    else:
        zone, first = Zone(shop.zone), day - timedelta(days=trigger.days)
        span = (zone.start_of(DayOrdinal(first.toordinal() + more)) for more in (0, 1))
        rows = await conn.fetch(_ONCE.format(column=_COLUMNS[trigger.since]), *asked, *span)
    return [row["customer"] for row in rows]
