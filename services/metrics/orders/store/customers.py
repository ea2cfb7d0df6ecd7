"""Customers' states in the database, and the stretches of their orders that a rewind needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg
import numpy as np
import numpy.typing as npt

from services.metrics.counters import Ints, currency_code
from services.metrics.orders.domain.decide import Plan, States, Stretch
from services.metrics.orders.domain.lives import GAPS, NUMBERS, Lives, no_lives
from shared.db.binary import BIGINT, BOOL, INT, SMALLINT, Field, Layout, Rows, copy_out
from shared.db.copying import copy_in

_PLACE = "V6"  # a row's physical place (tid): block and line
_CHANGING = ("first_day", "orders", "version")
_NEW = (Field("customer", BIGINT), Field("shop", SMALLINT), Field("generation", SMALLINT))
_FOUND = (Field("customer", BIGINT), Field("shop", SMALLINT), Field("place", _PLACE), Field("odd", INT))
_GAPS_FORMAT = f"V{2 * GAPS}"  # two bytes each, big-endian
_LIFE = [
    *(Field(name, {"stage": SMALLINT, "put_off": BOOL}.get(name, INT)) for name in NUMBERS),
    Field("gaps", _GAPS_FORMAT),
]
_KEYS = Layout(_NEW)
_OLD = (Field("place", _PLACE),)
_TYPES = {"stage": "smallint", "put_off": "boolean", "gaps": "bytea"}
_STAGE = f"""
CREATE TEMP TABLE IF NOT EXISTS staged_key (customer bigint, shop smallint, generation smallint) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS staged_customer (
    place tid, first_day int, orders int, version int, days int[],
    {", ".join(f"{field.name} {_TYPES.get(field.name, 'int')}" for field in _LIFE)}
) ON COMMIT DELETE ROWS;
DELETE FROM staged_key;
DELETE FROM staged_customer
"""  # noqa: S608 - column names of our own
_INSERT_MISSING = """
INSERT INTO customer_state (customer, shop, generation, first_day, orders, version, days)
SELECT k.customer, k.shop, k.generation, 0, 0, 1, array_fill(0, ARRAY[$1::int]) FROM staged_key k
WHERE NOT EXISTS (
    SELECT FROM customer_state c
    WHERE c.shop = k.shop AND c.generation = k.generation AND c.customer = k.customer
)
ORDER BY shop, generation, customer
ON CONFLICT (shop, generation, customer) DO NOTHING
"""
_LOCK = f"""
SELECT c.customer, c.shop, c.ctid, c.odd, c.first_day, c.orders, c.version, c.days,
       {", ".join(f"c.{field.name}" for field in _LIFE)}
FROM staged_key k JOIN customer_state c USING (shop, generation, customer)
ORDER BY c.shop, c.generation, c.customer
FOR UPDATE OF c
"""  # noqa: S608 - column names of our own
# A locked row stays where it is, so its place finds it without another look into the index.
_UPDATE = f"""
UPDATE customer_state c
SET first_day = s.first_day, orders = s.orders, version = s.version, days = s.days,
    {", ".join(f"{field.name} = s.{field.name}" for field in _LIFE)}
FROM staged_customer s
WHERE c.ctid = s.place
"""  # noqa: S608 - column names of our own
_STRETCHES = """
SELECT r.n, x.part, x.day, x.currency, x.net
FROM unnest($1::smallint[], $2::bigint[], $3::int[], $4::int[]) WITH ORDINALITY AS r (shop, customer, low, high, n)
CROSS JOIN LATERAL (
    (SELECT 0 AS part, day, currency, net FROM order_fact o
     WHERE o.shop = r.shop AND o.customer = r.customer AND o.counted AND o.customer <> 0 AND o.day < r.low
     ORDER BY day DESC LIMIT $5)
    UNION ALL
    (SELECT 1, day, currency, net FROM order_fact o
     WHERE o.shop = r.shop AND o.customer = r.customer AND o.counted AND o.customer <> 0
       AND o.day BETWEEN r.low AND r.high)
    UNION ALL
    (SELECT 2, day, currency, net FROM order_fact o
     WHERE o.shop = r.shop AND o.customer = r.customer AND o.counted AND o.customer <> 0 AND o.day > r.high
     ORDER BY day LIMIT $5)
) x
"""


class Claimed(NamedTuple):
    """Customers' states, and where the rows of those lie that have one."""

    states: States
    lives: Lives
    places: npt.NDArray[np.void]
    odd: Ints
    """Not 0 for those whose books differ from what is restated."""


