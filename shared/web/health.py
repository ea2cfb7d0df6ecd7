"""`/healthz`: the process lives. `/readyz`: it can answer. `/metrics`: what it counted. None of them needs a key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

import asyncpg
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import Response

from shared.db import acquire
from shared.db.roles import RoleTrouble
from shared.problems import Problem
from shared.web.access import public
from shared.web.problems import problem_responses

Check = Callable[[], Awaitable[str | None]]
"""None when all is well; else a short sentence on what is not."""

_CHECK_SECONDS_MAX = 3.0


def migration_head(service: str) -> str | None:
    """The newest revision that the code knows; None for a service without migrations."""
    folder = resources.files("services").joinpath(service, "migrations")
    if not folder.joinpath("env.py").is_file():
        return None
    # Here, because only APIs ask, and whoever imports their routes would pay for it.
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(folder)).get_current_head()


def database_check(pool: asyncpg.Pool[Any], head: str | None) -> Check:
    """The database answers, and its tables are those that the code was written for."""

    async def check() -> str | None:
        async with acquire(pool) as connection:
            if head is None:
                await connection.fetchval("SELECT 1")
                return None
            try:
                current = await connection.fetchval("SELECT version_num FROM alembic_version")
            except asyncpg.UndefinedTableError:
                return "the schema does not exist yet; run `mandegar migrate`"
        return None if current == head else "the schema is of another version; run `mandegar migrate`"

    return check


def health_router(checks: Mapping[str, Check], registry: CollectorRegistry) -> APIRouter:
    """The three routes."""
    router = APIRouter(tags=["health"])
    probe = public("for probes inside the network; tells nothing of any shop")

    @router.get(
        "/healthz", summary="Is the process alive", responses={200: _example({"status": "ok"})}, openapi_extra=probe
    )
    async def healthz() -> dict[str, str]:
        """Asks nobody else: for who restarts processes that hang."""
        return {"status": "ok"}

    @router.get(
        "/readyz",
        summary="Can it answer",
        responses={200: _example({"status": "ready", "checks": {"database": "ok"}}), **problem_responses(503)},
        openapi_extra=probe,
    )
    async def readyz() -> dict[str, Any]:
        """Looks at what answers need, such as the database: for who sends requests to those that can answer."""
        found = await asyncio.gather(*[_judge(check) for check in checks.values()])
        failing = [f"{name}: {reason}" for name, reason in zip(checks, found, strict=True) if reason]
        if failing:
            raise Problem(503, "not-ready", "Not ready", "; ".join(failing), headers={"Retry-After": "2"})
        return {"status": "ready", "checks": dict.fromkeys(checks, "ok")}

    text = {"content": {"text/plain": {"example": 'mandegar_http_requests_total{service="metrics"} 12.0\n'}}}

    @router.get(
        "/metrics", summary="Prometheus metrics", response_class=Response, responses={200: text}, openapi_extra=probe
    )
    async def metrics() -> Response:
        """What this process has counted, in the text format of Prometheus."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _judge(check: Check) -> str | None:
    try:
        async with asyncio.timeout(_CHECK_SECONDS_MAX):
            return await check()
    except RoleTrouble as error:
        return str(error)
    except Exception as error:
        return f"does not answer ({type(error).__name__})"


def _example(value: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": value}}}
