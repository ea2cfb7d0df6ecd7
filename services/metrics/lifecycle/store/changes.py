"""The table of changes: what was told of customers, and what of it was taken back."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.metrics.lifecycle.domain.stages import Reason, Stage, Transition
from services.metrics.lifecycle.domain.thresholds import Threshold
from services.metrics.lifecycle.domain.walking import Owed, Told
from services.metrics.lifecycle.forms import Saying
from shared.db.copying import copy_in

_COLUMNS = (
    *("customer", "shop", "generation", "n", "day", "previous", "stage", "reason", "last_active", "threshold"),
    *("evidence", "late", "time", "event_id", "retracted_by"),
)
_STANDING = """
SELECT customer, n, day, previous, stage, reason, last_active, evidence, event_id
FROM transition
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) AND retracted_by IS NULL
ORDER BY customer, n
"""
# What was taken back goes first.
_OWED = """
SELECT customer, n, day, previous, stage, reason, last_active, evidence, event_id, owed
FROM transition
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) AND owed <> 0
ORDER BY customer, owed DESC, n
"""
_PAY = """
UPDATE transition t
SET owed = 0, event_id = nullif(coalesce(p.event, t.event_id), ''), retracted_by = coalesce(p.by, t.retracted_by)
FROM unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[], $5::text[], $6::text[])
     AS p(shop, generation, customer, n, event, by)
WHERE t.shop = p.shop AND t.generation = p.generation AND t.customer = p.customer AND t.n = p.n
"""
OWED_CHANGE, OWED_RETRACTION = 1, 2
"""What nobody was told yet of a row that another generation wrote or took back."""
_RETRACT = """
UPDATE transition t SET retracted_by = r.by
FROM unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::int[], $5::text[]) AS r(shop, generation, customer, n, by)
WHERE t.shop = r.shop AND t.generation = r.generation AND t.customer = r.customer AND t.n = r.n
"""
_ENCODER = msgspec.json.Encoder()
_EVIDENCE = msgspec.json.Decoder(tuple[int, bool, int, int | None, int, int | None, int | None])


class Row(NamedTuple):
    """A row of the table, in the order of its columns."""

    customer: int
    shop: int
    generation: int
    n: int
    day: int
    previous: int
    stage: int
    reason: int
    last_active: int | None
    threshold: int | None
    evidence: bytes | None
    late: bool
    time: datetime
    event_id: str | None
    retracted_by: str | None


class Gone(NamedTuple):
    """A row that is taken back."""

    shop: int
    generation: int
    customer: int
    n: int
    by: str


class Paid(NamedTuple):
    """A row of which somebody was told: of the change, by `event`, or that it is not true, by `by`; empty: nobody."""

    shop: int
    generation: int
    customer: int
    n: int
    event: str | None
    by: str | None


async def standing(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int]
) -> dict[int, list[Told]]:
    """What was told of each customer and not taken back, in order."""
    found: dict[int, list[Told]] = {customer: [] for customer in customers}
    if customers:
        for row in await conn.fetch(_STANDING, shop, generation, list(customers)):
            found[row["customer"]].append(told_of(row))
    return found


async def owed(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int]
) -> dict[int, list[Owed]]:
    """What nobody was told yet of each customer, in the order in which it is to be told."""
    found: dict[int, list[Owed]] = {customer: [] for customer in customers}
    if customers:
        for row in await conn.fetch(_OWED, shop, generation, list(customers)):
            found[row["customer"]].append(Owed(told_of(row), row["owed"] == OWED_RETRACTION))
    return found


def told_of(row: asyncpg.Record) -> Told:
    """A change as the table has it."""
    _, n, day, previous, stage, reason, last_active, evidence, event_id, *_ = row
    change = Transition(day, Stage(previous), Stage(stage), Reason(reason), last_active, decode_evidence(evidence))
    return Told(n, change, event_id is not None, event_id)


async def pay(conn: asyncpg.Connection[Any], paid: Sequence[Paid]) -> None:
    """Now they were told."""
    if paid:
        await conn.execute(_PAY, *(list(column) for column in zip(*paid, strict=True)))


_HEAD = struct.Struct(">h" + "iq" + "ih" * 2 + "ii" * 2 + "ih" * 3)
_ACTIVE = struct.Struct(">iiiii")
_NEVER_ACTIVE = struct.Struct(">iiii")
_TAIL = struct.Struct(">iBiqi36si")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def packed(shop: int, generation: int, customer: int, change: Saying) -> bytes:
    """A row as binary COPY has it: of a change in time, published and not taken back."""
    head = _HEAD.pack(
        *(15, 8, customer, 2, shop, 2, generation, 4, change.n, 4, change.day),
        *(2, change.previous, 2, change.stage, 2, change.reason),
    )
    evidence, time = change.evidence, change.on.start if change.cause is None else change.cause.moment
    if change.last_active:
        basis = _ACTIVE.pack(4, change.last_active, 4, evidence.days, len(evidence.row))
    else:
        basis = _NEVER_ACTIVE.pack(-1, 4, evidence.days, len(evidence.row))
    tail = _TAIL.pack(1, False, 8, (time - _EPOCH) // _MICROSECOND, 36, change.id.encode(), -1)
    return b"".join((head, basis, evidence.row, tail))


async def write_packed(conn: asyncpg.Connection[Any], rows: Sequence[bytes]) -> None:
    """Add changes that `packed` laid out."""
    if rows:
        await copy_in(conn, "transition", _COLUMNS, b"".join(rows))


async def write(conn: asyncpg.Connection[Any], rows: Sequence[Row], gone: Sequence[Gone]) -> None:
    """Add changes, then take changes back: both may be of one transaction."""
    if rows:
        await conn.copy_records_to_table("transition", records=rows, columns=_COLUMNS)
    if gone:
        await conn.execute(_RETRACT, *(list(column) for column in zip(*gone, strict=True)))


def encode_evidence(threshold: Threshold | None) -> bytes | None:
    """As the table holds it."""
    return None if threshold is None else _ENCODER.encode(threshold)


def decode_evidence(stored: bytes | None) -> Threshold | None:
    """What `encode_evidence` wrote."""
    return None if stored is None else Threshold(*_EVIDENCE.decode(stored))
