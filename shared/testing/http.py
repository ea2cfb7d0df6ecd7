"""An HTTP client that talks to an application in this process, its lifespan running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI


@asynccontextmanager
async def client(app: FastAPI, *, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running application; `key` is sent as the API key."""
    headers: Mapping[str, str] = {"Authorization": f"Bearer {key}"} if key else {}
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=headers) as used:
            yield used
