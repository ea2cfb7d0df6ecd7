"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any

import asyncpg

from services.loyalty.persons.domain import Person, alone, gathered
from shared import pointers
from shared.db import Reads

_SPACE = 0x6C6F7961
_GROUPS = 64
_NOTE = """
INSERT INTO known_customer (shop, customer)
SELECT * FROM unnest($1::smallint[], $2::bigint[]) ON CONFLICT (shop, customer) DO NOTHING
"""
_IS_KNOWN = "SELECT 1 FROM known_customer WHERE shop = $1 AND customer = $2"
_HOLD = "SELECT pg_advisory_xact_lock_shared($1, g) FROM unnest($2::int[]) AS g"


async def hold(conn: asyncpg.Connection[Any], shops: Iterable[int]) -> None:
    """Until the transaction ends, no pointer of these shops moves. Call it before anything is read or written."""
    await conn.fetch(_HOLD, _SPACE, sorted({shop % _GROUPS for shop in shops}))


async def hold_alone(conn: asyncpg.Connection[Any], shops: Iterable[int], wait_ms: int) -> bool:
    """Until the transaction ends, nobody else works for these shops. False when that cannot be had in time."""
    # One lock for each group of shops, in one order, so that nobody waits in a circle.
    groups = [group for group, _ in groupby(sorted(shop % _GROUPS for shop in shops))]
    try:
        async with conn.transaction():  # a savepoint: a lock that is not had in time must not cost the transaction
            await conn.execute(f"SET LOCAL lock_timeout = {int(wait_ms)}")
            for group in groups:
                await conn.execute("SELECT pg_advisory_xact_lock($1, $2)", _SPACE, group)
            await conn.execute("SET LOCAL lock_timeout TO DEFAULT")
    except asyncpg.LockNotAvailableError:
        return False
    return True


async def note(conn: asyncpg.Connection[Any], keys: Collection[tuple[int, int]]) -> None:
    """Keep that there are these identities (shop, identity)."""
    asked = sorted(keys)
    if asked:
        await conn.execute(_NOTE, [shop for shop, _ in asked], [customer for _, customer in asked])


async def is_known(reads: Reads, shop: int, customer: int) -> bool:
    """Whether there is this customer in the shop, as far as this service has heard."""
    return await reads.fetchrow(_IS_KNOWN, shop, customer) is not None


async def persons_of(
    conn: asyncpg.Connection[Any], wanted: Mapping[int, Collection[int]]
) -> dict[tuple[int, int], Person]:
    """By shop and identity, the persons of identities that are merged; who is left out is one by themselves.

    `wanted`: identities by shop. The shops must be held. Costs one look at an empty index where nobody is merged.
    """
    found: dict[tuple[int, int], Person] = {}
    for shop in await pointers.merging(conn, list(wanted)):
        asked = sorted(wanted[shop])
        moved = await pointers.pointers_of(conn, {shop: asked})
        canonical = {identity: moved.get((shop, identity), identity) for identity in asked}
        others = await pointers.identities_of(conn, shop, set(canonical.values()))
        for identity, person in gathered(shop, canonical, others).items():
            if len(person.identities) > 1:
                found[shop, identity] = person
    return found


async def identities_of_person(reads: Reads, shop: int, identity: int) -> Person:
    """The person that an identity belongs to."""
    customer = await pointers.canonical_of(reads, shop, identity)
    others = await pointers.identities_of(reads, shop, [customer])
    return gathered(shop, {customer: customer}, others)[customer] if others else alone(shop, customer)
