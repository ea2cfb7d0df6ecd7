"""The application factory: every API of the platform is made here, so that all answer alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import REGISTRY, CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.db import create_pool
from shared.db.roles import refuse_above_policies
from shared.kernel import Clock, SystemClock
from shared.problems import Problem, not_found
from shared.settings import PlatformSettings
from shared.telemetry import http_metrics
from shared.web.access import declare
from shared.web.audit_log import audit_router
from shared.web.audited import Audited
from shared.web.database import Database
from shared.web.describing import describe, operation_id
from shared.web.docs_page import page_router
from shared.web.guard import Guard
from shared.web.health import Check, database_check, health_router, migration_head
from shared.web.keyring import Keyring
from shared.web.problems import problem_response, problem_responses
from shared.web.staff import StaffTokens
from shared.web.validation import refuse_unknown_query, validation_problem

_CLOSE_SECONDS_MAX = 5.0


def create_app(
    service: str,
    settings: PlatformSettings,
    routers: Sequence[APIRouter] = (),
    *,
    title: str = "",
    description: str = "",
    clock: Clock | None = None,
    checks: Mapping[str, Check] | None = None,
    pool: asyncpg.Pool[Any] | None = None,
    registry: CollectorRegistry = REGISTRY,
    bodies: Mapping[str, int] | None = None,
) -> FastAPI:
    """An application of a service, with its routers, audit log, health, metrics, API page and errors as problem+json.

    It opens its own pool while it runs (its lifespan), unless it is given one, which it then leaves open. The
    database may be away at the start: the API then answers 503 until it is there, and so it does for as long as its
    login is one that row-level security does not bind. `checks` are further conditions of `/readyz`. `bodies`: paths
    whose routes judge the body themselves, with the bytes at most that it may have; they are many a second, so one
    that succeeds leaves no line in the log; one that ends with `/` stands for all paths below it.
    """
    clock = clock or SystemClock()
    staff = StaffTokens.of(settings)
    all_checks: dict[str, Check] = dict(checks or {})

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        used = pool or await create_pool(
            settings.database_url.get_secret_value(),
            service,
            application=f"mandegar-{service}-api",
            max_size=settings.database_pool_size,
            opened=lambda conn: refuse_above_policies(conn, service),
        )
        app.state.database = Database(used, clock)
        app.state.staff = staff
        app.state.keyring = keyring = Keyring(used, settings.api_key_cache_seconds)
        all_checks["database"] = database_check(used, migration_head(service))
        uses = asyncio.create_task(keyring.keep_uses())
        try:
            yield
        finally:
            uses.cancel()
            await asyncio.gather(uses, return_exceptions=True)
            if pool is None:
                await _close(used)

    app = FastAPI(
        title=title or f"Mandegar {service}",
        description=description,
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        dependencies=[Depends(refuse_unknown_query)],
    )
    _include(app, [*routers, audit_router()], health_router(all_checks, registry))
    _answer_errors(app)
    app.add_middleware(Audited)
    app.add_middleware(
        Guard,
        body_bytes_max=settings.http_body_bytes_max,
        seconds_max=settings.http_request_seconds_max,
        metrics=http_metrics(service, registry),
        bodies=bodies,
    )
    describe(app)
    return app


def _include(app: FastAPI, routers: Sequence[APIRouter], health: APIRouter) -> None:
    page = page_router()
    for router in (*routers, health, page):
        declare(router)
    for router in routers:
        app.include_router(router, responses=problem_responses(401, 403, 404, 413, 422, 503))
    app.include_router(health, responses=problem_responses(422))
    app.include_router(page, include_in_schema=False)


async def _close(pool: asyncpg.Pool[Any]) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS_MAX):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def _answer_errors(app: FastAPI) -> None:
    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return problem_response(error, request.state.request_id)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(validation_problem(error.errors()), request.state.request_id)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        problem = not_found() if error.status_code == 404 else _plain(error)
        return problem_response(problem, request.state.request_id)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _plain(error: HTTPException) -> Problem:
    # Titles come from the standard, not from the exception: its detail may quote the request.
    title = HTTPStatus(error.status_code).phrase
    return Problem(error.status_code, title.lower().replace(" ", "-"), title, headers=error.headers)
