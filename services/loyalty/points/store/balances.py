"""What can be spent, and what has expired, asked without locks or effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from services.loyalty.points.domain.model import LotKey
from services.loyalty.points.domain.terms import DebtPolicy, Terms
from shared.db import Reads

# A lot whose day has come counts as active, although nothing has happened to its account since.
_SPENDABLE = """
SELECT coalesce((SELECT sum(remaining::bigint + CASE WHEN starts_day <= $3 THEN pending ELSE 0 END) FROM lot
                 WHERE shop = $1 AND customer = ANY($2::bigint[]) AND expires_day > $3), 0)::bigint AS points,
       coalesce((SELECT sum(owed) FROM account WHERE shop = $1 AND customer = ANY($2::bigint[])), 0)::bigint AS owed
"""

_EXPIRED = """
SELECT customer, lot, source_kind, source, line, rule, version, expired, expires_day FROM lot
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND expired > 0 AND expires_day > $3
ORDER BY expires_day DESC, customer, lot LIMIT $4
"""
_ONE_EXPIRED = """
SELECT customer, lot, source_kind, source, line, rule, version, expired, expires_day FROM lot
WHERE shop = $1 AND customer = $2 AND lot = $3
"""


class ExpiredLot(NamedTuple):
    """A lot, and what has expired of it."""

    customer: int
    lot: int
    key: LotKey
    points: int
    """0: nothing has."""
    expires_day: int
    """The first day on which they could not be spent any more."""


async def expired_since(reads: Reads, shop: int, identities: Sequence[int], day: int, limit: int) -> list[ExpiredLot]:
    """Lots that have expired after a day, the latest first."""
    return [_expired(tuple(row)) for row in await reads.fetch(_EXPIRED, shop, list(identities), day, limit)]


async def expired_lot(reads: Reads, shop: int, customer: int, lot: int) -> ExpiredLot | None:
    """What has expired of a lot; None: there is no such lot."""
    row = await reads.fetchrow(_ONE_EXPIRED, shop, customer, lot)
    return None if row is None else _expired(tuple(row))


def _expired(row: Sequence[Any]) -> ExpiredLot:
    customer, lot, *key, points, expires_day = row
    return ExpiredLot(customer, lot, LotKey(*key), points, expires_day)


async def spendable(reads: Reads, shop: int, identities: Sequence[int], day: int, terms: Terms) -> int:
    """How many points a person could spend on a day of the shop. A debt binds them, unless it waits for later."""
    row = await reads.fetchrow(_SPENDABLE, shop, list(identities), day)
    assert row is not None, "sums have a row"
    owed = 0 if terms.policy is DebtPolicy.LATER else int(row["owed"])
    return max(0, int(row["points"]) - owed)
