"""What can be spent, asked without locks or effects."""

from __future__ import annotations

from collections.abc import Sequence

from services.loyalty.points.domain.terms import DebtPolicy, Terms
from shared.db import Reads

# A lot whose day has come counts as active, although nothing has happened to its account since.
_SPENDABLE = """
SELECT coalesce((SELECT sum(remaining::bigint + CASE WHEN starts_day <= $3 THEN pending ELSE 0 END) FROM lot
                 WHERE shop = $1 AND customer = ANY($2::bigint[]) AND expires_day > $3), 0)::bigint AS points,
       coalesce((SELECT sum(owed) FROM account WHERE shop = $1 AND customer = ANY($2::bigint[])), 0)::bigint AS owed
"""


async def spendable(reads: Reads, shop: int, identities: Sequence[int], day: int, terms: Terms) -> int:
    """How many points a person could spend on a day of the shop. A debt binds them, unless it waits for later."""
    row = await reads.fetchrow(_SPENDABLE, shop, list(identities), day)
    assert row is not None, "sums have a row"
    owed = 0 if terms.policy is DebtPolicy.LATER else int(row["owed"])
    return max(0, int(row["points"]) - owed)
