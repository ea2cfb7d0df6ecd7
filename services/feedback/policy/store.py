"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.feedback.policy.domain import Policy
from shared.db import Reads

_LAST = """
SELECT DISTINCT ON (shop) shop, version, body::text AS body FROM asking_policy
WHERE shop = ANY($1::smallint[]) ORDER BY shop, version DESC
"""
_ADD = """
INSERT INTO asking_policy (shop, version, published_at, author, body)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4::text::jsonb FROM asking_policy WHERE shop = $1
ON CONFLICT DO NOTHING RETURNING version
"""


async def policies(reads: Reads, shops: Collection[int]) -> dict[int, Policy]:
    """Of each of these shops what holds."""
    return {shop: found[1] for shop, found in (await versions(reads, shops)).items()}


async def versions(reads: Reads, shops: Collection[int]) -> dict[int, tuple[int, Policy]]:
    """The same, with the number of the version; 0: nobody has said anything."""
    found = dict.fromkeys(shops, (0, Policy()))
    for row in await reads.fetch(_LAST, sorted(shops)):
        found[row["shop"]] = row["version"], msgspec.json.decode(row["body"], type=Policy)
    return found


async def publish(
    conn: asyncpg.Connection[Any], shop: int, policy: Policy, *, author: str, now: datetime
) -> int | None:
    """The number of the new version; None when somebody else published one at the same moment."""
    body = msgspec.json.encode(policy).decode()
    number: int | None = await conn.fetchval(_ADD, shop, now, author, body)
    return number
