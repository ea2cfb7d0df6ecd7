"""Before a replay in stream time: its shops on the stream clock, in every service that will read of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping

import asyncpg
import msgspec

from services.gateway.shops import set_shop
from shared.contracts.shops import Shop
from shared.db import create_pool
from shared.kernel import SystemClock

_POLL_S = 0.1
_SHOPS = "SELECT settings::text FROM {schema}.shop WHERE slug = ANY($1::text[])"
GATEWAY = "gateway"


class NotOnStreamClock(RuntimeError):
    """A service has not heard of the shop's clock; says which one, and what to do."""


async def put_on_stream_clock(
    shops: Collection[str], database_urls: Mapping[str, str], *, limit_s: float = 60.0
) -> dict[str, str]:
    """Set the clock of the shops to `stream` through gateway, wait until every service knows it; gives their zones.

    An order that came first would be judged by the wall clock. `database_urls`: one for each service, gateway among
    them. Raises ShopError for an unknown shop, NotOnStreamClock after `limit_s` seconds.
    """
    pool = await create_pool(database_urls[GATEWAY], GATEWAY, application="mandegar-operator", max_size=1)
    try:
        found = {slug: await set_shop(pool, SystemClock(), slug, clock="stream") for slug in sorted(shops)}
    finally:
        await pool.close()
    deadline = time.monotonic() + limit_s
    for service in sorted(database_urls):
        connection = await asyncpg.connect(database_urls[service], timeout=5, command_timeout=8)
        try:
            while not await _knows(connection, service, found):
                if time.monotonic() > deadline:
                    raise NotOnStreamClock(
                        f"{service} has not heard that the shop's clock is `stream`; the workers of gateway and "
                        f"{service} must run (`mandegar up`, `mandegar status`), then the same command goes on"
                    )
                await asyncio.sleep(_POLL_S)
        finally:
            await connection.close(timeout=5)
    return {slug: shop.zone for slug, shop in found.items()}


async def _knows(connection: asyncpg.Connection, service: str, wanted: Mapping[str, Shop]) -> bool:
    rows = await connection.fetch(_SHOPS.format(schema=service), sorted(wanted))
    shops = [msgspec.json.decode(row["settings"], type=Shop) for row in rows]
    return {shop.slug for shop in shops if shop.clock == "stream"} == set(wanted)
