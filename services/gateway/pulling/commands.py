"""Entries of the operator: which connections are pulled, with which token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.gateway.pulling import store
from services.gateway.pulling.domain import PullTrouble
from services.gateway.pulling.outside import Api
from services.gateway.shops import load_shops
from services.gateway.webhooks import Address, Vault, find_connection
from shared.db import AuditEntry, acquire, record, write_transaction
from shared.db.audit import OPERATOR
from shared.kernel import Clock
from shared.outgoing import Refused, check_url

_TOKEN_LENGTH_MIN, _TOKEN_LENGTH_MAX = 8, 2_000
_PURPOSE = "/pull"


@dataclass(frozen=True, slots=True)
class Pull:
    """How far a connection was pulled, without its token."""

    shop: str
    vendor: str
    name: str
    address: str
    base: str
    reached: datetime | None
    """All changes up to then were sent."""
    pulled_at: datetime | None
    due_at: datetime
    failures: int
    trouble: str


def sealed_api(vault: Vault, address: Address, api: Api) -> bytes:
    """Base and token as one, encrypted and bound to the connection."""
    return vault.seal(msgspec.json.encode(api).decode(), address, _PURPOSE)


def opened_api(vault: Vault, address: Address, sealed: bytes) -> Api:
    """The same again. Raises PullTrouble."""
    try:
        (text,) = vault.open((sealed,), address, _PURPOSE)
        return msgspec.json.decode(text, type=Api)
    except ValueError:
        raise PullTrouble("the token was encrypted with another MANDEGAR_SECRET_KEY; give it anew") from None


async def set_api(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    vault: Vault,
    address: str,
    *,
    base: str,
    token: str,
    loopback: bool = False,
) -> None:
    """Pull a connection from now on. Raises PullTrouble, ConnectionTrouble."""
    base, token = base.strip().rstrip("/"), token.strip()
    try:
        check_url(base, loopback=loopback)
    except Refused as refused:
        raise PullTrouble(f"the address {refused}") from None
    if "?" in base or "#" in base:
        raise PullTrouble("the address must end with its path")
    if not _TOKEN_LENGTH_MIN <= len(token) <= _TOKEN_LENGTH_MAX or not token.isascii() or not token.isprintable():
        raise PullTrouble(f"the token must have {_TOKEN_LENGTH_MIN} to {_TOKEN_LENGTH_MAX} characters of ASCII")
    async with write_transaction(pool, clock) as tx:
        place, vendor = await find_connection(tx.conn, address)
        if vendor == "woocommerce" and ":" not in token:
            raise PullTrouble("of WooCommerce give the consumer key and its secret with a colon between: ck_…:cs_…")
        await store.set_api(tx.conn, place, sealed_api(vault, place, Api(vendor, base, token)))
        await record(tx.conn, AuditEntry(place.shop, OPERATOR, "", "mandegar connections api", str(place)))


async def list_pulls(pool: asyncpg.Pool[Any], vault: Vault) -> list[Pull]:
    """All of them."""
    async with acquire(pool) as conn:
        rows, shops = await store.load(conn, None), await load_shops(conn)
    slugs = {shop.number: shop.slug for shop in shops.values()}
    found = []
    for row in rows:
        place = Address(row["shop"], row["address"])
        try:
            base = opened_api(vault, place, row["sealed"]).base
        except PullTrouble:
            base = ""
        found.append(
            Pull(
                shop=slugs[place.shop],
                vendor=row["vendor"],
                name=row["name"],
                address=str(place),
                base=base,
                reached=row["reached"],
                pulled_at=row["pulled_at"],
                due_at=row["due_at"],
                failures=row["failures"],
                trouble=row["trouble"],
            )
        )
    return found
