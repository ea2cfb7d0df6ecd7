"""Entries of the operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from services.feedback.privacy import showing
from shared.db import Reads, acquire
from shared.db.audit import OPERATOR, AuditEntry, record
from shared.kernel import CustomerId, ShopId, customer_id_text


async def export_person(pool: asyncpg.Pool[Any], slug: str, customer: CustomerId) -> dict[str, Any]:
    """What feedback holds of a customer; nothing where it knows neither shop nor customer."""
    async with acquire(pool) as conn, conn.transaction():
        shop = await conn.fetchval("SELECT number FROM shop WHERE slug = $1", slug)
        if shop is not None:
            subject = customer_id_text(customer)
            await record(conn, AuditEntry(shop, OPERATOR, "", "mandegar privacy export", subject))
        return await showing.export(conn, ShopId(shop or 0), customer)


async def standing_of(reads: Reads, shop: ShopId, identities: Sequence[CustomerId]) -> dict[str, Any] | None:
    """How a person of these identities stands: the last answers and cases. None where feedback knows nobody of them."""
    return await showing.standing(reads, shop, identities)
