"""What becomes of a person, in each slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.feedback import answers, cases, customers, surveys
from shared.kernel import CustomerId, ShopId


async def counted(conn: asyncpg.Connection[Any], shop: ShopId, who: Sequence[CustomerId]) -> Mapping[str, int]:
    """How much is kept of these customers, by kind."""
    found: dict[str, int] = {}
    for slice_ in (customers, surveys, answers, cases):
        found |= await slice_.counted(conn, shop, who)
    return found


async def remove(conn: asyncpg.Connection[Any], shop: ShopId, who: Sequence[CustomerId]) -> Mapping[str, int]:
    """Take away what is personal; how much went, by kind."""
    gone = {
        "languages": await customers.forget(conn, shop, who),  # first: it locks them
        "texts": await answers.forget(conn, shop, who),
        "case_texts": await cases.forget(conn, shop, who),
        "links": await surveys.forget(conn, shop, who),
    }
    return {kind: count for kind, count in gone.items() if count}
