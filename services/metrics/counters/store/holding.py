"""Who counts holds the shop's generation while doing so; who exchanges generations waits until nobody does.

An advisory lock for each of 64 groups of shops: nothing is written for it, and a batch of many shops takes few locks.
Such locks are those of a whole database, so the schema is part of their name: a rebuild beside holds its own shops.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

import asyncpg

_SPACE = 0x6D67656E
_GROUPS = 64

# Taken by a statement of its own, before anything is read: what is read afterwards is what then is live.
_HOLD = "SELECT pg_advisory_xact_lock_shared($1 # hashtext(current_schema()), g) FROM unnest($2::int[]) AS g"
_HOLD_ALONE = "SELECT pg_advisory_xact_lock($1 # hashtext(current_schema()), $2)"
_BUILDING = "SELECT shop, live FROM generation WHERE shop = ANY($1::int[]) AND building"


class Held(NamedTuple):
    """Shops, of those that are held, that need more than counting."""

    built: set[int]
    """Another generation is being built: whoever changes orders of these must say so with `orders.mark`."""
    settling: set[int]
    """Another generation went live, and not all orders have its days: settle before reading any."""


async def hold(conn: asyncpg.Connection[Any], shops: Iterable[int]) -> Held:
    """Until the transaction ends, no other generation of these shops goes live, and none begins to be built.

    Call it before `ensure_generations`, and before any row of the shops is written.
    """
    numbers = sorted(set(shops))
    await conn.fetch(_HOLD, _SPACE, sorted({number % _GROUPS for number in numbers}))
    rows = await conn.fetch(_BUILDING, numbers)
    return Held({row["shop"] for row in rows if not row["live"]}, {row["shop"] for row in rows if row["live"]})


def in_order_of_holding(shops: Iterable[int]) -> list[int]:
    """The order in which shops are to be held alone, one for each lock, so that nobody waits in a circle."""
    return [min(same) for _, same in groupby(sorted(set(shops), key=_group), key=_group)]


def _group(shop: int) -> int:
    return shop % _GROUPS


async def hold_alone(conn: asyncpg.Connection[Any], shop: int, wait_ms: int) -> bool:
    """Until the transaction ends, nobody else counts for this shop. False when that cannot be had in time."""
    try:
        async with conn.transaction():  # a savepoint: a lock that is not had in time must not cost the transaction
            await conn.execute(f"SET LOCAL lock_timeout = {int(wait_ms)}")
            await conn.execute(_HOLD_ALONE, _SPACE, shop % _GROUPS)
            await conn.execute("SET LOCAL lock_timeout TO DEFAULT")
    except asyncpg.LockNotAvailableError:
        return False
    return True
