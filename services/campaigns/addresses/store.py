"""Every query of the slice. Of what came back of messages (`receipt`) it only reads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.campaigns.addresses.domain import Fact, Fault, Limits, fault
from shared.db import Reads
from shared.kernel import CustomerId, ShopId

_KEYS = "unnest($1::smallint[], $2::bytea[]) AS k (shop, went_to)"
# By an index of bounces alone: of most addresses there is none, and then nothing else is asked.
_BOUNCED = f"""
SELECT shop, went_to, r.at, r.message, false AS delivered, r.hard, r.code
FROM {_KEYS} JOIN receipt r USING (shop, went_to) WHERE r.what = 2
"""  # noqa: S608 - text of our own
_DELIVERED = f"""
SELECT shop, went_to, r.at, r.message, true AS delivered, false AS hard, '' AS code
FROM {_KEYS} JOIN receipt r USING (shop, went_to) WHERE r.what = 1 AND r.at >= $3
"""  # noqa: S608 - text of our own
_LIFTED = f"""
SELECT shop, went_to, max(l.lifted_at) AS lifted_at FROM {_KEYS} JOIN address_lift l USING (shop, went_to) GROUP BY 1, 2
"""  # noqa: S608 - text of our own
_LIFT = """
INSERT INTO address_lift (shop, went_to, lifted_at, channel, customer, author, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
_OF = """
SELECT channel, lifted_at, author, reason FROM address_lift
WHERE shop = $1 AND customer = $2 ORDER BY lifted_at, channel
"""
_FORGET = "DELETE FROM address_lift WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING 1"
Address = tuple[int, bytes]
"""Shop and mark."""


class Lift(NamedTuple):
    """That staff have an address tried again."""

    channel: str
    lifted_at: datetime
    author: str
    reason: str


async def faults_of(reads: Reads, asked: Collection[Address], limits: Limits) -> dict[Address, Fault]:
    """Those of these addresses that are left alone, and why."""
    bounced = await reads.fetch(_BOUNCED, *_columns(asked)) if asked else []
    if not bounced:
        return {}
    facts: dict[Address, list[Fact]] = {}
    for row in bounced:
        facts.setdefault((row["shop"], row["went_to"]), []).append(_fact(row))
    lifted = await lifted_of(reads, facts)
    since = min(row["at"] for row in bounced)
    for row in await reads.fetch(_DELIVERED, *_columns(facts), since):
        facts[row["shop"], row["went_to"]].append(_fact(row))
    found = {at: fault(of, lifted.get(at), limits) for at, of in facts.items()}
    return {at: one for at, one in found.items() if one is not None}


async def lifted_of(reads: Reads, asked: Collection[Address]) -> dict[Address, datetime]:
    """When addresses were lifted last."""
    rows = await reads.fetch(_LIFTED, *_columns(asked)) if asked else []
    return {(row["shop"], row["went_to"]): row["lifted_at"] for row in rows}


async def add_lift(conn: asyncpg.Connection[Any], address: Address, customer: int, lift: Lift) -> None:
    """Keep that an address is tried again."""
    await conn.execute(_LIFT, *address, lift.lifted_at, lift.channel, customer, lift.author, lift.reason)


async def lifts_of(reads: Reads, shop: int, customer: int) -> list[Lift]:
    """What staff lifted for a customer."""
    return [Lift(*row) for row in await reads.fetch(_OF, shop, customer)]


async def forget(conn: asyncpg.Connection[Any], shop: ShopId, customers: Sequence[CustomerId]) -> int:
    """Delete what was lifted for these; how much."""
    return len(await conn.fetch(_FORGET, shop, list(customers)))


def _columns(asked: Collection[Address]) -> tuple[list[int], list[bytes]]:
    rows = sorted(asked)
    return [shop for shop, _ in rows], [mark for _, mark in rows]


def _fact(row: asyncpg.Record) -> Fact:
    return Fact(row["at"], row["message"], row["delivered"], row["hard"], row["code"])
