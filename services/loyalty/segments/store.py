"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import asyncpg

from services.loyalty.segments.domain import Change, before
from services.loyalty.segments.events import Told
from shared.db import Reads
from shared.kernel import moment_of, us_of

_ADD = """
INSERT INTO belonging (shop, customer, segment, at, sequence, entered)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bigint[], $6::boolean[])
ON CONFLICT (shop, customer, segment, at, sequence) DO NOTHING
"""
_OF = """
SELECT b.shop, b.customer, b.segment, b.at, b.sequence, b.entered
FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer) JOIN belonging b USING (shop, customer)
"""


async def add(conn: asyncpg.Connection[Any], told: Collection[Told]) -> None:
    """Keep changes; those that are known already stay as they are."""
    rows = [
        (shop, customer, one.segment, moment_of(one.at), one.sequence, one.entered)
        for shop, customer, one in sorted(told)
    ]
    if rows:
        await conn.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))


async def changes_of(reads: Reads, people: Collection[tuple[int, int]]) -> dict[tuple[int, int], list[Change]]:
    """All that is known of identities, by shop and identity; who was never told of is left out."""
    asked = sorted(people)
    found: dict[tuple[int, int], list[Change]] = {}
    rows = await reads.fetch(_OF, [shop for shop, _ in asked], [customer for _, customer in asked]) if asked else []
    for shop, customer, segment, at, sequence, entered in rows:
        found.setdefault((shop, customer), []).append(Change(segment, us_of(at), sequence, entered))
    return found


async def standing_of(reads: Reads, shop: int, customer: int) -> list[str]:
    """The segments that an identity is in now, by name."""
    changes = await changes_of(reads, [(shop, customer)])
    return sorted(before(changes.get((shop, customer), ()), None))
