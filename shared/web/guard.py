"""The outermost layer of an API: request ids, limits, one log line a request, and an answer whatever happens.

Order: id → limits of the body (before parsing) → time limit → the application → problem for what it raised.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any

import asyncpg
import sqlalchemy.exc
import structlog
import uuid_utils
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.db.roles import RoleTrouble
from shared.problems import FieldError, Problem, invalid, too_large, unavailable, unexpected
from shared.telemetry import HttpMetrics, get_logger
from shared.web.problems import problem_response
from shared.web.strict_json import why_refused

REQUEST_ID = "X-Request-Id"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_AWAY = (
    TimeoutError,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server ended the session between two statements
    asyncpg.OperatorInterventionError,  # shutting down, cannot connect now, statement took too long
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.IdleInTransactionSessionTimeoutError,
    sqlalchemy.exc.TimeoutError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    RoleTrouble,
)

log = get_logger(__name__)


def as_problem(error: Exception) -> Problem:
    """What an exception that nobody handled is to the caller."""
    if isinstance(error, Problem):
        return error
    # A value that does not fit its column is asyncpg.DataError, an InterfaceError too, but a defect of ours.
    if isinstance(error, _AWAY) and not isinstance(error, asyncpg.DataError):
        return unavailable()
    return unexpected()


class Guard:
    """ASGI middleware. See the module."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes_max: int,
        seconds_max: float,
        metrics: HttpMetrics,
        bodies: Mapping[str, int] | None = None,
    ) -> None:
        """`bodies`: see `create_app`."""
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._bodies = bodies or {}
        self._below = {path: bytes_max for path, bytes_max in self._bodies.items() if path.endswith("/")}
        self._seconds_max = seconds_max
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                async with asyncio.timeout(self._seconds_max):
                    body = await self._checked_body(scope, receive)
                    await self._app(scope, _replay(body, receive), answer.send)
            except Exception as error:
                await _answer_for(error, answer, scope, receive)
            self._report(scope, answer, time.perf_counter() - started)

    async def _checked_body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, or a Problem. Nothing has been parsed when it is too long."""
        if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
            raise invalid(FieldError("request", "holds a NUL character"))
        own_max = self._own_max(scope["path"])
        bytes_max = self._body_bytes_max if own_max is None else own_max
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit():
            raise invalid(FieldError("header.Content-Length", "must be a whole number"))
        if int(declared) > bytes_max:
            raise too_large(bytes_max)
        if declared == b"0" and b"transfer-encoding" not in headers:
            return b""
        body = await self._read(receive, bytes_max)
        if own_max is not None:
            return body
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if body and (kind == b"application/json" or kind.endswith(b"+json")) and (reason := why_refused(body)):
            raise invalid(FieldError("body", reason))
        return body

    def _own_max(self, path: str) -> int | None:
        found = self._bodies.get(path)
        if found is None:
            found = next((bytes_max for start, bytes_max in self._below.items() if path.startswith(start)), None)
        return found

    async def _read(self, receive: Receive, bytes_max: int) -> bytes:
        parts: list[bytes] = []
        length = 0
        while True:  # ends with the body, the limit or the request's time limit
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Problem(400, "disconnected", "The request broke off")
            part = message.get("body", b"")
            length += len(part)
            if length > bytes_max:
                raise too_large(bytes_max)
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _report(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        path = getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", None)
        route = str(path or "(none)")
        status = answer.status or 500
        method = scope["method"] if scope["method"].isalpha() and len(scope["method"]) < 8 else "(other)"
        self._metrics.observe(method, route, status, seconds)
        if route in self._bodies and status < 400:
            return
        write = log.debug if route in _QUIET else log.info
        write("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


class _Answer:
    """Passes messages on, adds headers to the first, and remembers its status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _value in headers}
            headers += [(name, value) for name, value in _SECURITY_HEADERS if name not in present]
            message["headers"] = [*headers, (REQUEST_ID.lower().encode(), self.request_id.encode())]
        await self._send(message)


async def _answer_for(error: Exception, answer: _Answer, scope: Scope, receive: Receive) -> None:
    problem = as_problem(error)
    if problem.status >= 500:
        known = problem.status == 503
        # The database being away is no defect: its name is enough. A defect gets its trace.
        log.log(30 if known else 40, "request failed", error=type(error).__name__, exc_info=None if known else error)
    if answer.status is None:
        response: Response = problem_response(problem, answer.request_id)
        await response(scope, receive, answer.send)
    # Once the answer has begun nothing can be taken back: the server closes the connection, and the caller sees it.


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(REQUEST_ID.lower().encode(), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else str(uuid_utils.uuid7())


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
