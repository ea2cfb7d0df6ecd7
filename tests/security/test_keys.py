"""API keys: made, rotated, revoked and let expire by admins over HTTP; by the database's clock; last uses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from services.gateway.shops import ShopError, create_key, rotate_key
from shared.contracts.keys import ApiKeyChanged
from shared.kernel import FixedClock, SystemClock, api_key_id, api_key_sha256
from shared.testing import api_url
from tests.security.ground import NUMBERS, OTHER, OWN, Place, asking, bearer

pytestmark = pytest.mark.stack
EVENTS = msgspec.json.Decoder(ApiKeyChanged)
SETTINGS = f"/v1/shops/{OWN}/settings"


async def made(http: httpx.AsyncClient, place: Place, **body: Any) -> dict[str, Any]:
    answer = await http.post(
        "/v1/keys", json={"scopes": ["shops:read"], **body}, headers=bearer(place.key(OWN, "admin"))
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def status(http: httpx.AsyncClient, text: str) -> tuple[int, str]:
    answer = await http.get(SETTINGS, headers=bearer(text))
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


async def test_a_key_is_told_once_works_at_once_and_only_its_hash_is_kept_and_published(place: Place) -> None:
    async with asking(place, "gateway", api_key_cache_seconds=0) as http:
        key = await made(http, place, name="reports", expires_in_days=30)
        assert await status(http, key["key"]) == (200, "")
        listed = (await http.get("/v1/keys?limit=500", headers=bearer(place.key(OWN, "admin")))).text
    assert key["key"] not in listed
    assert key["key_id"] in listed
    row = await place.pool.fetchrow("SELECT * FROM api_key WHERE key_id = $1", key["key_id"])
    assert key["key"] not in str(row)
    assert row["sha256"] == api_key_sha256(key["key"])
    assert timedelta(days=29) < row["expires_at"] - SystemClock().now() < timedelta(days=31)
    told = await place.pool.fetch("SELECT value FROM outbox WHERE topic = 'keys.v1'")
    (event,) = [event for event in (EVENTS.decode(one["value"]) for one in told) if event.subject == key["key_id"]]
    assert (event.data.sha256, event.data.scopes) == (row["sha256"], ("shops:read",))
    assert not any(key["key"].encode() in one["value"] for one in told)


async def test_after_a_rotation_both_keys_work_until_the_old_one_has_had_its_time(place: Place) -> None:
    admin = bearer(place.key(OWN, "admin"))
    async with asking(place, "gateway", api_key_cache_seconds=0) as http:
        old = await made(http, place, name="reports")
        answer = await http.post(f"/v1/keys/{old['key_id']}/rotate", json={"keep_hours": 1}, headers=admin)
        new = answer.json()
        assert (new["replaces"], new["name"], new["scopes"]) == (old["key_id"], "reports", ["shops:read"])
        assert [await status(http, key["key"]) for key in (old, new)] == [(200, "")] * 2
        await place.pool.execute(
            "UPDATE api_key SET expires_at = now() - interval '1 second' WHERE key_id = $1", old["key_id"]
        )
        assert await status(http, old["key"]) == (401, "key-expired")
        assert await status(http, new["key"]) == (200, "")
        again = await http.post(f"/v1/keys/{old['key_id']}/rotate", headers=admin)
        assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "key-has-ended")
        at_once = await http.post(f"/v1/keys/{new['key_id']}/rotate", json={"keep_hours": 0}, headers=admin)
        assert at_once.status_code == 201
        assert await status(http, new["key"]) == (401, "key-expired")


async def test_a_revoked_key_is_nobodys_and_stays_revoked(place: Place) -> None:
    admin = bearer(place.key(OWN, "admin"))
    async with asking(place, "gateway", api_key_cache_seconds=0) as http:
        key = await made(http, place)
        first = (await http.post(f"/v1/keys/{key['key_id']}/revoke", headers=admin)).json()
        assert await status(http, key["key"]) == (401, "unauthenticated")
        assert (await http.post(f"/v1/keys/{key['key_id']}/revoke", headers=admin)).json() == first
        assert (await http.post(f"/v1/keys/{key['key_id']}/rotate", headers=admin)).status_code == 409


async def test_only_admins_manage_keys_and_scopes_that_do_not_exist_are_refused(place: Place) -> None:
    async with asking(place, "gateway") as http:
        for scope in ("shops:write", "customers:write", "audit:read"):
            assert (await http.get("/v1/keys", headers=bearer(place.key(OWN, scope)))).status_code == 403
        for scopes in ([], ["everything"], ["keys:write"]):
            answer = await http.post("/v1/keys", json={"scopes": scopes}, headers=bearer(place.key(OWN, "admin")))
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["field"].startswith("body.scopes")


async def test_expiry_goes_by_the_databases_clock_however_wrong_the_processs_is(place: Place) -> None:
    late = FixedClock(SystemClock().now() + timedelta(days=400))
    _, text = await create_key(
        place.pool, SystemClock(), OWN, scopes=["shops:read"], expires_at=SystemClock().now() + timedelta(days=3)
    )
    async with asking(place, "gateway") as http:
        app = http._transport.app  # type: ignore[attr-defined]  # the application behind the client
        app.state.database.clock = late
        assert await status(http, text) == (200, "")


async def test_a_trusted_key_expires_on_time(place: Place) -> None:
    _, text = await create_key(
        place.pool, SystemClock(), OWN, scopes=["shops:read"], expires_at=SystemClock().now() + timedelta(seconds=1)
    )
    async with asking(place, "gateway", api_key_cache_seconds=60) as http:
        assert await status(http, text) == (200, "")
        await asyncio.sleep(1.1)
        assert await status(http, text) == (401, "key-expired")


async def test_the_last_use_is_written_beside_the_requests_once_for_many(place: Place) -> None:
    text = place.key(OTHER, "shops:write")
    whose = (NUMBERS[OTHER], api_key_id(text))
    used = "SELECT used_at FROM api_key_use WHERE shop = $1 AND key_id = $2"
    before = await place.pool.fetchval(used, *whose)
    async with asking(place, "gateway") as http:
        keyring = http._transport.app.state.keyring  # type: ignore[attr-defined]  # the application behind the client
        for _ in range(3):
            assert (await http.get("/v1/keys", headers=bearer(text))).status_code == 403
        assert await place.pool.fetchval(used, *whose) == before
        await keyring.write_uses()
        first = await place.pool.fetchval(used, *whose)
        assert abs(first - SystemClock().now()) < timedelta(minutes=1)
        await keyring.write_uses()
        assert await place.pool.fetchval(used, *whose) == first != before


async def test_commands_rotate_too_and_leave_their_entry(place: Place) -> None:
    key, _ = await create_key(place.pool, SystemClock(), OTHER, scopes=["metrics:read"], name="tools")
    new, text, old = await rotate_key(place.pool, SystemClock(), key.key_id, keep=timedelta(hours=2))
    assert (new.scopes, new.name, api_key_id(text)) == (key.scopes, "tools", new.key_id)
    assert old.expires_at is not None
    entries = [(one["actor"], one["action"], one["subject"]) for one in await place.audit("gateway", OTHER)]
    assert entries[-2:] == [
        ("operator", "mandegar keys create", key.key_id),
        ("operator", "mandegar keys rotate", f"{key.key_id} {new.key_id}"),
    ]
    with pytest.raises(ShopError, match="keep"):
        await rotate_key(place.pool, SystemClock(), key.key_id, keep=timedelta(days=31))
    with pytest.raises(ShopError, match="there is no key"):
        await rotate_key(place.pool, SystemClock(), "nobody")


async def test_an_api_sees_and_writes_keys_of_its_shop_alone(place: Place) -> None:
    api = await asyncpg.connect(api_url(place.url, "gateway"))
    try:
        async with api.transaction():
            await api.execute("SELECT set_config('app.shop', '1', true)")
            shops = {row[0] for row in await api.fetch("SELECT DISTINCT shop FROM gateway.api_key")}
            assert shops == {1}
            moved = await api.execute("UPDATE gateway.api_key SET revoked_at = now() WHERE shop = 2")
            assert moved == "UPDATE 0"
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await api.execute(
                    "INSERT INTO gateway.api_key (key_id, shop, sha256, scopes) VALUES ('thief', 2, 'x', '{admin}')"
                )
    finally:
        await api.close()
