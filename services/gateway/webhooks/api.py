"""The route of webhooks: whose, signed, read, sent; answered when Kafka has it, whatever it says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
import structlog
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.collector import Desk, Outlet, Unavailable
from services.gateway.identity import Marker
from services.gateway.intake import RulesBook
from services.gateway.settings import GatewaySettings
from services.gateway.webhooks.domain import Address, address_of
from services.gateway.webhooks.events import ADAPTORS, read_webhook
from services.gateway.webhooks.finding import Finder
from services.gateway.webhooks.secrets import Vault
from shared.db import OpenTransaction
from shared.kernel import Clock, ShopId, SystemClock
from shared.web import DatabaseDep, Problem, not_found, problem_responses, public, unavailable

log = structlog.get_logger(__name__)

PATH = "/v1/webhooks/"
_ADDRESS = "1-mzxw6ytboi5dqn3f"
_SIGNED_BY = "The signature does not hold; compare the secret with the one that the shop system signs with."


class Answer(msgspec.Struct, frozen=True):
    """What became of a webhook."""

    accepted: int
    """Raw events that Kafka has."""
    set_aside: bool = False
    """Not all of it could be read: that lies among the dead letters."""


Hint = Callable[[OpenTransaction, Address], Awaitable[None]]


def webhooks_router(settings: GatewaySettings, outlet: Outlet, hint: Hint, clock: Clock | None = None) -> APIRouter:
    """The route. `outlet` is run by the collector's router; `hint` is told of webhooks that say no more than "look"."""
    secret = settings.secret_key.get_secret_value()
    finder = Finder(Vault(secret), settings.api_key_cache_seconds)
    marker, book = Marker(secret.encode()), RulesBook()
    used = clock or SystemClock()
    router = APIRouter(tags=["webhooks"])

    @router.post(
        PATH + "{vendor}/{connection}",
        status_code=200,
        summary="A webhook of a shop system, as it sends it",
        response_class=Response,
        openapi_extra=_DESCRIBED,
        responses=_responses(),
    )
    async def webhook(
        request: Request,
        database: DatabaseDep,
        vendor: Annotated[str, Path(max_length=40, description="Such as `shopify`.", examples=["shopify"])],
        connection: Annotated[
            str, Path(max_length=40, description="As `mandegar connections list` shows it.", examples=[_ADDRESS])
        ],
    ) -> Response:
        """No key: the body is signed with the connection's secret. What cannot be read goes to the dead letters.

        docs/CONNECTING.md tells how to connect a shop.
        """
        adaptor, address = ADAPTORS.get(vendor), address_of(connection)
        if adaptor is None or address is None:
            raise not_found("connection")
        known = await finder.find(database, address)
        if known is None or known.vendor != vendor:
            raise not_found("connection")
        body, headers = await request.body(), request.headers
        if adaptor.is_ping(body, headers):
            return _answer(Answer(0))
        if not adaptor.verify(body, headers, known.secrets, used.now()):
            raise Problem(401, "bad-signature", "The webhook is not signed by the connection's secret", _SIGNED_BY)
        if adaptor.only_hints:
            async with database.write(ShopId(known.shop.number)) as tx:
                await hint(tx, address)
            return _answer(Answer(0))
        read = read_webhook(Desk.open(book.of(known.shop), marker, used.now()), adaptor, body, headers)
        if read.trouble is not None:
            log.warning("part of a webhook is set aside", vendor=vendor, shop=known.shop.slug, **read.trouble._asdict())
        try:
            await outlet.send(read.messages)
        except Unavailable:
            raise unavailable("Kafka is away or busy; send the same again.") from None
        return _answer(Answer(len(read.messages), read.trouble is not None))

    return router


def _answer(answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer), 200, media_type="application/json")


_EXAMPLE = {"id": 820982911946154508, "created_at": "2026-03-21T09:30:00Z", "currency": "USD", "total_price": "41.00"}
_DESCRIBED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The body as the shop system sends and signs it, by HMAC-SHA256 of its bytes.",
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    },
    **public("signed by the shop system with the connection's secret"),
}


def _responses() -> dict[int | str, dict[str, Any]]:
    schema = {
        "title": "WebhookTaken",
        "description": "What became of a webhook.",
        "type": "object",
        "required": ["accepted", "set_aside"],
        "properties": {"accepted": {"type": "integer"}, "set_aside": {"type": "boolean"}},
    }
    content = {"application/json": {"schema": schema, "example": {"accepted": 2, "set_aside": False}}}
    return {200: {"description": "Kafka has it", "content": content}, **problem_responses(401, 404)}
