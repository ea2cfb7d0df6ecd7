"""After a switch: orders are given the days of the generation that is live now, whoever comes to them first.

Until an order has its new days, `order_fact` and `spell` say of it what the last generation said, and it stands in
`built_order` as moved. Whoever changes orders or looks at customers' orders to decide something settles these first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import asyncpg

from services.metrics.orders.domain.batch import Batch
from shared.db import Reads
from shared.orders import GUEST
from shared.problems import unavailable

_LIVE = "FROM built_order b JOIN generation g ON g.shop = b.shop AND g.number = b.generation AND g.live AND g.building"
# Who reads these orders next waits here for whoever settles some of them just now.
_OF_CUSTOMERS = f"""
SELECT b.order_id {_LIVE}
WHERE b.shop = $1 AND b.moved AND b.order_id IN (
    SELECT o.order_id FROM built_order o
    WHERE o.shop = $1 AND o.generation = (SELECT number FROM generation WHERE shop = $1 AND live)
      AND o.customer = ANY($2::bigint[])
    UNION ALL
    SELECT s.order_id FROM built_spell s
    WHERE s.shop = $1 AND s.generation = (SELECT number FROM generation WHERE shop = $1 AND live)
      AND s.customer = ANY($2::bigint[])
    UNION ALL
    SELECT unnest($3::text[]))
ORDER BY b.order_id FOR UPDATE OF b
"""  # noqa: S608 - constants
_NEXT = f"""
SELECT b.order_id {_LIVE} WHERE b.shop = $1 AND b.moved ORDER BY b.order_id LIMIT $2 FOR UPDATE OF b SKIP LOCKED
"""
_OWNERS = """
SELECT customer FROM order_fact WHERE shop = $1 AND order_id = ANY($2::text[])
UNION SELECT customer FROM spell WHERE shop = $1 AND order_id = ANY($2::text[])
"""
_OF = """
b.shop = $1 AND b.order_id = ANY($2::text[])
AND b.generation = (SELECT number FROM generation WHERE shop = $1 AND live)
"""
_DAYS = f"""
UPDATE order_fact o SET day = b.day, booked_day = b.booked_day, odd = b.odd
FROM built_order b WHERE {_OF} AND o.shop = b.shop AND o.order_id = b.order_id
"""  # noqa: S608 - constants
_FORGET_SPELLS = "DELETE FROM spell WHERE shop = $1 AND order_id = ANY($2::text[])"
_SPELLS = f"""
INSERT INTO spell (shop, order_id, since, until, start, customer, currency, net)
SELECT b.shop, b.order_id, b.since, b.until, b.start, b.customer, b.currency, b.net FROM built_spell b WHERE {_OF}
"""  # noqa: S608 - constants
_SETTLED = f"UPDATE built_order b SET moved = false WHERE {_OF}"  # noqa: S608 - constants
_IS_SETTLING = "SELECT shop FROM generation WHERE shop = $1 AND live AND building"


async def settle_of(
    conn: asyncpg.Connection[Any], shop: int, customers: Iterable[int], orders: Collection[str] = ()
) -> None:
    """Settle all orders of customers, and these orders. The caller holds the shop."""
    whose = sorted({customer for customer in customers if customer != GUEST})
    rows = await conn.fetch(_OF_CUSTOMERS, shop, whose, list(orders))
    await _settle(conn, shop, [row["order_id"] for row in rows])


async def settle_batch(conn: asyncpg.Connection[Any], batch: Batch, shops: Iterable[int]) -> None:
    """Settle all that a batch may change, or have to look at."""
    for shop in sorted(shops):
        mine = batch.plain.shop == shop
        orders = [order for order, own in zip(batch.plain.order_id, mine.tolist(), strict=True) if own]
        customers = set(batch.plain.customer[mine].tolist())
        for key, state in batch.states.items():
            if key.shop == shop:
                orders.append(key.order_id)
                customers |= {content.customer for content in state.contents.values()}
        customers |= {row["customer"] for row in await conn.fetch(_OWNERS, shop, orders)}
        await settle_of(conn, shop, customers, orders)


async def settle_next(conn: asyncpg.Connection[Any], shop: int, limit: int) -> int:
    """Settle so many of the shop's orders that nobody else is settling; how many there were."""
    rows = await conn.fetch(_NEXT, shop, limit)
    await _settle(conn, shop, [row["order_id"] for row in rows])
    return len(rows)


async def is_unsettled(conn: asyncpg.Connection[Any], shop: int) -> bool:
    """Whether any order still has the days of the last generation."""
    return bool(await conn.fetchval(f"SELECT EXISTS (SELECT {_LIVE} WHERE b.shop = $1 AND b.moved)", shop))


async def refuse_unsettled(reads: Reads, shop: int) -> None:
    """503 while the shop's orders are given other days: a scan of them would mix both."""
    if await reads.fetchrow(_IS_SETTLING, shop) is not None:
        raise unavailable("The shop's orders are being given the days of its new settings; ask again shortly.")


async def _settle(conn: asyncpg.Connection[Any], shop: int, orders: list[str]) -> None:
    if orders:
        for statement in (_DAYS, _FORGET_SPELLS, _SPELLS, _SETTLED):
            await conn.execute(statement, shop, orders)
