"""Invitations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg

from services.feedback.surveys.domain.invitations import COUNTED, Invitation, State
from services.feedback.surveys.domain.occasions import Wanted
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_COLUMNS = ", ".join(Invitation._fields)
_ADD = """
INSERT INTO invitation AS i (shop, id, customer, survey, occasion, due, until, place, state)
SELECT *, 0 FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[],
                        $7::timestamptz[], $8::int[])
ON CONFLICT (shop, id) DO UPDATE SET state = 0, ended_at = NULL, due = least(i.due, excluded.due),
    until = least(i.until, excluded.until)
WHERE i.state = 7 OR (i.state = 0 AND i.due > excluded.due)
"""
# What is wanted is left as it is, however old.
_WITHDRAW = """
UPDATE invitation i SET state = 7, ended_at = $4
FROM unnest($1::smallint[], $2::text[]) AS k (shop, occasion)
WHERE i.shop = k.shop AND i.occasion = k.occasion AND i.state = 0 AND NOT i.id = ANY($3::text[])
"""
_RESTORE = """
UPDATE invitation i SET state = 0, ended_at = NULL
FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) WHERE i.shop = k.shop AND i.id = k.id AND i.state = 7
RETURNING i.shop, i.customer, i.due, i.place
"""
_OF_OCCASIONS = """
SELECT DISTINCT i.shop, i.customer FROM unnest($1::smallint[], $2::text[]) AS k (shop, occasion)
JOIN invitation i USING (shop, occasion)
"""
_OF_CUSTOMERS = f"""
SELECT {_COLUMNS} FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)
JOIN invitation i USING (shop, customer) WHERE i.state = ANY($3::smallint[])
"""  # noqa: S608 - text of our own
_LAST_ASKED = """
SELECT shop, customer, survey, max(asked_at) AS at
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN invitation i USING (shop, customer)
WHERE i.state = ANY($3::smallint[]) GROUP BY 1, 2, 3
"""
_INTERVALS = """
SELECT i.survey, i.customer, count(*) AS askings, bool_or(i.state = 0) AS waits,
       max(i.asked_at) FILTER (WHERE i.state = ANY($3::smallint[])) AS asked_at
FROM invitation i
WHERE i.shop = $1 AND i.customer = ANY($2::bigint[]) AND i.survey = ANY($4::text[]) AND i.occasion LIKE 'interval:%'
GROUP BY 1, 2
"""
_ASK = """
UPDATE invitation i SET state = 1, asked_at = n.at, version = n.version, expires_at = n.expires_at, hash = n.hash,
    history = n.history
FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::int[], $5::timestamptz[], $6::bytea[], $7::boolean[])
    AS n (shop, id, at, version, expires_at, hash, history)
WHERE i.shop = n.shop AND i.id = n.id
"""
_LAPSE = """
UPDATE invitation i SET state = 8, ended_at = $3 FROM unnest($1::smallint[], $2::text[]) AS k (shop, id)
WHERE i.shop = k.shop AND i.id = k.id AND i.state = 0
"""
_SENT = """
UPDATE invitation i SET state = n.state, sent_at = CASE n.state WHEN 2 THEN n.at END, reason = n.reason,
    ended_at = CASE n.state WHEN 6 THEN n.at END
FROM unnest($1::smallint[], $2::text[], $3::smallint[], $4::timestamptz[], $5::text[])
    AS n (shop, id, state, at, reason)
