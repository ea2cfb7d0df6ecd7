"""Redemptions: locked one by one, or those of a batch in one order, and written as they stand now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from services.loyalty.rewards.domain.redemption import Redemption, State
from shared.db import Reads
from shared.kernel import moment_of

_COLUMNS = ", ".join(Redemption._fields)
_PLACES = ", ".join(f"${place}" for place in range(2, len(Redemption._fields) + 2))
_ADD = f"INSERT INTO redemption (shop, {_COLUMNS}) VALUES ($1, {_PLACES})"  # noqa: S608 - column names of our own
_ONE = f"SELECT {_COLUMNS} FROM redemption WHERE shop = $1 AND id = $2"  # noqa: S608 - column names of our own
_SEVERAL = f"""
SELECT {_COLUMNS} FROM redemption WHERE shop = $1 AND id = ANY($2::text[]) ORDER BY id FOR UPDATE
"""  # noqa: S608 - column names of our own
# The state before is named: one that ended meanwhile stays as it is.
_SAVE = """
UPDATE redemption SET state = $4, granted_at = $5, ends_at = $6, used_at = $7, order_id = $8, noticed = $9,
    revoked_at = $10, revoked_why = $11, due_day = $12
WHERE shop = $1 AND id = $2 AND state = $3
"""
_OF_CUSTOMER = f"""
SELECT {_COLUMNS} FROM redemption
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND ($3::timestamptz IS NULL OR (asked_at, id) < ($3, $4))
ORDER BY asked_at DESC, id DESC LIMIT $5
"""  # noqa: S608 - column names of our own

# What can be taken back with an order: entitlements alone, which are used as they are granted.
_ENTITLED_BY = """
SELECT r.id FROM redemption r JOIN reward_version v USING (shop, reward, version)
WHERE r.shop = $1 AND r.order_id = ANY($2::text[]) AND r.state IN (3, 7) AND v.body #>> '{what,kind}' = 'entitlement'
"""
_ANY_DUE = "SELECT EXISTS (SELECT FROM redemption WHERE shop = $1 AND due_day <= $2)"
_DUE = f"""
SELECT {_COLUMNS} FROM redemption
WHERE shop = $1 AND due_day <= $2 AND customer = ANY($3::bigint[]) ORDER BY id FOR UPDATE
"""  # noqa: S608 - column names of our own
_TURNED = """
UPDATE redemption r SET state = n.state, noticed = n.noticed, due_day = n.due_day
FROM unnest($2::text[], $3::smallint[], $4::smallint[], $5::int[]) AS n (id, state, noticed, due_day)
WHERE r.shop = $1 AND r.id = n.id
"""
_NEXT = """
SELECT customer, min(due_day) AS day FROM redemption
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND due_day IS NOT NULL GROUP BY customer
"""

_LATEST = 2**57


async def add(conn: asyncpg.Connection[Any], shop: int, one: Redemption) -> None:
    """A new one."""
    await conn.execute(_ADD, shop, *one)


async def load(reads: Reads, shop: int, redemption: str, *, lock: bool = False) -> Redemption | None:
    """One of them. `lock`: nobody else changes it until the transaction ends."""
    row = await reads.fetchrow(_ONE + (" FOR UPDATE" if lock else ""), shop, redemption)
    return None if row is None else _redemption(row)


async def lock_several(conn: asyncpg.Connection[Any], shop: int, ids: Collection[str]) -> list[Redemption]:
    """Those of these that there are."""
    return [_redemption(row) for row in await conn.fetch(_SEVERAL, shop, sorted(ids))]


async def entitled_by(conn: asyncpg.Connection[Any], shop: int, orders: Collection[str]) -> list[Redemption]:
    """Entitlements that were got on these orders and are used or taken back, locked."""
    rows = await conn.fetch(_ENTITLED_BY, shop, sorted(orders))
    return await lock_several(conn, shop, [row["id"] for row in rows]) if rows else []


async def any_due(reads: Reads, shop: int, day: int) -> bool:
    """Whether anything happens to a reward of the shop up to and with a day: seldom what timers have not seen to."""
    row = await reads.fetchrow(_ANY_DUE, shop, day)
    return bool(row and row["exists"])


async def lock_due(conn: asyncpg.Connection[Any], shop: int, customers: Collection[int], day: int) -> list[Redemption]:
    """Those of these identities to which something happens up to and with a day, locked."""
    return [_redemption(row) for row in await conn.fetch(_DUE, shop, day, sorted(customers))]


async def save_turned(conn: asyncpg.Connection[Any], shop: int, turned: Sequence[Redemption]) -> None:
    """Write what days brought to some that are locked."""
    rows = [(one.id, int(one.state), one.noticed, one.due_day) for one in turned]
    if rows:
        await conn.execute(_TURNED, shop, *(list(column) for column in zip(*rows, strict=True)))


async def next_days(reads: Reads, shop: int, customers: Collection[int]) -> dict[int, int]:
    """The day on which something happens next to a reward of these identities, of those who have one that ends."""
    return {row["customer"]: row["day"] for row in await reads.fetch(_NEXT, shop, sorted(customers))}


async def save(conn: asyncpg.Connection[Any], shop: int, before: State, one: Redemption) -> None:
    """Write one that is locked."""
    told = (one.granted_at, one.ends_at, one.used_at, one.order_id, one.noticed, one.revoked_at)
    await conn.execute(_SAVE, shop, one.id, int(before), int(one.state), *told, one.revoked_why, one.due_day)


async def of_customer(
    reads: Reads, shop: int, identities: Sequence[int], after: tuple[int, str] | None, limit: int
) -> list[Redemption]:
    """A person's, the newest first; `after`: microseconds and id of the last."""
    at, name = (None, "") if after is None else (moment_of(min(max(after[0], 0), _LATEST)), after[1])
    rows = await reads.fetch(_OF_CUSTOMER, shop, list(identities), at, name, limit)
    return [_redemption(row) for row in rows]


def _redemption(row: asyncpg.Record) -> Redemption:
    one = Redemption(*(row[name] for name in Redemption._fields))
    return one._replace(state=State(one.state))
