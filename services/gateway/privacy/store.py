"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import asyncpg
import msgspec

from services.gateway.privacy.domain import Answered, Erasure, Reason
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_COLUMNS = (
    "id, shop, customer, reason, reference, asked, requested_at, erased_at, completed_at, raw_cleared_at, term_months"
)
# Who was merged with somebody that is erased already has no erasure of their own.
_OF_CUSTOMER = f"""
SELECT {_COLUMNS} FROM erasure e WHERE e.shop = $1
    AND (e.customer = $2 OR e.id = (SELECT c.erasure FROM customer c WHERE c.shop = $1 AND c.customer = $2))
ORDER BY e.requested_at LIMIT 1
"""  # noqa: S608 - constants
_BY_ID = f"SELECT {_COLUMNS} FROM erasure WHERE shop = $1 AND id = $2"  # noqa: S608 - constants
_ADD = """
INSERT INTO erasure (shop, customer, id, requested_at, reason, reference, asked, term_months)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (shop, customer) DO NOTHING
"""
_INSIST = """
UPDATE erasure SET reason = $3, reference = $4, term_months = NULL
WHERE shop = $1 AND id = $2 AND erased_at IS NULL AND term_months IS NOT NULL
"""
_DROP = "DELETE FROM erasure WHERE shop = $1 AND id = $2 AND erased_at IS NULL"
_LIST = f"SELECT {_COLUMNS} FROM erasure WHERE shop = $1 ORDER BY requested_at DESC, id LIMIT $2"  # noqa: S608 - constants
_LOCK = f"""
SELECT {_COLUMNS} FROM erasure WHERE (shop, id) IN (SELECT * FROM unnest($1::smallint[], $2::uuid[]))
ORDER BY shop, id FOR UPDATE
"""  # noqa: S608 - constants
_ERASED = """
UPDATE erasure SET erased_at = $3, removed = $4::text::jsonb, sought = $5, searched = $6 WHERE shop = $1 AND id = $2
"""
_SEARCHES = """
SELECT e.id, e.shop, e.customer, e.removed::text, e.sought, e.searched, s.slug,
       ARRAY(SELECT c.customer FROM customer c WHERE c.shop = e.shop AND c.erasure = e.id) AS customers
FROM erasure e JOIN shop s ON s.number = e.shop
WHERE e.sought IS NOT NULL AND (e.shop, e.id) IN (SELECT * FROM unnest($1::smallint[], $2::uuid[]))
ORDER BY e.shop, e.id FOR UPDATE OF e
"""
_SEARCHED = "UPDATE erasure SET removed = $3::text::jsonb, sought = $4, searched = $5 WHERE shop = $1 AND id = $2"
_ANSWER = """
INSERT INTO erasure_answer (shop, id, service, answered_at, removed, kept)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb) ON CONFLICT DO NOTHING
"""
_COMPLETE = """
UPDATE erasure e SET completed_at = $3 WHERE e.shop = $1 AND e.id = $2 AND e.completed_at IS NULL
    AND e.asked <@ ARRAY(SELECT a.service FROM erasure_answer a WHERE a.shop = e.shop AND a.id = e.id)
"""
_ANSWERS = """
SELECT service, answered_at, removed::text, kept::text FROM erasure_answer WHERE shop = $1 AND id = $2 ORDER BY service
"""
_OVERDUE = "SELECT count(*) FROM erasure WHERE completed_at IS NULL AND requested_at < $1"
_FORGET_WAITING = """
DELETE FROM outbox WHERE topic = $1 AND shard = ANY($2::smallint[]) AND key = ANY($3::bytea[])
"""
# Nobody is inactive who ordered or was told of since: contacts carry the instant at which they were last confirmed.
_NOT_HEARD_OF = """
c.shop = $1 AND c.erasure IS NULL AND c.created_at < $2 AND c.canonical = c.customer
    AND greatest(c.name_at_us, c.email_at_us, c.phone_at_us, c.locale_at_us, c.birthday_at_us) < $3
    AND NOT EXISTS (SELECT FROM order_customer o WHERE o.shop = c.shop AND o.customer = c.customer AND o.at_us >= $3)
    AND NOT EXISTS (SELECT FROM consent s WHERE s.shop = c.shop AND s.customer = c.customer AND s.occurred_at >= $2)
    AND NOT EXISTS (
        SELECT FROM customer m WHERE m.shop = c.shop AND m.canonical = c.customer AND m.canonical <> m.customer
    )
"""
_UNASKED = "NOT EXISTS (SELECT FROM erasure e WHERE e.shop = c.shop AND e.customer = c.customer)"
_COUNT_INACTIVE = f"SELECT count(*) FROM customer c WHERE {_NOT_HEARD_OF} AND {_UNASKED}"  # noqa: S608 - constants
# Some of the customers at a time, so that no statement grows with their number.
_WALK_INACTIVE = f"""
SELECT c.customer, {_NOT_HEARD_OF} AND {_UNASKED} AS inactive
FROM (SELECT * FROM customer w WHERE w.shop = $1 AND w.customer > $4 ORDER BY w.customer LIMIT $5) AS c
ORDER BY c.customer
"""  # noqa: S608 - constants
_STILL_INACTIVE = f"SELECT EXISTS (SELECT FROM customer c WHERE {_NOT_HEARD_OF} AND c.customer = $4)"  # noqa: S608 - constants
_CLEARED = "UPDATE erasure SET raw_cleared_at = $1 WHERE erased_at <= $1 AND raw_cleared_at IS NULL RETURNING 1"