async def claim(
    conn: asyncpg.Connection[Any], shop: Ints, customer: Ints, generation: Ints, depth: int, *, careful: bool
) -> Claimed:
    """States of customers (sorted by shop and customer, distinct), locked in that order; zeros for those who are new.

    A new customer has no row to lock yet. Careful: makes the missing rows first, so that somebody else who meets the
    same new customers waits. Otherwise `save` finds out, when it is too late, by a UniqueViolationError.
    """
    await conn.execute(_STAGE)
    keys = _KEYS.rows(len(customer))
    keys["customer"], keys["shop"], keys["generation"] = customer, shop, generation
    await copy_in(conn, "staged_key", _KEYS.columns, keys)
    if careful:
        await conn.execute(_INSERT_MISSING, depth)
    rows = await copy_out(conn, _LOCK, _layout(depth, _FOUND))
    at = _found_at(shop, customer, rows)
    first_day, orders, version = np.zeros((3, len(customer)), np.int64)
    states = States(shop, customer, first_day, orders, version, np.zeros((len(customer), depth), np.int64))
    for name in _CHANGING:
        getattr(states, name)[at] = rows[name]
    states.days[at] = rows["days"]["value"]
    lives = no_lives(len(customer))
    for name in NUMBERS:
        getattr(lives, name)[at] = rows[name]
    lives.gaps[at] = np.frombuffer(rows["gaps"].tobytes(), ">u2").reshape(-1, GAPS)
    places, odd = np.zeros(len(customer), _PLACE), np.zeros(len(customer), np.int64)
    places[at], odd[at] = rows["place"], rows["odd"]
    return Claimed(states, lives, places, odd)


async def save(conn: asyncpg.Connection[Any], before: Claimed, after: States, lives: Lives, generation: Ints) -> None:
    """Write the states that changed. UniqueViolationError when a customer who was new no longer is."""
    depth = after.days.shape[1]
    changed = after.version != before.states.version
    new = np.flatnonzero(changed & (before.states.version == 0))  # a row that exists has version 1 or more
    if len(new):
        rows = _rows(after, lives, new, _NEW)
        rows["customer"], rows["shop"], rows["generation"] = after.customer[new], after.shop[new], generation[new]
        await copy_in(conn, "customer_state", _layout(depth, _NEW).columns, rows)
    old = np.flatnonzero(changed & (before.states.version > 0))
    if len(old):
        rows = _rows(after, lives, old, _OLD)
        rows["place"] = before.places[old]
        await copy_in(conn, "staged_customer", _layout(depth, _OLD).columns, rows)
        await conn.execute(_UPDATE)


async def stretches(conn: asyncpg.Connection[Any], plan: Plan, depth: int) -> Stretch:
    """What a rewind needs of each customer's counted orders, as they are after this batch."""
    if not len(plan.rewound):
        none = np.zeros(0, np.int64)
        return Stretch(none, none, none, none, none)
    rows = await conn.fetch(
        _STRETCHES,
        plan.states.shop[plan.rewound].tolist(),
        plan.states.customer[plan.rewound].tolist(),
        plan.low.tolist(),
        plan.high.tolist(),
        depth,
    )
    owner, part, day, currency, net = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    codes = {text: currency_code(text) for text in set(currency)}
    columns = (owner, part, day, [codes[text] for text in currency], net)
    found = [np.array(column, np.int64) for column in columns]
    order = np.lexsort((found[2], found[0]))
    return Stretch(found[0][order] - 1, *(column[order] for column in found[1:]))


@lru_cache(maxsize=64)
def _layout(depth: int, kind: tuple[Field, ...]) -> Layout:
    return Layout([*kind, *(Field(name, INT) for name in _CHANGING), Field("days", INT, length=depth), *_LIFE])


def _rows(states: States, lives: Lives, chosen: Ints, kind: tuple[Field, ...]) -> Rows:
    rows = _layout(states.days.shape[1], kind).rows(len(chosen))
    for name in _CHANGING:
        rows[name] = getattr(states, name)[chosen]
    rows["days"]["value"] = states.days[chosen]
    for name in NUMBERS:
        rows[name] = getattr(lives, name)[chosen]
    rows["gaps"] = lives.gaps[chosen].astype(">u2").view(_GAPS_FORMAT)[:, 0]
    return rows


def _found_at(shop: Ints, customer: Ints, rows: Rows) -> Ints:
    """Where each row's customer stands among the asked ones; both are sorted by shop and customer."""
    at = np.zeros(len(rows), np.int64)
    for number in np.unique(shop).tolist():
        low, high = np.searchsorted(shop, (number, number + 1))
        mine = np.flatnonzero(rows["shop"] == number)
        at[mine] = low + np.searchsorted(customer[low:high], rows["customer"][mine].astype(np.int64))
    return at
