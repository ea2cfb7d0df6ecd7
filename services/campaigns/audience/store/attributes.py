"""What customers said of themselves in surveys: by attribute the last word, joined under the profile's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec

from services.campaigns.audience.domain import Attribute, Key
from services.campaigns.audience.store.profiles import lock_profiles, run, turned

_KNOWN = """
SELECT shop, customer, attributes::text FROM unnest($1::smallint[], $2::bigint[]) AS k (shop, customer)
JOIN profile p USING (shop, customer) WHERE NOT p.erased
"""
_SAVE = """
UPDATE profile p SET attributes = n.attributes::jsonb
FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS n (shop, customer, attributes)
WHERE p.shop = n.shop AND p.customer = n.customer
"""


async def save_attributes(conn: asyncpg.Connection[Any], told: Mapping[Key, Mapping[str, Attribute]]) -> None:
    """Of each attribute the last word holds; of who is erased nothing comes back."""
    if not told:
        return
    await lock_profiles(conn, told)
    rows = []
    for shop, customer, kept in await conn.fetch(_KNOWN, *turned(sorted(told))):
        joined = dict(msgspec.json.decode(kept, type=dict[str, Attribute]))
        for name, one in told[shop, customer].items():
            joined[name] = max(one, joined.get(name, one), key=lambda either: either.turn)
        rows.append((shop, customer, msgspec.json.encode(joined).decode()))
    await run(conn, _SAVE, rows)