class Search(NamedTuple):
    """A search through dead letters that has not ended."""

    erasure_id: str
    shop: ShopId
    slug: str
    customer: CustomerId
    customers: list[CustomerId]
    removed: dict[str, int]
    sought: list[bytes]
    searched: UUID


async def of_customer(reads: Reads, shop: ShopId, customer: CustomerId) -> Erasure | None:
    """The erasure of a customer, or of the person that they are."""
    row = await reads.fetchrow(_OF_CUSTOMER, shop, customer)
    return None if row is None else _erasure(row)


async def by_id(reads: Reads, shop: ShopId, erasure_id: str) -> Erasure | None:
    """An erasure of a shop; None also for what no id can be."""
    try:
        number = UUID(erasure_id)
    except ValueError:
        return None
    row = await reads.fetchrow(_BY_ID, shop, number)
    return None if row is None else _erasure(row)


async def newest(reads: Reads, shop: ShopId, limit: int) -> list[Erasure]:
    """The newest erasures of a shop."""
    return [_erasure(row) for row in await reads.fetch(_LIST, shop, limit)]


async def add(conn: asyncpg.Connection[Any], one: Erasure) -> bool:
    """Note that a customer is to be erased; False when that is noted already."""
    given = one.shop, one.customer, UUID(one.erasure_id), one.requested_at, one.reason, one.reference, list(one.asked)
    status: str = await conn.execute(_ADD, *given, one.term_months)
    return status.endswith("1")


async def lock(
    conn: asyncpg.Connection[Any], keys: Collection[tuple[ShopId, str]]
) -> dict[tuple[ShopId, str], Erasure]:
    """Erasures by shop and id, locked in that order."""
    ordered = sorted(keys)
    rows = await conn.fetch(_LOCK, [shop for shop, _ in ordered], [UUID(one) for _, one in ordered])
    found = [_erasure(row) for row in rows]
    return {(one.shop, one.erasure_id): one for one in found}


async def note_erased(
    conn: asyncpg.Connection[Any], erasure: Erasure, now: datetime, removed: Mapping[str, int], sought: Sequence[bytes]
) -> None:
    """Contacts are gone; the search through dead letters begins."""
    text = msgspec.json.encode(dict(removed)).decode()
    await conn.execute(_ERASED, erasure.shop, UUID(erasure.erasure_id), now, text, list(sought), UUID(int=0))


async def searches(conn: asyncpg.Connection[Any], keys: Sequence[tuple[ShopId, str]]) -> list[Search]:
    """Those of these erasures whose search has not ended, locked."""
    rows = await conn.fetch(_SEARCHES, [shop for shop, _ in keys], [UUID(one) for _, one in keys])
    return [
        Search(
            str(row["id"]),
            ShopId(row["shop"]),
            row["slug"],
            CustomerId(row["customer"]),
            [CustomerId(one) for one in row["customers"]],
            msgspec.json.decode(row["removed"] or "{}", type=dict[str, int]),
            list(row["sought"]),
            row["searched"],
        )
        for row in rows
    ]


