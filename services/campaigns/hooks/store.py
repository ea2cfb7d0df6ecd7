"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from shared.db import Reads
from shared.receivers import Receivers

RECEIVERS = Receivers("webhook_endpoint")
_OF = """
SELECT shop, url, secret, CASE WHEN previous_until > now() THEN previous_secret END AS previous
FROM webhook_endpoint WHERE shop = ANY($1::smallint[]) AND gone_at IS NULL
"""
_KEPT = """
SELECT url, set_at, rotated_at, gone_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_until
FROM webhook_endpoint WHERE shop = $1
"""


class Hook(NamedTuple):
    """Where a shop is told."""

    url: str
    secrets: tuple[bytes, ...]
    """Sealed, the newest first."""


class Kept(NamedTuple):
    """The endpoint of a shop, without secrets. None: there is none."""

    url: str | None = None
    set_at: datetime | None = None
    rotated_at: datetime | None = None
    gone_at: datetime | None = None
    previous_until: datetime | None = None


async def hooks_of(reads: Reads, shops: Collection[int]) -> dict[int, Hook]:
    """By shop; one that wants no more is left out."""
    rows = await reads.fetch(_OF, sorted(shops)) if shops else []
    return {
        row["shop"]: Hook(row["url"], tuple(one for one in (row["secret"], row["previous"]) if one is not None))
        for row in rows
    }


async def kept_of(reads: Reads, shop: int) -> Kept:
    """The endpoint of one shop."""
    row = await reads.fetchrow(_KEPT, shop)
    return Kept() if row is None else Kept(*(row[name] for name in Kept._fields))


async def gone(conn: asyncpg.Connection[Any], hooks: Collection[tuple[int, str]]) -> None:
    """These want no more. By shop and address."""
    for shop, url in sorted(hooks):
        await RECEIVERS.gone(conn, shop, url)
