"""Each service as others see it: its wiring, its tables, its health."""

from __future__ import annotations

import asyncio
import importlib

import pytest

from mandegar.services import service_app, service_main, service_names
from shared.db.migrating import differences, downgrade, migrate
from shared.settings import PlatformSettings
from shared.testing import Databases, api_url
from shared.testing.http import client
from tests.security.ground import SECRET

SERVICES = service_names()
OTHERS = [name for name in SERVICES if name != "gateway"]
"""gateway has shops and keys of its own, and an API that writes to Kafka: its tests tell."""


@pytest.mark.parametrize("service", OTHERS)
def test_a_service_knows_shops_and_keys_before_anything_else(service: str) -> None:
    subscriptions = service_main(service).SERVICE.subscriptions
    assert [subscription.topic for subscription in subscriptions][:2] == ["shops.v1", "keys.v1"]


@pytest.mark.stack
@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_make_the_described_tables_and_take_them_away(databases: Databases, service: str) -> None:
    metadata = importlib.import_module(f"services.{service}.tables").metadata
    url = await databases.create(service)
    await asyncio.to_thread(downgrade, service, url, "base")
    await asyncio.to_thread(migrate, service, url)
    assert await asyncio.to_thread(differences, service, url, metadata) == []


@pytest.mark.stack
@pytest.mark.parametrize("service", OTHERS)
async def test_an_application_tells_its_health(databases: Databases, service: str) -> None:
    settings = PlatformSettings.load(
        service,
        database_url=api_url(await databases.create(service), service),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=SECRET,
    )
    async with client(service_app(service).create_app(settings)) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert (await http.get("/v1/nothing")).status_code == 404
