"""The service as others see it: its wiring, its tables, its health."""

from __future__ import annotations

import pytest

from services.gateway.app import create_app
from services.gateway.main import SERVICE, create_service
from services.gateway.settings import GatewaySettings
from shared.testing import api_url
from shared.testing.http import client
from tests.gateway.ground import SECRET


def test_the_service_reads_raw_topics_and_owns_what_it_writes() -> None:
    for service in (SERVICE, create_service(SECRET)):
        assert [(s.topic, s.lane) for s in service.subscriptions] == [
            ("raw.orders.v1", False),
            ("raw.orders.backfill.v1", True),
            ("raw.interactions.v1", False),
            ("campaigns.statements.v1", False),
            ("erasures.v1", False),
        ]
        assert set(service.own_topics) == {
            *("orders.v1", "orders.backfill.v1", "interactions.v1", "customers.v1", "shops.v1", "keys.v1"),
            *("consents.v1", "erasures.v1"),
        }


@pytest.mark.stack
async def test_the_application_tells_its_health(gateway_url: str) -> None:
    settings = GatewaySettings.load(
        "gateway",
        database_url=api_url(gateway_url, "gateway"),
        kafka_bootstrap_servers="127.0.0.1:1",
        secret_key=SECRET.decode(),
    )
    async with client(create_app(settings)) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert (await http.get("/v1/nothing")).status_code == 404