WHERE i.shop = n.shop AND i.id = n.id AND i.state = 1
RETURNING i.shop, i.id
"""
_FIND = f"SELECT {_COLUMNS} FROM invitation WHERE shop = $1 AND id = $2"  # noqa: S608 - text of our own
_BY_TOKEN = f"SELECT {_COLUMNS} FROM invitation WHERE shop = $1 AND hash = $2"  # noqa: S608 - text of our own
_SEVERAL = f"""
SELECT {_COLUMNS} FROM unnest($1::smallint[], $2::text[]) AS k (shop, id) JOIN invitation i USING (shop, id)
"""  # noqa: S608 - text of our own
_LISTED = f"""
SELECT {_COLUMNS} FROM invitation WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY due DESC, id LIMIT $3
"""  # noqa: S608 - text of our own
_OPENED = "UPDATE invitation SET opened_at = $3 WHERE shop = $1 AND id = $2 AND opened_at IS NULL RETURNING 1"
_END = "UPDATE invitation SET state = $3, ended_at = $4 WHERE shop = $1 AND id = $2 AND state IN (1, 2) RETURNING 1"
_FORGET = """
UPDATE invitation SET state = CASE state WHEN 0 THEN 8 ELSE 5 END, reason = 'erased', hash = NULL,
    ended_at = coalesce(ended_at, now())
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND state IN (0, 1, 2)
RETURNING 1
"""
_COUNTED = "SELECT count(*) FROM invitation WHERE shop = $1 AND customer = ANY($2::bigint[])"
_COUNTED_STATES = sorted(int(state) for state in COUNTED)
Key = tuple[int, str]
"""Shop and id."""
Place = tuple[int, int]
"""Shop and customer."""


class New(NamedTuple):
    """A wish that is to be kept."""

    shop: int
    wanted: Wanted
    place: int


class Ask(NamedTuple):
    """An invitation that goes out."""

    invitation: Invitation
    at: datetime
    version: int
    expires_at: datetime
    token: str
    history: bool


class Interval(NamedTuple):
    """How far a survey at intervals has come with a customer."""

    askings: int
    waits: bool
    asked_at: datetime | None


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(token.encode()).digest()


async def add(conn: asyncpg.Connection[Any], new: Collection[New]) -> None:
    """Keep wishes; of one that is kept already the earlier date. Withdrawn ones wait again."""
    rows = {
        (one.shop, one.wanted.wish.id): (
            *(one.shop, one.wanted.wish.id, one.wanted.customer, one.wanted.wish.survey, one.wanted.occasion),
            *(one.wanted.wish.due, one.wanted.wish.until, one.place),
        )
        for one in new
    }
    if rows:
        await conn.execute(_ADD, *_columns([rows[key] for key in sorted(rows)]))


async def customers_of(reads: Reads, occasions: Collection[Key]) -> set[Place]:
    """Whom invitations of these occasions are for."""
    rows = await reads.fetch(_OF_OCCASIONS, *_columns(sorted(occasions))) if occasions else []
    return {(row["shop"], row["customer"]) for row in rows}


async def withdraw(
    conn: asyncpg.Connection[Any], occasions: Collection[Key], but: Collection[str], now: datetime
) -> None:
    """What waits on these occasions waits no more, `but` for these invitations."""
    if occasions:
        await conn.execute(_WITHDRAW, *_columns(sorted(occasions)), sorted(but), now)


async def restore(conn: asyncpg.Connection[Any], keys: Collection[Key]) -> list[tuple[int, int, datetime, int]]:
    """What was withdrawn waits again; (shop, customer, due, place) of it."""
    rows = await conn.fetch(_RESTORE, *_columns(sorted(keys))) if keys else []
    return [(row["shop"], row["customer"], row["due"], row["place"]) for row in rows]


async def waiting(reads: Reads, customers: Collection[Place]) -> list[Invitation]:
    """What waits for these customers."""
    rows = await reads.fetch(_OF_CUSTOMERS, *_columns(sorted(customers)), [int(State.WAITING)]) if customers else []
    return [_read(row) for row in rows]


async def last_asked(reads: Reads, customers: Collection[Place]) -> dict[Place, dict[str, datetime]]:
    """When each survey was asked last, by customer and survey."""
    found: dict[Place, dict[str, datetime]] = {}
    for row in await reads.fetch(_LAST_ASKED, *_columns(sorted(customers)), _COUNTED_STATES) if customers else []:
        found.setdefault((row["shop"], row["customer"]), {})[row["survey"]] = row["at"]
    return found


async def intervals(
    reads: Reads, shop: int, customers: Collection[int], surveys: Collection[str]
) -> dict[tuple[str, int], Interval]:
    """By survey and customer, how far surveys at intervals have come."""
    rows = await reads.fetch(_INTERVALS, shop, sorted(customers), _COUNTED_STATES, sorted(surveys))
    return {(row[0], row[1]): Interval(*row[2:]) for row in rows}


async def ask(conn: asyncpg.Connection[Any], asks: Sequence[Ask]) -> None:
    """These go out."""
    rows = [
        (one.invitation.shop, one.invitation.id, one.at, one.version, one.expires_at, digest(one.token), one.history)
        for one in asks
    ]
    if rows:
        await conn.execute(_ASK, *_columns(sorted(rows)))


async def lapse(conn: asyncpg.Connection[Any], keys: Collection[Key], now: datetime) -> None:
    """These are given up."""
    if keys:
        await conn.execute(_LAPSE, *_columns(sorted(keys)), now)


async def note_sent(conn: asyncpg.Connection[Any], told: Mapping[Key, tuple[State, datetime, str]]) -> set[Key]:
    """What became of messages: (SENT or UNSENT, when, why); those of which it is news."""
    rows = [(*key, int(state), at, why) for key, (state, at, why) in sorted(told.items())]
    found = await conn.fetch(_SENT, *_columns(rows)) if rows else []
    return {(row["shop"], row["id"]) for row in found}


async def find(reads: Reads, shop: int, invitation: str) -> Invitation | None:
    """One invitation."""
    row = await reads.fetchrow(_FIND, shop, invitation)
    return None if row is None else _read(row)


async def find_by_token(reads: Reads, shop: int, token: str) -> Invitation | None:
    """That which the token belongs to."""
    row = await reads.fetchrow(_BY_TOKEN, shop, digest(token))
    return None if row is None else _read(row)


async def several(reads: Reads, keys: Collection[Key]) -> dict[Key, Invitation]:
    """Invitations by shop and id; those that there are not are left out."""
    rows = await reads.fetch(_SEVERAL, *_columns(sorted(keys))) if keys else []
    return {(row["shop"], row["id"]): _read(row) for row in rows}


async def of_customers(reads: Reads, shop: int, customers: Collection[int], most: int) -> list[Invitation]:
    """All of these customers, the newest first."""
    return [_read(row) for row in await reads.fetch(_LISTED, shop, sorted(customers), most)]


async def note_opened(conn: asyncpg.Connection[Any], shop: int, invitation: str, now: datetime) -> bool:
    """The page was fetched; whether for the first time."""
    return bool(await conn.fetchval(_OPENED, shop, invitation, now))


async def end(conn: asyncpg.Connection[Any], shop: int, invitation: str, state: State, now: datetime) -> bool:
    """An invitation that is open ends; whether it was open."""
    return bool(await conn.fetchval(_END, shop, invitation, int(state), now))


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Nobody asks these customers any more, and their links end; of how many invitations."""
    return len(await conn.fetch(_FORGET, shop, list(customers)))


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> dict[str, int]:
    """How much is kept of these customers, by kind."""
    count = await conn.fetchval(_COUNTED, shop, list(customers))
    return {"invitations": int(count)} if count else {}


def _read(row: asyncpg.Record) -> Invitation:
    made = Invitation(*(row[name] for name in Invitation._fields))
    return made._replace(state=State(made.state))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
