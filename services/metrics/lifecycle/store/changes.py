"""The table of changes: what was told of customers, and what of it was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.metrics.lifecycle.domain.stages import Reason, Stage, Transition
from services.metrics.lifecycle.domain.thresholds import Threshold
from services.metrics.lifecycle.domain.walking import Told

_COLUMNS = (
    *("customer", "shop", "generation", "n", "day", "previous", "stage", "reason", "last_active", "threshold"),
    *("evidence", "late", "time", "event_id", "retracted_by"),
)
_STANDING = """
SELECT customer, n, day, previous, stage, reason, last_active, evidence, event_id IS NOT NULL AS published
FROM transition
WHERE shop = $1 AND generation = $2 AND customer = ANY($3::bigint[]) AND retracted_by IS NULL
ORDER BY customer, n
"""
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


async def standing(
    conn: asyncpg.Connection[Any], shop: int, generation: int, customers: Sequence[int]
) -> dict[int, list[Told]]:
    """What was told of each customer and not taken back, in order."""
    found: dict[int, list[Told]] = {customer: [] for customer in customers}
    if customers:
        for row in await conn.fetch(_STANDING, shop, generation, list(customers)):
            customer, n, day, previous, stage, reason, last_active, evidence, published = row
            change = Transition(
                day, Stage(previous), Stage(stage), Reason(reason), last_active, decode_evidence(evidence)
            )
            found[customer].append(Told(n, change, published))
    return found


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
