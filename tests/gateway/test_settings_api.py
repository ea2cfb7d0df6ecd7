"""A shop's settings over HTTP: read, changed, told to all services, and refused with the field and the remedy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import asyncpg
import httpx
import msgspec
import pytest
from prometheus_client import CollectorRegistry

from services.gateway.shops import add_shop, create_key, list_shops
from services.gateway.shops.api import router
from shared.contracts.shops import Lifecycle, Shop, ShopConfigured
from shared.db import create_pool
from shared.kernel import FixedClock
from shared.settings import PlatformSettings
from shared.testing import api_url
from shared.testing.http import client
from shared.web import create_app
from tests.gateway.ground import NOW, SECRET

pytestmark = pytest.mark.stack
CLOCK = FixedClock(NOW)
EVENTS = msgspec.json.Decoder(ShopConfigured)


class Api(NamedTuple):
    http: httpx.AsyncClient
    pool: asyncpg.Pool[Any]
    keys: dict[str, str]

    async def get(self, slug: str, key: str = "both") -> httpx.Response:
        return await self.http.get(f"/v1/shops/{slug}/settings", headers=self._as(key))

    async def patch(self, slug: str, body: Any, key: str = "both", **headers: str) -> httpx.Response:
        return await self.http.patch(f"/v1/shops/{slug}/settings", json=body, headers=self._as(key) | headers)

    def _as(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[key]}"}

    async def told(self) -> list[ShopConfigured]:
        rows = await self.pool.fetch("SELECT value FROM outbox WHERE topic = 'shops.v1' ORDER BY id")
        return [EVENTS.decode(row["value"]) for row in rows]


@pytest.fixture
async def api(pool: asyncpg.Pool[Any], gateway_url: str) -> AsyncIterator[Api]:
    await add_shop(pool, CLOCK, "tehran", zone="Asia/Tehran")
    await add_shop(pool, CLOCK, "cairo", zone="Africa/Cairo")
    await pool.execute("TRUNCATE outbox")
    keys = {
        name: (await create_key(pool, CLOCK, shop, scopes=scopes))[1]
        for name, shop, scopes in (
            ("both", "tehran", ["shops:read", "shops:write"]),
            ("reader", "tehran", ["shops:read"]),
            ("eraser", "tehran", ["shops:write", "personal:erase"]),
            ("stranger", "cairo", ["shops:read", "shops:write"]),
        )
    }
    await pool.execute("TRUNCATE outbox")
    api_pool = await create_pool(api_url(gateway_url, "gateway"), "gateway", max_size=4)
    settings = PlatformSettings.load(
        kafka_bootstrap_servers="127.0.0.1:1", database_url=gateway_url, secret_key=SECRET.decode()
    )
    app = create_app("gateway", settings, [router], clock=CLOCK, pool=api_pool, registry=CollectorRegistry())
    async with client(app) as http:
        yield Api(http, pool, keys)
    await api_pool.close()


async def shop(api: Api, slug: str = "tehran") -> Shop:
    return next(one for one in await list_shops(api.pool) if one.slug == slug)


async def test_all_settings_are_shown_with_their_defaults_and_version(api: Api) -> None:
    response = await api.get("tehran", "reader")
    body = response.json()
    assert (body["shop"], body["version"], body["changed"]) == ("tehran", 1, [])
    assert response.headers["etag"] == '"1"'
    assert set(body["settings"]) == set(Shop.__struct_fields__) - {"number", "slug"}
    assert msgspec.convert({"number": 2, "slug": "tehran", **body["settings"]}, Shop) == await shop(api)


async def test_what_is_given_changes_and_the_rest_stays_and_all_are_told_once(api: Api) -> None:
    response = await api.patch("tehran", {"windows": [30, 60], "lifecycle": {"lost_days": 180}, "week_start": 5})
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["changed"] == ["lifecycle.lost_days", "week_start", "windows"]
    assert (body["version"], body["settings"]["lifecycle"]["lapsing"]) == (2, "personal")
    stored = await shop(api)
    assert (stored.windows, stored.zone, stored.lifecycle) == ((30, 60), "Asia/Tehran", Lifecycle(lost_days=180))
    [event] = await api.told()
    assert (event.data, event.sequence, event.shop) == (stored, 2, "tehran")
    again = await api.patch("tehran", {"windows": [30, 60]})
    assert (again.json()["changed"], again.json()["version"]) == ([], 2)
    assert len(await api.told()) == 1
    assert await shop(api, "cairo") == Shop(
        number=3, slug="cairo", name="cairo", zone="Africa/Cairo", phone_region="EG"
    )


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"zone": "Mars/Olympus"}, "body.zone", "IANA"),
        ({"currency": "EURO"}, "body.currency", "at most 3"),
        ({"currency": "ZZZ"}, "body.currency", "ISO 4217"),
        ({"calendar": "lunar"}, "body.calendar", "one of"),
        ({"windows": []}, "body.windows", "at least 1"),
        ({"windows": [30, 30]}, "body.windows", "different"),
        ({"windows": [0]}, "body.windows.0", "at least 1"),
        ({"windows": ["30"]}, "body.windows.0", "whole number"),
        ({"windows": None}, "body.windows", "list"),
        ({"week_start": 7}, "body.week_start", "at most 6"),
        ({"week_start": "5"}, "body.week_start", "whole number"),
        ({"loyal_over": True}, "body.loyal_over", "whole number"),
        ({"loyal_over": 10**18}, "body.loyal_over", "from 1 to"),
        ({"phone_region": "ZZ"}, "body.phone_region", "two-letter"),
        ({"languages": ["!"]}, "body.languages", "tag"),
        ({"name": " "}, "body.name", "printable"),
        ({"name": None}, "body.name", "text"),
        ({"blocked_identifiers": [" "]}, "body.blocked_identifiers", "at most"),
        ({"lifecycle": {"lost_days": 0}}, "body.lifecycle.lost_days", "at least 1"),
        ({"lifecycle": {"lapsing_quantile": 100}}, "body.lifecycle.lapsing_quantile", "at most 99"),
        ({"lifecycle": {"window": 3}}, "body.lifecycle.window", "not a known field"),
        ({"visit_months": 121}, "body.visit_months", "at most 120"),
        ({"visit_months": 12, "lifecycle": {"activity": "either"}}, "body.visit_months", "rest on them"),
        ({"slug": "other"}, "body.slug", "not a known field"),
        ({"number": 9}, "body.number", "not a known field"),
        ([], "body", "JSON object"),
    ],
)
async def test_what_no_service_could_use_is_refused_with_field_and_remedy(
    api: Api, body: Any, field: str, says: str
) -> None:
    before = await shop(api)
    response = await api.patch("tehran", body)
    assert response.status_code == 422, response.text
    [error] = response.json()["errors"]
    assert (error["field"], says in error["reason"]) == (field, True), error
    assert await shop(api) == before
    assert await api.told() == []


async def test_only_a_key_of_the_shop_with_the_scope_may_change_it(api: Api) -> None:
    assert (await api.patch("tehran", {"week_start": 1}, "reader")).status_code == 403
    for key in ("stranger",):
        assert (await api.get("tehran", key)).status_code == 404
        assert (await api.patch("tehran", {"week_start": 1}, key)).status_code == 404
    assert (await api.get("nowhere")).status_code == 404
    assert (await api.http.get("/v1/shops/tehran/settings")).status_code == 401
    assert (await shop(api)).week_start == 0


async def test_a_term_that_erases_people_takes_the_permission_to_erase_people(api: Api) -> None:
    refused = await api.patch("tehran", {"week_start": 1, "inactive_months": 1})
    assert refused.status_code == 403
    assert "personal:erase" in refused.json()["detail"]
    assert ((await shop(api)).inactive_months, (await shop(api)).week_start) == (0, 0)
    assert (await api.patch("tehran", {"inactive_months": 24}, "eraser")).json()["changed"] == ["inactive_months"]
    assert (await api.patch("tehran", {"week_start": 1, "inactive_months": 24})).status_code == 200, (
        "it changes nothing"
    )
    assert (await api.patch("tehran", {"inactive_months": 23})).status_code == 403
    assert (await api.patch("tehran", {"inactive_months": 0})).status_code == 200, "then nobody is erased"


async def test_two_people_do_not_undo_each_other(api: Api) -> None:
    etag = (await api.get("tehran")).headers["etag"]
    headers = {"If-Match": etag}
    answers = await asyncio.gather(
        *(api.patch("tehran", {"week_start": day}, **headers) for day in (1, 2, 3)),
        add_shop(api.pool, CLOCK, "tehran", loyal_over=7),
    )
    assert sorted(answer.status_code for answer in answers[:3])[1:] == [412, 412]
    assert (await shop(api)).loyal_over == 7


async def test_changes_at_once_from_http_and_commands_all_hold(api: Api) -> None:
    async with asyncio.timeout(20):
        await asyncio.gather(
            *(api.patch("tehran", {"lifecycle": {"lost_days": 100 + n}}) for n in range(8)),
            *(add_shop(api.pool, CLOCK, "tehran", loyal_over=10 + n) for n in range(8)),
        )
    events = await api.told()
    assert [event.sequence for event in events] == list(range(2, 2 + len(events)))
    assert events[-1].data == await shop(api)


async def test_the_api_s_login_may_change_its_own_shop_alone(api: Api, gateway_url: str) -> None:
    conn = await asyncpg.connect(api_url(gateway_url, "gateway").replace("postgresql+asyncpg", "postgresql"))
    try:
        async with conn.transaction():
            await conn.execute("SELECT set_config('app.shop', '2', true)")
            assert await conn.execute("UPDATE gateway.shop SET version = version") == "UPDATE 1"
        for statement in ("INSERT INTO gateway.shop DEFAULT VALUES", "DELETE FROM gateway.shop"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
    finally:
        await conn.close()
