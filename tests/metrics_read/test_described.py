"""The API's description: every parameter with limits and examples, and examples that run.

Generated requests are in tests/security/test_fuzz.py.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
import schemathesis
import uvicorn
from prometheus_client import CollectorRegistry

from services.metrics.cohorts.api import router as cohorts
from services.metrics.lifecycle.api.customer import router as customers
from services.metrics.lifecycle.api.customers import router as in_stage
from services.metrics.lifecycle.api.stages import router as stages
from services.metrics.retention.api.customers import router as lists
from services.metrics.retention.api.explain import router as explain
from services.metrics.retention.api.routes import router as retention
from shared.db import create_pool
from shared.testing import Databases, api_url
from shared.web import create_app
from tests.metrics_read.ground import Ground, customer_text, random_history, settings_for, shop_of
from tests.metrics_read.recount import DAY_ZERO

pytestmark = pytest.mark.stack

PATHS = (
    "/v1/retention",
    "/v1/retention/series",
    "/v1/retention/return-rates",
    "/v1/retention/benchmarks",
    "/v1/retention/{as_of}/customers",
    "/v1/retention/{as_of}/explain",
    "/v1/cohorts",
    "/v1/stages/series",
    "/v1/stages/{as_of}",
    "/v1/customers",
    "/v1/customers/{customer}",
)


@pytest.fixture(scope="module")
async def running(databases: Databases) -> AsyncIterator[tuple[str, str]]:
    """Address and key of the API on a loop of its own, as in production: the generated requests come from outside."""
    database_url = await databases.create("metrics")
    shop = shop_of(1, zone="Asia/Tehran", calendar="jalali")
    pool = await create_pool(database_url, "metrics")
    try:
        ground = Ground(pool, pool)
        await ground.open(shop)
        await ground.fill(shop, random_history(Random(5), 100, 10, DAY_ZERO, 400))
        key = await ground.issue(shop, "metrics:read")
    finally:
        await pool.close()
    app = create_app(
        "metrics",
        settings_for(api_url(database_url, "metrics")),
        [retention, lists, explain, cohorts, stages, in_stage, customers],
        registry=CollectorRegistry(),
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - another thread's flag, bounded by the time limit
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", key
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join, 10)


def test_every_parameter_and_answer_is_described_with_its_limits_and_an_example(running: tuple[str, str]) -> None:
    schema = schemathesis.openapi.from_url(f"{running[0]}/openapi.json").raw_schema
    assert {path for path in schema["paths"] if path.startswith("/v1/")} == {*PATHS, "/v1/audit"}
    for path in PATHS:
        operation = schema["paths"][path]["get"]
        assert operation["summary"], path
        assert operation["description"], path
        for parameter in operation.get("parameters", []):
            described = parameter["schema"]
            kinds = [described, *described.get("anyOf", [])]
            assert parameter.get("description"), f"{path}: {parameter['name']}"
            assert all("maximum" in kind for kind in kinds if kind.get("type") == "integer"), parameter["name"]
        name = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        answer = schema["components"]["schemas"][name]
        # What is null in an example, FastAPI leaves out of the document.
        left_out = set(answer["properties"]) - set(answer["example"])
        assert set(answer["example"]) <= set(answer["properties"]), name
        assert all({"type": "null"} in answer["properties"][field]["anyOf"] for field in left_out), (name, left_out)


def test_the_sample_customer_is_there(running: tuple[str, str]) -> None:
    import httpx

    address, key = running
    answer = httpx.get(
        f"{address}/v1/customers/{customer_text(1, 1)}", headers={"Authorization": f"Bearer {key}"}, timeout=10
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_the_examples_of_the_description_run(running: tuple[str, str], path: str) -> None:
    import httpx

    address, key = running
    operation = httpx.get(f"{address}/openapi.json", timeout=10).json()["paths"][path]["get"]
    parameters = [one for one in operation.get("parameters", []) if one["in"] in ("path", "query")]
    for chosen in (
        [one for one in parameters if one["required"]],
        [one for one in parameters if "example" in _of(one)],
    ):
        asked = {one["name"]: _of(one)["example"] for one in chosen}
        asked.pop("cohort", None)  # goes with of=cohort only
        if path == "/v1/cohorts":
            asked = {}  # months are those of the shop's calendar, which the description cannot know
        filled = path
        for name in [name for name in asked if "{" + name + "}" in path]:
            filled = filled.replace("{" + name + "}", asked.pop(name))
        answer = httpx.get(f"{address}{filled}", params=asked, headers={"Authorization": f"Bearer {key}"}, timeout=10)
        # The sample customer is nobody of this shop.
        assert answer.status_code == (404 if "{customer}" in path else 200), (filled, asked, answer.text)


def _of(parameter: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter with its first example under one name."""
    described = parameter["schema"]
    examples = described.get("examples") or parameter.get("examples")
    return {**described, "example": examples[0]} if isinstance(examples, list) and examples else described
