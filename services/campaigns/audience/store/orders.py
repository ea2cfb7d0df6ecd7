"""Orders: what stands of what was said of each, and what customers bought, counted anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import asyncpg

from services.campaigns.audience.domain import SEPARATOR, Key, purchase_of
from services.campaigns.audience.store.profiles import lock_profiles, run, turned
from shared.kernel import moment_of
from shared.orders import OrderState, known_bytes, known_order, merge, standing

OrderKey = tuple[int, str]
"""Shop and order."""

_ORDERS = """
SELECT p.shop, p.order_id, p.customer, p.known
FROM unnest($1::smallint[], $2::text[]) AS k (shop, order_id) JOIN purchase p USING (shop, order_id)
ORDER BY p.shop, p.order_id FOR UPDATE OF p
"""
_VALUES = """unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bytea[],
    $8::text[], $9::text[]) AS n (shop, order_id, customer, net, at, currency, known, products, categories)"""
_ADD_ORDERS = f"""
INSERT INTO purchase (shop, order_id, customer, net, at, currency, known, products, categories)
SELECT shop, order_id, customer, net, at, currency, known, string_to_array(products, E'\\x1f'),
       string_to_array(categories, E'\\x1f')
FROM {_VALUES}
ON CONFLICT (shop, order_id) DO NOTHING RETURNING shop, order_id
"""  # noqa: S608 - text of our own
_CHANGE_ORDERS = f"""
UPDATE purchase p
SET customer = n.customer, net = n.net, at = n.at, currency = n.currency, known = n.known,
    products = string_to_array(n.products, E'\\x1f'), categories = string_to_array(n.categories, E'\\x1f')
FROM {_VALUES} WHERE p.shop = n.shop AND p.order_id = n.order_id
"""  # noqa: S608 - text of our own
# Plans must not turn on how small a table was when the plan was made, nor rows be locked in another order than sorted.
_PREPARE = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
_RECOUNT = """
WITH k AS (SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)),
part AS (
    SELECT shop, customer, p.currency, count(*) AS orders, sum(p.net) AS net, min(p.at) AS first, max(p.at) AS last
    FROM k JOIN purchase p USING (shop, customer) GROUP BY shop, customer, p.currency
),
whole AS (
    SELECT shop, customer, sum(orders) AS orders, jsonb_object_agg(currency, net) AS money,
           jsonb_object_agg(currency, orders) AS counts, min(first) AS first, max(last) AS last
    FROM part GROUP BY shop, customer
)
UPDATE profile p
SET orders = coalesce(w.orders, 0), money = coalesce(w.money, '{}'), counts = coalesce(w.counts, '{}'),
    first_order_at = w.first, last_order_at = w.last
FROM k LEFT JOIN whole w USING (shop, customer) WHERE p.shop = k.shop AND p.customer = k.customer
"""


class KnownOrder(NamedTuple):
    """An order as it was before: whom it counted for, and what was known of it."""

    customer: int | None
    state: OrderState


async def lock_orders(conn: asyncpg.Connection[Any], keys: Iterable[OrderKey]) -> dict[OrderKey, KnownOrder]:
    """What is known of orders, locked in the order of their keys; those of which nothing is are left out."""
    await conn.execute(_PREPARE)
    asked = sorted(keys)
    rows = await conn.fetch(_ORDERS, [shop for shop, _ in asked], [order for _, order in asked])
    return {(row["shop"], row["order_id"]): KnownOrder(row["customer"], known_order(row["known"])) for row in rows}


async def save_orders(
    conn: asyncpg.Connection[Any], told: Mapping[OrderKey, OrderState], known: Mapping[OrderKey, KnownOrder]
) -> set[Key]:
    """Orders as they are known now, and what customers bought, counted anew; of whom. `known`: those locked."""
    new = [_row(key, state) for key, state in sorted(told.items()) if key not in known]
    added = {(row[0], row[1]) for row in await conn.fetch(_ADD_ORDERS, *turned(new))} if new else set()
    # What another transaction added meanwhile has committed: whoever adds a key waits for whoever added it first.
    known = {**known, **await lock_orders(conn, told.keys() - known.keys() - added)}
    changed = [_row(key, standing(merge(one.state, told[key]))) for key, one in sorted(known.items())]
    concerned = {(row[0], row[2]) for row in (*new, *changed) if row[2] is not None}
    concerned |= {(key[0], one.customer) for key, one in known.items() if one.customer is not None}
    await run(conn, _CHANGE_ORDERS, changed)
    await lock_profiles(conn, concerned)
    await run(conn, _RECOUNT, sorted(concerned))
    return concerned


def _row(key: OrderKey, state: OrderState) -> tuple[Any, ...]:
    """The values of _VALUES."""
    known = known_bytes(state)
    bought = purchase_of(state)
    if bought is None:
        return (*key, None, None, None, "", known, None, None)
    lists = (SEPARATOR.join(names) for names in bought.goods)
    return (*key, bought.customer, bought.net, moment_of(bought.at), bought.currency, known, *lists)
