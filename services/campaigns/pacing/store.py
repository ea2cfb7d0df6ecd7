"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.campaigns.pacing.domain import FREE, Policy
from shared.db import Reads

_SPACE = 0x70616365
_LAST = """
SELECT DISTINCT ON (shop) shop, policy::text AS policy FROM message_policy
WHERE shop = ANY($1::smallint[]) ORDER BY shop, version DESC
"""
_VERSIONS = """
SELECT version, author, published_at, policy::text AS policy FROM message_policy
WHERE shop = $1 ORDER BY version DESC LIMIT $2
"""
_ADD = """
INSERT INTO message_policy (shop, version, published_at, author, policy)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4::text::jsonb FROM message_policy WHERE shop = $1
ON CONFLICT DO NOTHING RETURNING version
"""
# By number, sorted, so that two who hold some of the same persons do not wait for each other.
_HOLD = """
SELECT pg_advisory_xact_lock($1, place) FROM (
    SELECT DISTINCT hashint8(customer # (shop::bigint << 48)) AS place
    FROM unnest($2::smallint[], $3::bigint[]) AS k (shop, customer) ORDER BY place
) AS places
"""
VERSIONS_MAX = 1_000


class Published(NamedTuple):
    """A version."""

    version: int
    author: str
    published_at: datetime
    policy: Policy


async def policies_of(reads: Reads, shops: Collection[int]) -> dict[int, Policy]:
    """The policies that hold, by shop."""
    rows = await reads.fetch(_LAST, sorted(shops))
    return dict.fromkeys(shops, FREE) | {row["shop"]: _read(row["policy"]) for row in rows}


async def hold(conn: asyncpg.Connection[Any], persons: Collection[tuple[int, int]]) -> None:
    """Until the transaction ends, nobody else who holds them decides whether these persons, by shop and whom they are
    counted as, may have another message. What such transactions have decided is seen by later statements."""
    if persons:
        asked = sorted(persons)
        await conn.fetch(_HOLD, _SPACE, [shop for shop, _ in asked], [customer for _, customer in asked])


async def versions_of(reads: Reads, shop: int, most: int = VERSIONS_MAX) -> list[Published]:
    """The newest first."""
    rows = await reads.fetch(_VERSIONS, shop, most)
    return [Published(row["version"], row["author"], row["published_at"], _read(row["policy"])) for row in rows]


async def publish(conn: asyncpg.Connection[Any], shop: int, policy: Policy, author: str, now: datetime) -> int | None:
    """The number of the new version; None when somebody else published one at the same moment."""
    number: int | None = await conn.fetchval(_ADD, shop, now, author, msgspec.json.encode(policy).decode())
    return number


def _read(text: str) -> Policy:
    return msgspec.json.decode(text, type=Policy)
