"""A real browser that reaches this machine and nothing else, and the APIs of all services on ports of their own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn

from mandegar.stack import Stack
from shared.testing import Databases
from tests.security.ground import SERVICES, Place, application, place_on

BROWSER = os.environ.get("BROWSER", "")
"""Path of a Chromium. Without one there is nothing to be tested here."""
collect_ignore_glob = [] if BROWSER else ["test_*.py"]


@pytest.fixture(scope="session")
async def place(databases: Databases, stack: Stack) -> AsyncIterator[Place]:
    """Two shops with their keys."""
    async with AsyncExitStack() as opened:
        yield await place_on(databases, stack.bootstrap_servers, opened)


@pytest.fixture(scope="session")
async def addresses(place: Place) -> AsyncIterator[dict[str, str]]:
    """Where each service's API answers."""
    async with AsyncExitStack() as opened:
        yield {name: await opened.enter_async_context(_serving(place, name)) for name in SERVICES}


@asynccontextmanager
async def _serving(place: Place, service: str) -> AsyncIterator[str]:
    config = uvicorn.Config(application(place, service), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(30):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it so
            await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 30)
