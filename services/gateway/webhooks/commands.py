"""Entries of the operator: connections made, listed, given another secret, removed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.gateway.shops import load_shops
from services.gateway.webhooks import store
from services.gateway.webhooks.domain import (
    Address,
    ConnectionTrouble,
    address_of,
    check_name,
    check_secret,
    new_address,
)
from services.gateway.webhooks.events import ADAPTORS
from services.gateway.webhooks.secrets import Vault
from shared.db import AuditEntry, acquire, record, write_transaction
from shared.db.audit import OPERATOR
from shared.kernel import Clock

_DRAWN_BYTES = 32
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection, without its secret."""

    shop: str
    vendor: str
    name: str
    address: str
    """The last part of the path that webhooks are sent to."""
    created_at: datetime
    rotated_at: datetime | None
    secrets: int
    """How many hold now: 2 while one is being replaced."""

    @property
    def path(self) -> str:
        """Where the shop system sends its webhooks."""
        return f"/v1/webhooks/{self.vendor}/{self.address}"


async def add_connection(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    vault: Vault,
    slug: str,
    vendor: str,
    *,
    name: str = "",
    secret: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> tuple[Connected, str]:
    """Connect a shop. Gives the connection and its secret, which nobody can tell again.

    Without `secret` one is drawn, for systems that take it from us. Raises ConnectionTrouble.
    """
    if vendor not in ADAPTORS:
        raise ConnectionTrouble(f"the shop system must be one of {', '.join(sorted(ADAPTORS))}")
    text = _secret(vendor, secret, random_bytes)
    async with write_transaction(pool, clock) as tx:
        shop = (await load_shops(tx.conn)).get(slug)
        if shop is None:
            raise ConnectionTrouble("there is no shop with this slug; `mandegar shops list` shows them")
        address = new_address(shop.number, random_bytes)
        named = check_name(name or vendor)
        if not await store.add(tx.conn, address, vendor, named, secret=vault.seal(text, address), now=tx.now):
            raise ConnectionTrouble("the shop has a connection of this name; give another one with --name")
        await _note(tx.conn, address, "add")
        return Connected(slug, vendor, named, str(address), tx.now, None, 1), text


async def list_connections(pool: asyncpg.Pool[Any], slug: str | None = None) -> list[Connected]:
    """Connections of a shop, or of all. Raises ConnectionTrouble when there is no such shop."""
    async with acquire(pool) as conn:
        shops = await load_shops(conn)
        if slug is not None and slug not in shops:
            raise ConnectionTrouble("there is no shop with this slug; `mandegar shops list` shows them")
        rows = await store.load(conn, None if slug is None else shops[slug].number)
    slugs = {shop.number: shop.slug for shop in shops.values()}
    return [_connected(row, slugs[row["shop"]]) for row in rows]


async def rotate_connection(
    pool: asyncpg.Pool[Any],
    clock: Clock,
    vault: Vault,
    address: str,
    *,
    secret: str | None = None,
    drop_previous: bool = False,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> tuple[Connected, str]:
    """Give it another secret; the one that held until now holds as well, until it is dropped.

    `drop_previous`: only end that. Gives the new secret, or "". Raises ConnectionTrouble.
    """
    async with write_transaction(pool, clock) as tx:
        place, row = await _locked(tx.conn, address)
        if drop_previous:
            text, sealed, previous = "", row["secret"], None
        else:
            text = _secret(row["vendor"], secret, random_bytes)
            sealed, previous = vault.seal(text, place), row["secret"]
        await store.rotate(tx.conn, place, sealed, previous, tx.now)
        await _note(tx.conn, place, "rotate")
        slugs = {shop.number: shop.slug for shop in (await load_shops(tx.conn)).values()}
        _, row = await _locked(tx.conn, address)
        return _connected(row, slugs[place.shop]), text


async def remove_connection(pool: asyncpg.Pool[Any], clock: Clock, address: str) -> None:
    """Webhooks to this address are answered with 404 from now on. Raises ConnectionTrouble."""
    async with write_transaction(pool, clock) as tx:
        place = address_of(address)
        if place is None or not await store.remove(tx.conn, place):
            raise _unknown()
        await _note(tx.conn, place, "remove")


async def find_connection(conn: asyncpg.Connection[Any], address: str) -> tuple[Address, str]:
    """The connection of an address, and its shop system. Raises ConnectionTrouble."""
    place = address_of(address)
    vendor = None if place is None else await store.vendor_of(conn, place)
    if place is None or vendor is None:
        raise _unknown()
    return place, vendor


async def _note(conn: asyncpg.Connection[Any], place: Address, command: str) -> None:
    await record(conn, AuditEntry(place.shop, OPERATOR, "", f"mandegar connections {command}", str(place)))


async def _locked(conn: asyncpg.Connection[Any], address: str) -> tuple[Address, asyncpg.Record]:
    place = address_of(address)
    row = None if place is None else await store.lock(conn, place)
    if place is None or row is None:
        raise _unknown()
    return place, row


def _unknown() -> ConnectionTrouble:
    return ConnectionTrouble("there is no connection with this address; `mandegar connections list` shows them")


def _secret(vendor: str, given: str | None, random_bytes: RandomBytes) -> str:
    if given is not None:
        return check_secret(given)
    if not ADAPTORS[vendor].draws_secret:
        raise ConnectionTrouble(f"{vendor} gives the secret itself: hand it in with --secret-stdin")
    return random_bytes(_DRAWN_BYTES).hex()


def _connected(row: asyncpg.Record, slug: str) -> Connected:
    return Connected(
        shop=slug,
        vendor=row["vendor"],
        name=row["name"],
        address=str(Address(row["shop"], row["address"])),
        created_at=row["created_at"],
        rotated_at=row["rotated_at"],
        secrets=1 if row["previous_secret"] is None else 2,
    )
