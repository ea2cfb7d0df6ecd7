"""Entries in, and the sums of the shop's own buckets that go with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from struct import Struct
from typing import Any

import asyncpg

from services.loyalty.points.domain.buckets import MEMBERS_OWN, Bucket, Kind
from services.loyalty.points.domain.model import Entry
from services.loyalty.points.domain.plain import PlainEntry
from shared.db.binary import UNIX_TO_POSTGRES_US
from shared.db.copying import copy_in
from shared.db.together import Together, columns_of, inserting, is_few
from shared.kernel import moment_of

COLUMNS = {
    "shop": "smallint",
    "customer": "bigint",
    "n": "int",
    "transaction": "int",
    "at": "timestamptz",
    "booked_at": "timestamptz",
    "day": "int",
    "kind": "smallint",
    "debit": "smallint",
    "credit": "smallint",
    "points": "int",
    "lot": "bigint",
    "expires_day": "int",
    "cause": "text",
    "source": "text",
    "reason": "text",
    "actor": "text",
    "hash": "bytea",
}
"""Types, by name."""
_ADD = inserting("entry", COLUMNS)
# Added, not set: a row of this shard may be another transaction's as well, which ends first.
_COUNT = """
INSERT INTO contra AS c (shop, bucket, day, shard, points)
SELECT shop, bucket, day, $5::smallint, points
FROM unnest($1::smallint[], $2::smallint[], $3::int[], $4::bigint[]) AS n(shop, bucket, day, points)
ORDER BY shop, bucket, day
ON CONFLICT (shop, bucket, day, shard) DO UPDATE SET points = c.points + excluded.points
"""

Sums = Counter[tuple[int, int, int]]
"""Points by (shop, bucket, day)."""


def add(writes: Together, entries: Sequence[tuple[Entry, bytes]]) -> None:
    """Write entries, each with its hash."""
    if entries:
        rows = [
            (*one.who, one.n, one.transaction, moment_of(one.at), moment_of(one.booked_at), *one[5:], head)
            for one, head in entries
        ]
        writes.add(_ADD, *columns_of(rows))


def sums_of(entries: Sequence[Entry]) -> Sums:
    """What entries change of the shop's own buckets."""
    sums: Sums = Counter()
    for entry in entries:
        for bucket, points in ((entry.debit, -entry.points), (entry.credit, entry.points)):
            if bucket not in MEMBERS_OWN:
                sums[entry.who.shop, bucket, entry.day] += points
    return sums


def count(writes: Together, sums: Mapping[tuple[int, int, int], int], shard: int) -> None:
    """Add to the sums, in the shard of the writer."""
    rows = [(*place, points) for place, points in sorted(sums.items()) if points]
    if rows:
        writes.add(_COUNT, *columns_of(rows), shard)


_EARN, _ISSUED = int(Kind.EARN), int(Bucket.ISSUED)
_PLAIN = Struct(">h" + "ih" + "iq" + "ii" * 2 + "iq" * 2 + "ii" + "ih" * 3 + "ii" + "iq" + "ii" + "i").pack
_REST = b"\0\0\0\0" * 3 + b"\0\0\0\x20"  # three texts that are empty, and the length of a hash


async def add_plain(
    conn: asyncpg.Connection[Any], writes: Together, entries: Sequence[PlainEntry], booked_at: int
) -> None:
    """Write entries of plain awards: many at once, and few together with the rest."""
    if is_few(len(entries)):
        booked = moment_of(booked_at)
        writes.add(_ADD, *columns_of(_row(one, booked) for one in entries))
    else:
        await copy_in(conn, "entry", list(COLUMNS), b"".join([_packed(one, booked_at) for one in entries]))


def _row(entry: PlainEntry, booked: datetime) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    head, n, transaction, award, credit, points, lot, expires_day, cause = entry
    return (
        *award.who, n, transaction, moment_of(award.cause.at), booked, award.day, _EARN, _ISSUED, credit, points, lot,
        expires_day, cause.decode(), "", "", "", head,
    )  # fmt: skip


def _packed(entry: PlainEntry, booked_at: int) -> bytes:
    """The row as binary COPY has it, in the order of COLUMNS."""
    head, n, transaction, award, credit, points, lot, expires_day, cause = entry
    who, _, _, _, (at, *_), day, _, _ = award
    fixed = _PLAIN(
        18, 2, who[0], 8, who[1], 4, n, 4, transaction, 8, at - UNIX_TO_POSTGRES_US, 8, booked_at - UNIX_TO_POSTGRES_US,
        4, day, 2, _EARN, 2, _ISSUED, 2, credit, 4, points, 8, lot, 4, expires_day, len(cause),
    )  # fmt: skip
    return b"".join((fixed, cause, _REST, head))
