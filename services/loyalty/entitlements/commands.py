"""What staff do by HTTP and operators by commands: where a shop is told, with which secret, and what is sent again."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg

from services.loyalty.entitlements import store
from services.loyalty.entitlements.domain import Place, State, place_of
from services.loyalty.entitlements.sealing import Vault
from services.loyalty.entitlements.store import Delivery, Kept
from shared import receivers
from shared.db import AuditEntry, OpenTransaction, acquire, record, write_transaction
from shared.db.audit import OPERATOR
from shared.kernel import Clock
from shared.outgoing import Refused
from shared.receivers import new_secret

RandomBytes = Callable[[int], bytes]
KEEP_HOURS_MAX = 720
_NO_ENDPOINT = "no-endpoint", "the shop has no endpoint for entitlements; set one first"


class EntitlementTrouble(Exception):
    """Something cannot be done. The message is for people and repeats no secret."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Endpoint(NamedTuple):
    """Where a shop is told, and its secret where it is told now, this once."""

    kept: Kept
    secret: str = ""


def checked_url(url: str, *, loopback: bool) -> str:
    """The address, if webhooks may be sent there as far as its text tells. Raises EntitlementTrouble."""
    try:
        return receivers.checked_url(url, loopback=loopback)
    except Refused as refused:
        raise EntitlementTrouble("bad-url", f"the address {refused}") from None


async def put(
    conn: asyncpg.Connection[Any], vault: Vault, shop: int, url: str, random_bytes: RandomBytes = secrets.token_bytes
) -> Endpoint:
    """Have a shop told at a checked address. A secret is drawn for one that had none."""
    text = new_secret(random_bytes)
    is_new = await store.RECEIVERS.set_url(conn, shop, url, vault.seal(text, shop))
    return Endpoint(await found(conn, shop), text if is_new else "")


async def rotate(
    conn: asyncpg.Connection[Any],
    vault: Vault,
    shop: int,
    keep: timedelta,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Endpoint:
    """Another secret; webhooks are signed with the one before as well for so long. Raises EntitlementTrouble."""
    text = new_secret(random_bytes)
    if not await store.RECEIVERS.rotate(conn, shop, vault.seal(text, shop), keep):
        raise EntitlementTrouble(*_NO_ENDPOINT)
    return Endpoint(await found(conn, shop), text)


async def found(conn: Any, shop: int) -> Kept:
    """Where a shop is told. Raises EntitlementTrouble."""
    kept = await store.endpoint_of(conn, shop)
    if kept.url is None:
        raise EntitlementTrouble(*_NO_ENDPOINT)
    return kept


async def retry(conn: asyncpg.Connection[Any], shop: int, place: Place) -> Delivery | None:
    """Have one that failed sent again, once there is an endpoint; None: there is no such delivery.

    Raises EntitlementTrouble.
    """
    several = await store.lock_redemption(conn, shop, place.redemption)
    one = next((each for each in several if each.place == place), None)
    if one is None or one.state is State.WAITING:
        return one
    if one.state is State.DELIVERED:
        raise EntitlementTrouble("delivered", "it was delivered")
    if any(each.attempts for each in several if each.place.number > place.number):
        raise EntitlementTrouble("overtaken", "what became of the redemption later was told already; this is no news")
    await store.again(conn, shop, place)
    return next(each for each in await store.lock_redemption(conn, shop, place.redemption) if each.place == place)


async def show_endpoint(pool: asyncpg.Pool[Any], slug: str) -> Kept:
    """Where a shop is told. Raises EntitlementTrouble."""
    async with acquire(pool) as conn:
        return await found(conn, await _shop(conn, slug))


async def set_endpoint(
    pool: asyncpg.Pool[Any], clock: Clock, vault: Vault, slug: str, url: str, *, loopback: bool = False
) -> Endpoint:
    """Have a shop told there. Raises EntitlementTrouble."""
    text = checked_url(url.strip(), loopback=loopback)
    async with _noted(pool, clock, slug, "set") as (tx, shop):
        return await put(tx.conn, vault, shop, text)


async def rotate_secret(pool: asyncpg.Pool[Any], clock: Clock, vault: Vault, slug: str, keep: timedelta) -> Endpoint:
    """Another secret. Raises EntitlementTrouble."""
    async with _noted(pool, clock, slug, "rotate") as (tx, shop):
        return await rotate(tx.conn, vault, shop, keep)


async def remove_endpoint(pool: asyncpg.Pool[Any], clock: Clock, slug: str) -> None:
    """Have a shop told nothing any more. Raises EntitlementTrouble."""
    async with _noted(pool, clock, slug, "remove") as (tx, shop):
        if not await store.remove(tx.conn, shop):
            raise EntitlementTrouble(*_NO_ENDPOINT)


async def list_deliveries(pool: asyncpg.Pool[Any], slug: str, state: State | None, limit: int) -> list[Delivery]:
    """The oldest of a state, or of all. Raises EntitlementTrouble."""
    async with acquire(pool) as conn:
        return await store.listed(conn, await _shop(conn, slug), state, None, limit)


async def retry_delivery(pool: asyncpg.Pool[Any], clock: Clock, slug: str, delivery: str) -> Delivery:
    """Have one that failed sent again. Raises EntitlementTrouble."""
    async with _noted(pool, clock, slug, "retry", delivery) as (tx, shop):
        place = place_of(delivery)
        one = None if place is None else await retry(tx.conn, shop, place)
        if one is None:
            raise EntitlementTrouble("no-delivery", "the shop has no such delivery")
        return one


@asynccontextmanager
async def _noted(
    pool: asyncpg.Pool[Any], clock: Clock, slug: str, command: str, subject: str = ""
) -> AsyncIterator[tuple[OpenTransaction, int]]:
    async with write_transaction(pool, clock) as tx:
        shop = await _shop(tx.conn, slug)
        yield tx, shop
        await record(tx.conn, AuditEntry(shop, OPERATOR, "", f"mandegar entitlements {command}", subject))


async def _shop(conn: Any, slug: str) -> int:
    number: int | None = await conn.fetchval("SELECT number FROM shop WHERE slug = $1", slug)
    if number is None:
        raise EntitlementTrouble("no-shop", "there is no shop with this slug; `mandegar shops list` shows them")
    return number
