"""Pointers in the database. Who moves one holds the shop alone, so whoever holds it may read them without locks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from shared.db import Reads
from shared.pointers.domain import Key, Move, Pointer, Pointers, moves, newest

# One look at an index that is empty where nobody is merged.
_MERGING = """
SELECT s FROM unnest($1::smallint[]) AS s
WHERE EXISTS (SELECT FROM customer_pointer p WHERE p.shop = s AND p.canonical <> p.customer)
"""
_POINTERS = """
SELECT p.customer, p.canonical FROM customer_pointer p
WHERE p.shop = $1 AND p.canonical <> p.customer AND p.customer = ANY($2::bigint[])
"""
_KNOWN = """
SELECT p.shop, p.customer, p.canonical, p.sequence
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN customer_pointer p USING (shop, customer)
"""
_KEEP = """
INSERT INTO customer_pointer AS p (shop, customer, canonical, sequence)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])
ON CONFLICT (shop, customer) DO UPDATE SET canonical = excluded.canonical, sequence = excluded.sequence
"""
_IDENTITIES = """
SELECT p.canonical, p.customer FROM customer_pointer p
WHERE p.shop = $1 AND p.canonical <> p.customer AND p.canonical = ANY($2::bigint[])
"""
_CANONICAL = "SELECT canonical FROM customer_pointer WHERE shop = $1 AND customer = $2"


async def merging(conn: asyncpg.Connection[Any], shops: Collection[int]) -> list[int]:
    """Shops in which anybody is merged, of these. They must be held."""
    return [shop for (shop,) in await conn.fetch(_MERGING, sorted(shops))]


async def pointers_of(reads: Reads, wanted: Mapping[int, Collection[int]]) -> Pointers:
    """Whom customers (by shop) are counted as, of those that are merged. The shops must be held."""
    found: dict[Key, int] = {}
    for shop, customers in wanted.items():
        rows = await reads.fetch(_POINTERS, shop, list(customers))
        found |= {(shop, customer): canonical for customer, canonical in rows}
    return found


async def identities_of(reads: Reads, shop: int, canonical: Collection[int]) -> dict[int, set[int]]:
    """The other identities of these customers, by customer; those who have none are left out."""
    found: dict[int, set[int]] = {}
    for customer, identity in await reads.fetch(_IDENTITIES, shop, sorted(canonical)):
        found.setdefault(customer, set()).add(identity)
    return found


async def canonical_of(reads: Reads, shop: int, customer: int) -> int:
    """Whom one customer is counted as."""
    row = await reads.fetchrow(_CANONICAL, shop, customer)
    return customer if row is None else int(row["canonical"])


async def identities_of_all(reads: Reads, keys: Collection[Key]) -> dict[Key, tuple[int, tuple[int, ...]]]:
    """By shop and identity: whom it is counted as, and all identities of that person, sorted."""
    found: dict[Key, tuple[int, tuple[int, ...]]] = {}
    for shop in sorted({shop for shop, _ in keys}):
        asked = sorted(one for at, one in keys if at == shop)
        moved = await pointers_of(reads, {shop: asked})
        canonical = {one: moved.get((shop, one), one) for one in asked}
        others = await identities_of(reads, shop, set(canonical.values()))
        for one, whom in canonical.items():
            found[shop, one] = whom, tuple(sorted({whom, *others.get(whom, ())}))
    return found


async def knows(conn: asyncpg.Connection[Any], told: Collection[Key]) -> dict[Key, tuple[int, int]]:
    """(canonical, sequence) of identities of which a merge is known."""
    keys = sorted(told)
    rows = await conn.fetch(_KNOWN, [shop for shop, _ in keys], [customer for _, customer in keys])
    return {(row["shop"], row["customer"]): (row["canonical"], row["sequence"]) for row in rows}


async def news(conn: asyncpg.Connection[Any], told: Iterable[Pointer]) -> dict[Key, Pointer]:
    """The last word on each identity, of those that may be counted as somebody else now. Nearly all events only tell of
    a profile: then there are none, no shop need be held, and nothing be heeded."""
    found = newest(told)
    known = await knows(conn, found.keys())
    return {key: one for key, one in found.items() if key in known or one.moved or one.canonical != one.customer}


async def heed(conn: asyncpg.Connection[Any], told: Mapping[Key, Pointer]) -> list[Move]:
    """Keep what was said, and tell what it moves. The shops must be held alone."""
    kept, moved = moves(told, await knows(conn, told.keys()))
    await keep(conn, kept)
    return moved


async def keep(conn: asyncpg.Connection[Any], pointers: Sequence[Pointer]) -> None:
    """Write pointers."""
    if pointers:
        columns = zip(*((one.shop, one.customer, one.canonical, one.sequence) for one in pointers), strict=True)
        await conn.execute(_KEEP, *(list(column) for column in columns))