async def note_searched(
    conn: asyncpg.Connection[Any], search: Search, removed: Mapping[str, int], last: UUID, *, more: bool
) -> None:
    """How far the search has come; at its end what it looked for is forgotten too."""
    text = msgspec.json.encode(dict(removed)).decode()
    sought = search.sought if more else None
    await conn.execute(_SEARCHED, search.shop, UUID(search.erasure_id), text, sought, last)


async def note_answer(conn: asyncpg.Connection[Any], erasure: Erasure, answer: Answered, now: datetime) -> bool:
    """Keep a service's answer; whether it was the last one."""
    key = erasure.shop, UUID(erasure.erasure_id)
    removed, kept = (msgspec.json.encode(part).decode() for part in (answer.removed, answer.kept))
    await conn.execute(_ANSWER, *key, answer.service, answer.answered_at, removed, kept)
    status: str = await conn.execute(_COMPLETE, *key, now)
    return status.endswith("1")


async def answers_of(reads: Reads, erasure: Erasure) -> list[Answered]:
    """The answers so far."""
    rows = await reads.fetch(_ANSWERS, erasure.shop, UUID(erasure.erasure_id))
    decode = msgspec.json.Decoder(dict[str, int]).decode
    return [Answered(row[0], row[1], decode(row[2]), decode(row[3])) for row in rows]


async def overdue(conn: asyncpg.Connection[Any], since: datetime) -> int:
    """How many erasures of all shops were asked for before and are not complete."""
    return int(await conn.fetchval(_OVERDUE, since))


async def forget_waiting(
    conn: asyncpg.Connection[Any], topic: str, shards: Collection[int], keys: Collection[bytes]
) -> int:
    """Delete what waits in the outbox under keys that are locked: a tombstone takes its place."""
    status: str = await conn.execute(_FORGET_WAITING, topic, sorted(shards), list(keys))
    return int(status.rsplit(" ", 1)[1])


async def inactive(
    conn: asyncpg.Connection[Any], shop: ShopId, before: datetime, *, after: int, limit: int
) -> tuple[list[CustomerId], int | None]:
    """Of the next customers by number: of whom nothing was heard since, and where they end; None when all are seen."""
    rows = await conn.fetch(_WALK_INACTIVE, shop, before, _us(before), after, limit)
    found = [CustomerId(row["customer"]) for row in rows if row["inactive"]]
    return found, rows[-1]["customer"] if len(rows) == limit else None


async def is_inactive(conn: asyncpg.Connection[Any], shop: ShopId, customer: CustomerId, before: datetime) -> bool:
    """Whether nothing was heard of a customer since. Their row must be locked."""
    return bool(await conn.fetchval(_STILL_INACTIVE, shop, before, _us(before), customer))


async def count_inactive(reads: Reads, shop: ShopId, before: datetime) -> int:
    """How many they are."""
    row = await reads.fetchrow(_COUNT_INACTIVE, shop, before, _us(before))
    return 0 if row is None else int(row[0])


async def insist(conn: asyncpg.Connection[Any], erasure: Erasure, reason: Reason, reference: str) -> bool:
    """Have people stand behind what a term alone asked for. False when it is dropped, or done."""
    key = erasure.shop, UUID(erasure.erasure_id)
    status: str = await conn.execute(_INSIST, *key, reason, reference)
    return status.endswith("1")


async def drop(conn: asyncpg.Connection[Any], erasure: Erasure) -> None:
    """Forget an erasure that was not begun. It must be locked."""
    await conn.execute(_DROP, erasure.shop, UUID(erasure.erasure_id))


async def note_raw_cleared(conn: asyncpg.Connection[Any], now: datetime) -> int:
    """Raw topics were cut off behind all erasures up to now; how many those are."""
    return len(await conn.fetch(_CLEARED, now))


def _erasure(row: asyncpg.Record) -> Erasure:
    return Erasure(
        str(row["id"]),
        ShopId(row["shop"]),
        CustomerId(row["customer"]),
        cast(Reason, row["reason"]),
        row["reference"],
        tuple(row["asked"]),
        row["requested_at"],
        row["erased_at"],
        row["completed_at"],
        row["raw_cleared_at"],
        row["term_months"],
    )


def _us(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)
