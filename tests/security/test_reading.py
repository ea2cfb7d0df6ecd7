"""On every route and table: GET changes nothing, answers carry the headers, and a login of an API sees one shop."""

from __future__ import annotations

import asyncpg
import pytest

from shared.kernel import SCOPES
from shared.testing import api_url
from tests.security.ground import NUMBERS, OTHER, OWN, SERVICES, Place, asking, bearer
from tests.security.routes import ROUTES

pytestmark = pytest.mark.stack
WRITTEN_BY_READING = {"audit_entry", "api_key_use"}
"""Who read customers, and when a key was last used: what observing leaves."""
HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relname <> 'alembic_version' ORDER BY c.relname
"""
_WITH_SHOP = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'shop'
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND has_table_privilege(c.oid, 'SELECT') ORDER BY c.relname
"""


async def state(place: Place, service: str) -> dict[str, str]:
    """A digest of each table."""
    names = [row[0] for row in await place.pool.fetch(_TABLES, service) if row[0] not in WRITTEN_BY_READING]
    assert "shop" in names
    return {
        name: await place.pool.fetchval(
            f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{service}\".\"{name}\" t"
        )
        for name in names
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_no_get_changes_anything(place: Place, service: str) -> None:
    before = await state(place, service)
    asked = 0
    async with asking(place, service) as http:
        for route in ROUTES:
            if route.service == service and route.method == "GET":
                answer = await http.request(**route.asked(place), headers=route.login(place))
                assert answer.status_code == 200, answer.text
                asked += 1
        for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
            assert (await http.get(path)).status_code == 200
    assert asked
    assert await state(place, service) == before


@pytest.mark.parametrize("service", SERVICES)
async def test_every_answer_carries_the_headers_whatever_its_status(place: Place, service: str) -> None:
    seen = set()
    async with asking(place, service) as http:
        own = [route for route in ROUTES if route.service == service]
        for headers in ({}, bearer(place.key(OWN, "")), bearer(place.key(OWN, *SCOPES))):
            for route in own:
                answer = await http.request(**route.asked(place), headers=headers)
                assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, str(route)
                assert "server" not in answer.headers and "x-powered-by" not in answer.headers
                seen.add(answer.status_code)
        for method, path in (("GET", "/v1/nowhere"), ("DELETE", own[0].path), ("GET", "/v1/audit?limit=x")):
            answer = await http.request(method, path, headers=bearer(place.key(OWN, *SCOPES)))
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
            seen.add(answer.status_code)
    assert {200, 401, 403, 404, 405, 422} <= seen


@pytest.mark.parametrize("service", SERVICES)
async def test_an_apis_login_sees_no_row_without_a_shop_and_only_its_own_with_one(place: Place, service: str) -> None:
    api = await asyncpg.connect(api_url(place.url, service))
    try:
        tables = [row[0] for row in await api.fetch(_WITH_SHOP, service)]
        assert {"audit_entry", "api_key"} <= set(tables)
        for table in tables:
            found = f'SELECT DISTINCT shop FROM "{service}"."{table}"'
            assert await api.fetch(found) == [], table
            for shop in (OWN, OTHER):
                async with api.transaction():
                    await api.execute("SELECT set_config('app.shop', $1, true)", str(NUMBERS[shop]))
                    assert {row[0] for row in await api.fetch(found)} <= {NUMBERS[shop]}, table
            assert await api.fetch(found) == [], "the shop ended with its transaction"
        async with api.transaction():
            await api.execute("SELECT set_config('app.slug', $1, true)", OWN)
            shops = await api.fetch(f'SELECT slug FROM "{service}".shop')
            assert [row[0] for row in shops] == [OWN]
    finally:
        await api.close()
