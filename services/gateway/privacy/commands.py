"""Entries of the operator, who is bound to no shop: as the routes, each in a transaction with its audit entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from services.gateway.privacy import showing, store
from services.gateway.privacy.asking import ask
from services.gateway.privacy.domain import REFERENCE, Reason
from services.gateway.shops import load_shops
from shared.contracts.shops import Shop
from shared.db import acquire, write_transaction
from shared.db.audit import OPERATOR, AuditEntry, record
from shared.kernel import Clock, CustomerId, ShopId, customer_id_text

_NOTE_ALL = """
INSERT INTO audit_entry (shop, actor, role, action, subject, request_id, outcome)
SELECT number, $1, '', $2, $3, '', 'done' FROM shop
"""
_RAW = "SELECT topic, partition, next FROM consumer_offset WHERE grp = 'gateway' AND starts_with(topic, 'raw.')"


class PrivacyError(LookupError):
    """There is no such shop, customer or erasure. The message says so."""


async def export_person(pool: asyncpg.Pool[Any], slug: str, customer: CustomerId) -> dict[str, Any]:
    """What gateway holds of a person. Raises PrivacyError."""
    async with acquire(pool) as conn, conn.transaction():
        shop = await _shop(conn, slug)
        found = await showing.export(conn, ShopId(shop.number), customer)
        await _note(conn, shop, "export", customer_id_text(customer))
    if found is None:
        raise PrivacyError("this shop has no such customer")
    return found


async def request_erasure(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    slug: str,
    customer: CustomerId,
    *,
    reason: Reason,
    reference: str,
    dry_run: bool,
) -> dict[str, Any]:
    """Ask for the erasure of a person; gives the certificate as it stands, or what would go. Raises PrivacyError."""
    if not re.fullmatch(REFERENCE, reference):
        raise PrivacyError("--reference: at most 64 letters, digits and . _ / # -, and nothing personal: it is kept")
    async with write_transaction(pool, clock) as tx:
        shop = await _shop(tx.conn, slug)
        if dry_run:
            found = await showing.preview(tx.conn, ShopId(shop.number), customer)
        else:
            erasure = await ask(tx, shop, customer, reason, reference)
            found = None if erasure is None else await showing.certificate(tx.conn, erasure, clock.now())
            await _note(tx.conn, shop, "erase", customer_id_text(customer))
    if found is None:
        raise PrivacyError("this shop has no such customer")
    return found


async def show_erasure(pool: asyncpg.Pool[Any], clock: Clock, slug: str, erasure_id: str) -> dict[str, Any]:
    """The certificate. Raises PrivacyError."""
    async with acquire(pool) as conn:
        shop = await _shop(conn, slug)
        erasure = await store.by_id(conn, ShopId(shop.number), erasure_id)
        if erasure is None:
            raise PrivacyError("this shop has no such erasure; GET /v1/erasures lists those that it has")
        return await showing.certificate(conn, erasure, clock.now())


async def raw_positions(pool: asyncpg.Pool[Any]) -> Mapping[tuple[str, int], int]:
    """Up to where each partition of the raw topics is taken in: what lies before is needed by nobody.

    That it is going to be cut off is noted in the audit log first, of every shop.
    """
    async with acquire(pool) as conn, conn.transaction():
        await conn.execute(_NOTE_ALL, OPERATOR, "mandegar privacy truncate-raw", "raw.*.v1")
        return {(row[0], row[1]): row[2] for row in await conn.fetch(_RAW)}


async def note_raw_cleared(pool: asyncpg.Pool[Any], now: datetime) -> int:
    """Note in certificates that raw topics were cut off behind where they stood then; how many these are."""
    async with acquire(pool) as conn, conn.transaction():
        return await store.note_raw_cleared(conn, now)


async def _note(conn: asyncpg.Connection[Any], shop: Shop, command: str, subject: str) -> None:
    await record(conn, AuditEntry(shop.number, OPERATOR, "", f"mandegar privacy {command}", subject))


async def _shop(conn: asyncpg.Connection[Any], slug: str) -> Shop:
    shop = (await load_shops(conn)).get(slug)
    if shop is None:
        raise PrivacyError("there is no shop with this slug; `mandegar shops list` shows them")
    return shop
