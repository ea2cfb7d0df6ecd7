"""Keys and readiness over a real database."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec
import pytest
from fastapi import APIRouter
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from shared.kernel import FixedClock, api_key_sha256
from shared.testing.databases import Databases, api_url
from shared.testing.http import client
from shared.web import DatabaseDep, create_app, public
from tests.web.sample import KEY, NOW, POOR_KEY, SHOP, router, settings

pytestmark = pytest.mark.stack


@pytest.fixture
async def url(databases: Databases) -> str:
    url = await databases.create("gateway")
    await _execute(
        url,
        "INSERT INTO gateway.shop (number, slug, settings, version) VALUES ($1, $2, $3, 1)",
        SHOP.number,
        SHOP.slug,
        msgspec.json.encode(SHOP).decode(),
    )
    await _execute(
        url,
        "INSERT INTO gateway.api_key (key_id, shop, sha256, scopes) VALUES ('reader01', $1, $2, $3)",
        SHOP.number,
        api_key_sha256(KEY),
        ["metrics:read"],
    )
    return url


async def _execute(url: str, statement: str, *args: Any) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement, *args)
    finally:
        await connection.close()


def app_over(url: str, *routers: APIRouter, **values: Any) -> Any:
    own = settings(**values).model_copy(update={"database_url": SecretStr(api_url(url, "gateway"))})
    return create_app("gateway", own, [router, *routers], clock=FixedClock(NOW), registry=CollectorRegistry())


async def test_a_key_of_the_table_opens_the_door_until_it_is_revoked(url: str) -> None:
    async with client(app_over(url, api_key_cache_seconds=0)) as api:
        headers = {"X-Api-Key": KEY}
        assert (await api.get("/v1/whoami", headers=headers)).json() == {"shop": "laleh", "key": "reader01"}
        assert (await api.get("/v1/whoami", headers={"X-Api-Key": POOR_KEY})).status_code == 401
        await _execute(url, "UPDATE gateway.api_key SET revoked_at = '2020-01-01Z'")
        assert (await api.get("/v1/whoami", headers=headers)).status_code == 401


async def test_ready_means_that_the_schema_is_the_one_the_code_knows(url: str) -> None:
    async with client(app_over(url)) as api:
        assert (await api.get("/readyz")).status_code == 200
        await _execute(url, "UPDATE gateway.alembic_version SET version_num = '0000'")
        assert "another version; run `mandegar migrate`" in (await api.get("/readyz")).json()["detail"]
        await _execute(url, "DROP SCHEMA gateway CASCADE")
        assert "does not exist yet; run `mandegar migrate`" in (await api.get("/readyz")).json()["detail"]


async def test_an_exhausted_pool_is_503_and_not_a_hang(url: str) -> None:
    greedy = APIRouter()

    @greedy.get("/greedy", openapi_extra=public("for tests"))
    async def take_two(database: DatabaseDep) -> None:
        async with database.read(SHOP.number), database.read(SHOP.number):  # type: ignore[arg-type]  # plain number
            raise AssertionError("there is only one connection")

    async with client(app_over(url, greedy, database_pool_size=1, http_request_seconds_max=10)) as api:
        answer = await api.get("/greedy")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert (await api.get("/v1/whoami", headers={"X-Api-Key": KEY})).status_code == 200


async def test_an_api_whose_login_sees_all_shops_answers_nothing_and_says_why(url: str) -> None:
    own = settings().model_copy(update={"database_url": SecretStr(url)})
    app = create_app("gateway", own, [router], clock=FixedClock(NOW), registry=CollectorRegistry())
    async with client(app) as api:
        assert (await api.get("/v1/whoami", headers={"X-Api-Key": KEY})).status_code == 503
        detail = (await api.get("/readyz")).json()["detail"]
        assert "row-level security" in detail
        assert "mandegar_gateway_api" in detail
