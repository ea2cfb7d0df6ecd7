"""Generated requests on every route of every service: answered as described, and never with 5xx.

`CASES` says how many in all; without it, as many as fit into half a minute.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.schemas import BaseSchema

from mandegar.stack import Stack
from shared.kernel import SCOPES
from shared.testing import Databases
from tests.security.ground import OWN, SERVICES, Place, application, bearer, place_on
from tests.security.routes import ROUTES, Route

pytestmark = [pytest.mark.stack, pytest.mark.slow]
CASES = max(1, int(os.environ.get("CASES", 25 * len(ROUTES))) // len(ROUTES))
# Well-formed requests may still be refused: a zone that is none, a day after today. That a key is needed, and that a
# signature is, have their own tests; a key of the wrong form is one that is not known.
NOT_CHECKED = ("positive_data_acceptance", "ignored_auth", "missing_required_header")


@pytest.fixture(scope="module")
async def fuzzed(databases: Databases, stack: Stack) -> AsyncIterator[Place]:
    """A place of its own: settings are changed, keys are made."""
    async with AsyncExitStack() as open_:
        yield await place_on(databases, stack.bootstrap_servers, open_)


@pytest.fixture(scope="module")
async def schemas(fuzzed: Place) -> AsyncIterator[dict[str, BaseSchema]]:
    """The descriptions of the running services, each on a loop of its own, as in production."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []
    found = {}
    for service in SERVICES:
        app = application(fuzzed, service, api_key_cache_seconds=60)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        servers.append((server, thread))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - another thread's flag, bounded by the time limit
                await asyncio.sleep(0.02)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/openapi.json"
        found[service] = await asyncio.to_thread(schemathesis.openapi.from_url, address)
    yield found
    for server, thread in servers:
        server.should_exit = True
        await asyncio.to_thread(thread.join, 10)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_whatever_is_asked_the_answer_is_described_and_never_a_defect(
    fuzzed: Place, schemas: dict[str, BaseSchema], route: Route
) -> None:
    operation = schemas[route.service][route.path][route.method]
    headers = bearer(fuzzed.key(OWN, *SCOPES))
    own = {**route.row.values, **(route.row.ids(fuzzed, OWN) if route.row.ids else {})}
    seen: set[int] = set()
    not_checked = [schemathesis.checks.CHECKS.get_one(name) for name in NOT_CHECKED]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), mine=st.booleans())
    def ask(case: Any, mine: bool) -> None:
        if own and mine:
            case.path_parameters = {**case.path_parameters, **own}
        response = case.call(headers=headers)
        assert response.status_code < 500, response.text
        case.validate_response(response, excluded_checks=not_checked)
        seen.add(response.status_code)

    ask()
    assert seen
