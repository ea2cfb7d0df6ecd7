"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.loyalty.members.domain import Absence, How, Member, Membership, State
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, moment_of
from shared.orders import microseconds

Key = tuple[int, int]
"""Shop and identity."""

_COLUMNS = "m.shop, m.customer, m.joined_at, m.how, m.state, m.absences"
_MEMBERS = f"""
SELECT {_COLUMNS} FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN member m USING (shop, customer)
"""  # noqa: S608 - column names of our own
_SINCE = """
SELECT m.shop, m.customer, m.joined_at, m.absences IS NULL
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN member m USING (shop, customer)
"""
_LOCKED = _MEMBERS + "ORDER BY m.shop, m.customer FOR UPDATE OF m"
# Somebody who joined twice joined the first time; `xmax` is 0 in a row that is new.
_JOIN = """
INSERT INTO member AS m (shop, customer, joined_at, how, state)
SELECT k.shop, k.customer, k.joined_at, k.how, 1
FROM unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::smallint[]) AS k (shop, customer, joined_at, how)
ORDER BY k.shop, k.customer
ON CONFLICT (shop, customer) DO UPDATE SET joined_at = excluded.joined_at, how = excluded.how
WHERE (m.joined_at, m.how) > (excluded.joined_at, excluded.how)
RETURNING m.shop, m.customer, m.joined_at, m.how, m.state, m.absences, m.xmax = 0 AS fresh
"""
_SAVE = """
INSERT INTO member AS m (shop, customer, joined_at, how, state, absences) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (shop, customer) DO UPDATE SET state = excluded.state, absences = excluded.absences
"""
_LISTED = f"""
SELECT {_COLUMNS} FROM member m
WHERE m.shop = $1 AND ($2::smallint IS NULL OR m.state = $2)
  AND ($3::timestamptz IS NULL OR (m.joined_at, m.customer) > ($3, $4))
ORDER BY m.joined_at, m.customer LIMIT $5
"""  # noqa: S608 - column names of our own
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(tuple[Absence, ...])


class Joined(NamedTuple):
    """Who is a member by this transaction, or since an earlier instant than was known."""

    shop: int
    member: Member
    fresh: bool
    """Was no member before."""


async def members_of(reads: Reads, keys: Iterable[Key], *, lock: bool = False) -> dict[Key, Member]:
    """Of these identities those who are, or were, members. `lock`: nobody else decides by them meanwhile."""
    asked = sorted(keys)
    if not asked:
        return {}
    query = _LOCKED if lock else _MEMBERS
    rows = await reads.fetch(query, [shop for shop, _ in asked], [customer for _, customer in asked])
    return {(row["shop"], row["customer"]): _member(row) for row in rows}


async def since_when(reads: Reads, keys: Iterable[Key]) -> dict[Key, tuple[datetime, bool]]:
    """Of these identities those who are, or were, members: since when, and whether ever since."""
    asked = sorted(keys)
    rows = await reads.fetch(_SINCE, [shop for shop, _ in asked], [customer for _, customer in asked])
    return {(shop, customer): (joined_at, ever) for shop, customer, joined_at, ever in rows}


async def join(conn: asyncpg.Connection[Any], wanted: Mapping[Key, Membership]) -> list[Joined]:
    """Have them be members from these instants on, unless they are since earlier ones. Sorted by shop and identity."""
    keys = sorted(wanted)
    if not keys:
        return []
    rows = await conn.fetch(
        _JOIN,
        [shop for shop, _ in keys],
        [customer for _, customer in keys],
        [moment_of(wanted[key].at) for key in keys],
        [int(wanted[key].how) for key in keys],
    )
    return [Joined(row["shop"], _member(row), row["fresh"]) for row in rows]


async def save(conn: asyncpg.Connection[Any], shop: ShopId, member: Member) -> None:
    """Write what somebody asked for. The member is locked, or new."""
    await conn.execute(
        _SAVE,
        shop,
        member.customer,
        moment_of(member.joined.at),
        int(member.joined.how),
        int(member.state),
        _ENCODER.encode(member.absences) if member.absences else None,
    )


async def member_of(reads: Reads, shop: int, customer: int) -> Member | None:
    """One identity's membership."""
    return (await members_of(reads, [(shop, customer)])).get((shop, customer))


async def empty_reasons(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Empty what staff wrote of members; how many texts."""
    emptied = 0
    found = await members_of(conn, [(shop, customer) for customer in customers], lock=True)
    for member in found.values():
        said = sum(bool(one.reason) for one in member.absences)
        if said:
            await save(conn, shop, member._replace(absences=tuple(one._replace(reason="") for one in member.absences)))
            emptied += said
    return emptied


async def listed(
    reads: Reads, shop: ShopId, state: State | None, after: tuple[int, int] | None, limit: int
) -> Sequence[Member]:
    """Members in the order in which they joined."""
    since, customer = (None, 0) if after is None else (moment_of(after[0]), after[1])
    rows = await reads.fetch(_LISTED, shop, None if state is None else int(state), since, customer, limit)
    return [_member(row) for row in rows]


def _member(row: asyncpg.Record) -> Member:
    absences = () if row["absences"] is None else _DECODER.decode(row["absences"])
    return Member(row["customer"], Membership(microseconds(row["joined_at"]), How(row["how"])), absences)
