"""The registry of shops and keys: what is kept, what is published, and that saying it twice says it once."""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from services.gateway.shops import ShopError, add_shop, create_key, list_keys, list_shops, revoke_key
from shared.contracts.keys import ApiKeyChanged
from shared.contracts.shops import ShopConfigured
from shared.kernel import FixedClock
from tests.gateway.ground import NOW

pytestmark = pytest.mark.stack
CLOCK = FixedClock(NOW)
SHOPS, KEYS = msgspec.json.Decoder(ShopConfigured), msgspec.json.Decoder(ApiKeyChanged)


async def told(pool: asyncpg.Pool[Any], topic: str) -> list[Any]:
    decoder = SHOPS if topic == "shops.v1" else KEYS
    rows = await pool.fetch("SELECT key, value FROM outbox WHERE topic = $1 ORDER BY id", topic)
    return [(bytes(row["key"]), decoder.decode(row["value"])) for row in rows]


async def test_a_shop_gets_the_next_number_and_is_told_once(pool: asyncpg.Pool[Any]) -> None:
    shop = await add_shop(pool, CLOCK, "tehran", zone="Asia/Tehran", currency="IRT", windows=(30, 90))
    assert (shop.number, shop.name, shop.windows) == (2, "tehran", (30, 90))
    assert await add_shop(pool, CLOCK, "tehran", zone="Asia/Tehran") == shop
    ((key, event),) = await told(pool, "shops.v1")
    assert (key, event.data, event.sequence) == (b"tehran:", shop, 1)
    assert [one.slug for one in await list_shops(pool)] == ["default", "tehran"]


async def test_a_change_keeps_number_and_other_settings(pool: asyncpg.Pool[Any]) -> None:
    await add_shop(pool, CLOCK, "tehran", zone="Asia/Tehran")
    changed = await add_shop(pool, CLOCK, "tehran", loyal_over=9)
    assert (changed.number, changed.zone, changed.loyal_over) == (2, "Asia/Tehran", 9)
    events = [event for _, event in await told(pool, "shops.v1")]
    assert [event.sequence for event in events] == [1, 2] and events[0].id != events[1].id


async def test_phones_of_a_new_shop_are_taken_for_those_of_its_zone_s_country(pool: asyncpg.Pool[Any]) -> None:
    assert (await add_shop(pool, CLOCK, "tehran", zone="Asia/Tehran")).phone_region == "IR"
    assert (await add_shop(pool, CLOCK, "dubai", zone="Asia/Tehran", phone_region="AE")).phone_region == "AE"
    assert (await add_shop(pool, CLOCK, "tehran", zone="Asia/Dubai")).phone_region == "IR", "a known shop keeps its own"
    assert (await add_shop(pool, CLOCK, "nowhere", zone="UTC")).phone_region == "US"


async def test_shops_added_at_once_get_numbers_of_their_own(pool: asyncpg.Pool[Any]) -> None:
    added = await asyncio.gather(*(add_shop(pool, CLOCK, f"shop-{n}") for n in range(6)))
    assert sorted(shop.number for shop in added) == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("slug", "settings"),
    [
        ("Tehran", {}),
        ("-x", {}),
        ("a" * 64, {}),
        ("x", {"zone": "Mars/Olympus"}),
        ("x", {"currency": "EURO"}),
        ("x", {"calendar": "lunar"}),
        ("x", {"windows": ()}),
        ("x", {"windows": (30, 30)}),
        ("x", {"windows": (0,)}),
        ("x", {"phone_region": "Iran"}),
        ("x", {"week_start": 7}),
        ("x", {"loyal_over": 0}),
        ("x", {"name": " "}),
    ],
)
async def test_settings_that_no_service_could_use_are_refused(
    pool: asyncpg.Pool[Any], slug: str, settings: Any
) -> None:
    with pytest.raises(ShopError):
        await add_shop(pool, CLOCK, slug, **settings)
    assert await told(pool, "shops.v1") == []


async def test_a_key_is_told_once_and_kept_as_a_hash(pool: asyncpg.Pool[Any]) -> None:
    key, text = await create_key(pool, CLOCK, "default", scopes=["metrics:read"], name="dashboard")
    assert re.fullmatch(r"mdg_[0-9a-z]+_[0-9A-Za-z_-]{43}", text) and text.split("_")[1] == key.key_id
    assert key.sha256 == hashlib.sha256(text.encode()).hexdigest()
    ((message_key, event),) = await told(pool, "keys.v1")
    assert (message_key, event.data) == (f"default:{key.key_id}".encode(), key)
    stored = repr([tuple(row) for table in ("api_key", "outbox") for row in await pool.fetch(f"SELECT * FROM {table}")])
    assert text not in stored and text.split("_", 2)[2] not in stored
    assert await list_keys(pool) == await list_keys(pool, "default") == [key]


async def test_a_revoked_key_stays_revoked_and_is_told_once(pool: asyncpg.Pool[Any]) -> None:
    key, _ = await create_key(pool, CLOCK, "default", scopes=["metrics:read"], expires_at=NOW + timedelta(days=1))
    revoked = await revoke_key(pool, CLOCK, key.key_id)
    again = await revoke_key(pool, FixedClock(NOW + timedelta(hours=1)), key.key_id)
    assert revoked == again == (await list_keys(pool))[0] and revoked.revoked_at == NOW
    assert [event.data.revoked_at for _, event in await told(pool, "keys.v1")] == [None, NOW]


async def test_keys_of_unknown_shops_and_unknown_keys_are_refused(pool: asyncpg.Pool[Any]) -> None:
    with pytest.raises(ShopError, match="shops list"):
        await create_key(pool, CLOCK, "nowhere", scopes=["metrics:read"])
    with pytest.raises(ShopError, match="shops list"):
        await list_keys(pool, "nowhere")
    with pytest.raises(ShopError, match="scopes"):
        await create_key(pool, CLOCK, "default", scopes=[])
    with pytest.raises(ShopError, match="metrics:read"):
        await create_key(pool, CLOCK, "default", scopes=["metrics:raed"])
    with pytest.raises(ShopError, match="keys list"):
        await revoke_key(pool, CLOCK, "abcd")
