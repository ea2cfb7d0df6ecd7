"""Routes of the collector: read, check, send, answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.collector.api import bodies, described
from services.gateway.collector.domain import (
    BATCH_BYTES_MAX,
    EVENT_BYTES_MAX,
    Allowances,
    Bucket,
    Refused,
    whole_seconds,
)
from services.gateway.collector.events import CALLS, Desk, Message, read_call, read_cloud
from services.gateway.collector.outside import Outlet, Unavailable
from services.gateway.identity import Marker
from services.gateway.intake import RulesBook
from services.gateway.settings import GatewaySettings
from shared.kernel import Clock, Permission, SystemClock
from shared.web import (
    AllowWriteKey,
    Caller,
    FieldError,
    invalid,
    problem_responses,
    too_many,
    unavailable,
)

SCOPE: Permission = "collect:write"
BODIES = {f"/v1/{call}": EVENT_BYTES_MAX for call in CALLS} | {
    "/v1/batch": BATCH_BYTES_MAX,
    "/v1/events": BATCH_BYTES_MAX,
}
"""The paths, with the bytes that a body may have."""

_CallerDep = Annotated[Caller, Depends(AllowWriteKey(SCOPE))]
_Read = Callable[[Desk, msgspec.Raw], Message]


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event of a batch."""

    index: int
    status: str
    id: str = ""
    field: str = ""
    reason: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What became of all of them."""

    success: bool
    accepted: int
    refused: int
    results: list[Result]


class Collector:
    """What the routes share: one for each application."""

    def __init__(self, settings: GatewaySettings, clock: Clock, outlet: Outlet) -> None:
        self._clock = clock
        self._marker = Marker(settings.secret_key.get_secret_value().encode())
        self._book = RulesBook()
        self._allowances = Allowances(settings.collector_events_per_second, settings.collector_burst_events)
        self.outlet = outlet

    def bucket(self, caller: Caller) -> Bucket:
        """The allowance of the caller's key. Problem 429 when nothing is left of it."""
        now = time.monotonic()
        bucket = self._allowances.of(caller.key_id, now)
        if wait := bucket.wait(now):
            raise too_many(whole_seconds(wait))
        return bucket

    def desk(self, caller: Caller) -> Desk:
        """For the events of one request, which is received now."""
        return Desk.open(self._book.of(caller.shop), self._marker, self._clock.now())

    async def one(self, caller: Caller, body: bytes, read: Callable[[Desk, bytes], Message]) -> Response:
        """Send one event on. Problem 422 where it is refused."""
        bucket = self.bucket(caller)
        body = bodies.single(body)
        bucket.take(1)
        try:
            message = read(self.desk(caller), body)
        except Refused as refused:
            raise invalid(FieldError(f"body.{refused.field}", refused.reason)) from None
        await self._send([message])
        return _answer([Result(0, "accepted", message.id)], 1)

    async def many(
        self, caller: Caller, events: Sequence[msgspec.Raw], bad: dict[int, str], read: _Read, place: str
    ) -> Response:
        """Send the good ones on and tell of each. Problem 422 where none is good."""
        desk = self.desk(caller)
        results: list[Result] = []
        messages: list[Message] = []
        for index, event in enumerate(events):
            if index in bad:
                results.append(Result(index, "refused", field="event", reason=bad[index]))
                continue
            try:
                message = read(desk, event)
            except Refused as refused:
                results.append(Result(index, "refused", field=refused.field, reason=refused.reason))
                continue
            messages.append(message)
            results.append(Result(index, "accepted", message.id))
        if not messages:
            raise invalid(*[FieldError(f"{place}.{one.index}.{one.field}", one.reason) for one in results])
        await self._send(messages)
        return _answer(results, len(messages))

    async def _send(self, messages: Sequence[Message]) -> None:
        try:
            await self.outlet.send(messages)
        except Unavailable:
            raise unavailable("Kafka is away or busy; send the same again.") from None


def _answer(results: list[Result], accepted: int) -> Response:
    answer = Answer(accepted == len(results), accepted, len(results) - accepted, results)
    return Response(msgspec.json.encode(answer), 202, media_type="application/json")


def collector_router(settings: GatewaySettings, outlet: Outlet, clock: Clock | None = None) -> APIRouter:
    """The routes, with the outlet, which lives as long as the application."""
    collector = Collector(settings, clock or SystemClock(), outlet)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with collector.outlet.running():
            yield

    router = APIRouter(tags=["collector"], lifespan=lifespan)
    for call in CALLS:
        router.post(
            f"/v1/{call}",
            status_code=202,
            summary=described.SUMMARIES[call],
            description=described.ONCE,
            name=call,
            response_class=Response,
            openapi_extra=described.call_body(call),
            responses=_responses(described.ONE),
        )(_call_route(collector, call))

    @router.post(
        "/v1/batch",
        status_code=202,
        summary="Many calls of Segment's form at once",
        description=described.MANY_AT_ONCE,
        response_class=Response,
        openapi_extra=described.batch_body(),
        responses=_responses(described.MANY),
    )
    async def batch(request: Request, caller: _CallerDep) -> Response:
        bucket = collector.bucket(caller)
        body, _form = await bodies.body_of(request, bodies.SEGMENT_FORMS, BATCH_BYTES_MAX)
        read, bad = bodies.calls(body)
        bucket.take(len(read.batch))
        return await collector.many(
            caller, read.batch, bad, partial(read_call, kind=None, sent=read.sent_at), "body.batch"
        )

    @router.post(
        "/v1/events",
        status_code=202,
        summary="CloudEvents, one or many",
        description=described.MANY_AT_ONCE,
        response_class=Response,
        openapi_extra=described.events_body(),
        responses=_responses(described.MANY),
    )
    async def events(request: Request, caller: _CallerDep) -> Response:
        forms = (bodies.CLOUD_EVENT, bodies.CLOUD_BATCH, bodies.JSON)
        body, form = await bodies.body_of(request, forms, BATCH_BYTES_MAX)
        is_list = body.lstrip()[:1] == b"["
        if form == bodies.CLOUD_EVENT or (form == bodies.JSON and not is_list):
            return await collector.one(caller, body, read_cloud)
        bucket = collector.bucket(caller)
        listed, bad = bodies.listed(body)
        bucket.take(len(listed))
        return await collector.many(caller, listed, bad, read_cloud, "body")

    return router


def _call_route(collector: Collector, call: str) -> Callable[..., Awaitable[Response]]:
    async def route(request: Request, caller: _CallerDep) -> Response:
        body, _form = await bodies.body_of(request, bodies.SEGMENT_FORMS, EVENT_BYTES_MAX)
        return await collector.one(caller, body, partial(read_call, kind=call))

    return route


def _responses(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    accepted = {"description": "Kafka has it", "content": {"application/json": example}}
    return {202: accepted, **problem_responses(415, 429)}
