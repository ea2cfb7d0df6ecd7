"""The service as others see it: its wiring, its tables, its health."""

from __future__ import annotations

import asyncio

import pytest

from services.feedback.app import create_app
from services.feedback.main import SERVICE
from services.feedback.tables import metadata
from shared.db.migrating import differences, downgrade, migrate
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.http import client
from tests.security.ground import SECRET


def test_the_service_knows_shops_and_keys() -> None:
    assert [subscription.topic for subscription in SERVICE.subscriptions][:2] == ["shops.v1", "keys.v1"]


@pytest.mark.stack
async def test_migrations_make_the_described_tables_and_take_them_away(databases: Databases) -> None:
    url = await databases.create("feedback")
    await asyncio.to_thread(downgrade, "feedback", url, "base")
    await asyncio.to_thread(migrate, "feedback", url)
    assert await asyncio.to_thread(differences, "feedback", url, metadata) == []


@pytest.mark.stack
async def test_the_application_tells_its_health(databases: Databases) -> None:
    settings = PlatformSettings.load(
        "feedback",
        database_url=api_url(await databases.create("feedback"), "feedback"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=SECRET,
    )
    async with client(create_app(settings)) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert (await http.get("/v1/nothing")).status_code == 404
