"""Holds and what they took, lot by lot. Whoever changes a hold has locked all accounts that it took of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from services.loyalty.points.domain.model import Hold, HoldState, Share, Who
from shared.db.together import Together, columns_of
from shared.kernel import moment_of, us_of

Place = tuple[int, str]
"""(shop, hold)."""

# One statement, and so one moment: others may commit between two.
_LOAD = """
SELECT h.shop, h.hold, h.customer, h.points, h.state, h.until, s.customer, s.lot, s.points, s.restored
FROM unnest($1::smallint[], $2::text[]) AS k(shop, hold) JOIN hold h USING (shop, hold)
JOIN hold_lot s USING (shop, hold)
ORDER BY h.shop, h.hold, s.place
"""
_SAVE = """
INSERT INTO hold AS h (shop, hold, customer, points, state, until)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::int[], $5::smallint[], $6::timestamptz[])
ON CONFLICT (shop, hold) DO UPDATE SET state = excluded.state
"""
_SAVE_SHARES = """
INSERT INTO hold_lot AS s (shop, hold, customer, lot, points, restored, place)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::smallint[])
ON CONFLICT (shop, hold, customer, lot) DO UPDATE SET points = excluded.points, restored = excluded.restored
"""
_LAPSING = """
SELECT customer, hold FROM hold WHERE shop = $1 AND hold = ANY($2::text[]) AND state = 1
"""


async def load(conn: asyncpg.Connection[Any], places: Collection[Place]) -> dict[Place, Hold]:
    """Those of these holds that there are."""
    if not places:
        return {}
    wanted = sorted(places)
    rows = await conn.fetch(_LOAD, [shop for shop, _ in wanted], [name for _, name in wanted])
    found: dict[Place, Hold] = {}
    for shop, name, customer, points, state, until, *share in rows:
        hold = found.get((shop, name))
        if hold is None:
            ends = 0 if until is None else us_of(until)
            hold = found[shop, name] = Hold(Who(shop, customer), name, points, HoldState(state), ends)
        of, lot, taken, restored = share
        hold.shares.append(Share(Who(shop, of), lot, taken, restored))
    return found


def save(writes: Together, holds: Sequence[Hold]) -> None:
    """Write holds that are new or were changed."""
    if not holds:
        return
    ordered = sorted(holds, key=lambda hold: (hold.who.shop, hold.hold))
    rows = [
        (one.who.shop, one.hold, one.who.customer, one.points, one.state, moment_of(one.until) if one.until else None)
        for one in ordered
    ]
    writes.add(_SAVE, *columns_of(rows))
    shares = [
        (share.who.shop, one.hold, share.who.customer, share.lot, share.points, share.restored, place)
        for one in ordered
        for place, share in enumerate(one.shares)
    ]
    writes.add(_SAVE_SHARES, *columns_of(shares))


async def still_open(conn: asyncpg.Connection[Any], shop: int, names: Collection[str]) -> dict[str, int]:
    """Who asked for those of these holds that have not ended."""
    rows = await conn.fetch(_LAPSING, shop, sorted(names))
    return {name: customer for customer, name in rows}
