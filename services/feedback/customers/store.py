"""Every query of the slice.

**Locks.** Whoever writes anything of a customer, in whichever slice, first locks their rows here (`lock`), all at once
and sorted; of a person, of all their identities, with pointers held. Rows of invitations, answers and cases, and keys
of the outbox, are locked under that, so nobody waits in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.feedback.customers.domain import Customer, Key, StageTold, Standing, standing_of
from shared import pointers
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_SPACE = 0x66656564
_GROUPS = 64

_HOLD = "SELECT pg_advisory_xact_lock($1, g) FROM unnest($2::int[]) AS g"
_KEYS = "unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)"
_STUBS = f"""
INSERT INTO respondent (shop, customer) SELECT * FROM {_KEYS} ON CONFLICT (shop, customer) DO NOTHING
"""  # noqa: S608 - text of our own
_LOCK = f"""
SELECT 1 FROM {_KEYS} JOIN respondent r USING (shop, customer) ORDER BY r.shop, r.customer FOR UPDATE OF r
"""  # noqa: S608 - text of our own
_LOCALES = """
UPDATE respondent r SET sequence = n.sequence, locale = n.locale
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[]) AS n (shop, customer, sequence, locale)
WHERE r.shop = n.shop AND r.customer = n.customer AND r.sequence < n.sequence AND NOT r.erased
"""
_TIERS = """
UPDATE respondent r SET tier_sequence = n.sequence, tier = nullif(n.tier, '')
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[]) AS n (shop, customer, sequence, tier)
WHERE r.shop = n.shop AND r.customer = n.customer AND r.tier_sequence < n.sequence
"""
_STAGES = """
INSERT INTO stage_change AS s (shop, customer, number, day, stage, retracted)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::boolean[])
ON CONFLICT (shop, customer, number) DO UPDATE SET retracted = true WHERE excluded.retracted AND NOT s.retracted
"""
_STAND = f"""
UPDATE respondent r SET stage = (
    SELECT s.stage FROM stage_change s
    WHERE s.shop = r.shop AND s.customer = r.customer AND NOT s.retracted ORDER BY s.day DESC, s.number DESC LIMIT 1
)
FROM {_KEYS} WHERE r.shop = k.shop AND r.customer = k.customer
"""  # noqa: S608 - text of our own
_ORDERED = """
UPDATE respondent r SET first_order_at = least(r.first_order_at, n.at), place = n.place
FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::int[]) AS n (shop, customer, at, place)
WHERE r.shop = n.shop AND r.customer = n.customer
"""
_COLUMNS = "customer, locale, stage, tier, first_order_at, place, erased"
_OF = f"""
SELECT shop, {_COLUMNS} FROM {_KEYS} JOIN respondent r USING (shop, customer)
"""  # noqa: S608 - text of our own
_AFTER = f"""
SELECT {_COLUMNS} FROM respondent
WHERE shop = $1 AND customer > $2 AND first_order_at IS NOT NULL ORDER BY customer LIMIT $3
"""  # noqa: S608 - text of our own
_KNOWN = "SELECT 1 FROM respondent WHERE shop = $1 AND customer = $2"
_FORGET = """
UPDATE respondent r SET erased = true, locale = NULL
FROM respondent before
WHERE r.shop = $1 AND r.customer = ANY($2::bigint[]) AND before.shop = r.shop AND before.customer = r.customer
RETURNING before.locale
"""
_COUNTED = "SELECT count(*) FROM stage_change WHERE shop = $1 AND customer = ANY($2::bigint[])"


async def hold_pointers(conn: asyncpg.Connection[Any], shops: Iterable[int], *, alone: bool = False) -> None:
    """Until the transaction ends no pointer of these shops moves; `alone`: but by us. Before anything is locked."""
    statement = _HOLD if alone else _HOLD.replace("xact_lock", "xact_lock_shared")
    await conn.fetch(statement, _SPACE, sorted({shop % _GROUPS for shop in shops}))


async def lock(conn: asyncpg.Connection[Any], keys: Iterable[Key]) -> None:
    """Lock customers in the order of their keys; those that are missing are made first."""
    asked = sorted(keys)
    if asked:
        columns = turned(asked)
        await conn.execute(_STUBS, *columns)
        await conn.fetch(_LOCK, *columns)


async def save_locales(conn: asyncpg.Connection[Any], told: Mapping[Key, tuple[int, str | None]]) -> None:
    """Languages as they were said last; of who is erased nothing comes back."""
    await run(conn, _LOCALES, [(*key, *one) for key, one in sorted(told.items())])


async def save_tiers(conn: asyncpg.Connection[Any], told: Mapping[Key, tuple[int, str]]) -> None:
    """Which tiers members are on."""
    await run(conn, _TIERS, [(*key, *one) for key, one in sorted(told.items())])


async def save_stages(conn: asyncpg.Connection[Any], told: Mapping[tuple[int, int, int], StageTold]) -> None:
    """Changes of stage, and what stands after them."""
    await run(conn, _STAGES, [(*key, one.day, one.stage, one.retracted) for key, one in sorted(told.items())])
    await run(conn, _STAND, sorted({(shop, customer) for shop, customer, _ in told}))


async def note_order(conn: asyncpg.Connection[Any], told: Mapping[Key, tuple[datetime, int]]) -> None:
    """When customers first ordered, as far as it was told live, and by which partition their events come."""
    await run(conn, _ORDERED, [(*key, *one) for key, one in sorted(told.items())])


async def customers_of(reads: Reads, keys: Collection[Key]) -> dict[Key, Customer]:
    """What is known of identities; those of whom nothing is are left out."""
    rows = await reads.fetch(_OF, *turned(sorted(keys))) if keys else []
    return {(row["shop"], row["customer"]): Customer(*row[1:]) for row in rows}


async def standing(reads: Reads, shop: int, customer: int) -> Standing:
    """How the person of an identity stands."""
    canonical, identities = (await pointers.identities_of_all(reads, [(shop, customer)]))[shop, customer]
    known = await customers_of(reads, [(shop, one) for one in identities])
    return standing_of(canonical, list(known.values()))


async def is_known(reads: Reads, shop: int, customer: int) -> bool:
    """Whether anything was ever told of this customer."""
    return await reads.fetchrow(_KNOWN, shop, customer) is not None


async def some_after(reads: Reads, shop: int, customer: int, most: int) -> list[Customer]:
    """Customers with orders, the next ones after a number."""
    return [Customer(*row) for row in await reads.fetch(_AFTER, shop, customer, most)]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Take away what is personal, and have none come back; of how many identities any was known. Locks them."""
    await lock(conn, {(int(shop), int(customer)) for customer in customers})
    rows = await conn.fetch(_FORGET, shop, list(customers))
    return sum(row["locale"] is not None for row in rows)


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> dict[str, int]:
    """How much is kept of these customers, by kind."""
    count = await conn.fetchval(_COUNTED, shop, list(customers))
    return {"stage_changes": int(count)} if count else {}


async def run(conn: asyncpg.Connection[Any], statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """A statement whose arguments are columns, for these rows."""
    if rows:
        await conn.execute(statement, *turned(rows))


def turned(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]
