"""Where providers report, and where the links and the picture of letters lead. None of it needs a key of ours.

What comes in is only kept here; the worker understands it. A click is never kept waiting: where the database is away,
the reader still gets where they wanted to go, and the click is not counted.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
import structlog
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.campaigns.addresses import Marker
from services.campaigns.reports import store
from services.campaigns.reports.domain import Report, What, looks_like_a_machine
from services.campaigns.reports.letters import of_letter
from services.campaigns.reports.links import CLICK, OPEN, Links
from services.campaigns.reports.providers import (
    Heard,
    heard_by_kavenegar,
    heard_by_twilio,
    is_of_twilio,
    of_kavenegar,
    of_mail,
    of_twilio,
)
from services.campaigns.settings import CampaignsSettings
from shared.db import AWAY, acquire
from shared.outgoing import is_signed
from shared.problems import FieldError, invalid, not_found, unauthenticated
from shared.web import DatabaseDep, public
from shared.web.database import Database

log = structlog.get_logger(__name__)

REPORTS = "/v1/reports"
_FIELDS_MAX = 100
_URL_LENGTH_MAX = 4_000
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
MessageId = Annotated[str, Path(pattern="^[0-9a-z-]{1,64}$")]
Signature = Annotated[str, Path(min_length=22, max_length=22, pattern="^[A-Za-z0-9_-]+$")]


def _open_to(reason: str) -> dict[str, Any]:
    return {"include_in_schema": False, "openapi_extra": public(reason), "response_class": Response}


def reports_router(settings: CampaignsSettings) -> APIRouter:
    """The routes. What has no secret to be proved by is answered as if it were not there."""
    router = APIRouter(tags=["reports"])
    links = Links(settings.secret_key.get_secret_value())
    _add_pages(router, links)
    _add_providers(router, settings)
    return router


def _add_pages(router: APIRouter, links: Links) -> None:
    signed = _open_to("signed by us, in a letter")

    @router.api_route(CLICK + "/{message}/{link}/{signature}", methods=["GET", "HEAD"], **signed)
    async def click(
        request: Request,
        database: DatabaseDep,
        *,
        message: MessageId,
        link: Annotated[int, Path(ge=0, le=10_000)],
        signature: Signature,
        to: Annotated[str, Query(max_length=_URL_LENGTH_MAX)],
    ) -> Response:
        """Where the letter's link leads, and nowhere else."""
        if not links.holds(message, link, to, signature):
            raise not_found("page")
        await _note(request, database, Report("email", message, What.CLICKED, database.clock.now(), link=link))
        return RedirectResponse(to, 302, headers=_HEADERS)

    @router.api_route(OPEN + "/{message}/{signature}.gif", methods=["GET", "HEAD"], **signed)
    async def opened(request: Request, database: DatabaseDep, message: MessageId, signature: Signature) -> Response:
        """A picture of one point."""
        if not links.holds(message, -1, "", signature):
            raise not_found("page")
        await _note(request, database, Report("email", message, What.OPENED, database.clock.now()))
        return Response(_PICTURE, media_type="image/gif", headers=_HEADERS)


def _add_providers(router: APIRouter, settings: CampaignsSettings) -> None:
    secret, token = settings.report_secret.get_secret_value(), settings.sms_key.get_secret_value()
    marker = Marker(settings.secret_key.get_secret_value())

    @router.post(REPORTS + "/email", **_open_to("signed by whoever runs the server for e-mail (Standard Webhooks)"))
    async def of_email(request: Request, database: DatabaseDep) -> Response:
        """What became of letters: a list of events, or a server's own letter about one (RFC 3464, RFC 5965)."""
        body = await request.body()
        if not secret:
            raise not_found("page")
        if not is_signed(body, dict(request.headers), [secret], database.clock.now()):
            raise unauthenticated()
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "message/rfc822":
            return await _keep(database, of_letter(body, database.clock.now()))
        try:
            reports = of_mail(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise invalid(FieldError("body", "is no list of events")) from None
        return await _keep(database, reports)

    @router.post(REPORTS + "/twilio/{shop}/{message}", **_open_to("signed by Twilio"))
    async def of_twilios(request: Request, database: DatabaseDep, shop: str, message: MessageId) -> Response:
        """What became of a text message."""
        fields = _fields(await request.body())
        url = f"{settings.public_url}{REPORTS}/twilio/{shop}/{message}"
        signature = request.headers.get("x-twilio-signature", "")
        if settings.sms_provider != "twilio" or not is_of_twilio(url, fields, signature, token):
            raise not_found("page")
        report = of_twilio(fields, database.clock.now())
        return await _keep(database, [] if report is None else [report])

    @router.post(REPORTS + "/twilio/inbound", **_open_to("signed by Twilio"))
    async def to_twilio(request: Request, database: DatabaseDep) -> Response:
        """A text message that came in: only whether it says that no more are wanted."""
        fields = _fields(await request.body())
        url = f"{settings.public_url}{REPORTS}/twilio/inbound"
        signature = request.headers.get("x-twilio-signature", "")
        if settings.sms_provider != "twilio" or not is_of_twilio(url, fields, signature, token):
            raise not_found("page")
        return await _keep(database, _stopped(heard_by_twilio(fields), marker, database.clock.now()))

    @router.api_route(
        REPORTS + "/kavenegar/{key}/inbound", methods=["GET", "POST"], **_open_to("by a key in its address")
    )
    async def to_kavenegar(request: Request, database: DatabaseDep, key: str) -> Response:
        """Likewise."""
        if not secret or not hmac.compare_digest(key.encode("utf-8", "replace"), secret.encode()):
            raise not_found("page")
        fields = dict(request.query_params) | _fields(await request.body())
        return await _keep(database, _stopped(heard_by_kavenegar(fields), marker, database.clock.now()))

    @router.api_route(REPORTS + "/kavenegar/{key}", methods=["GET", "POST"], **_open_to("by a key in its address"))
    async def of_kavenegars(
        request: Request, database: DatabaseDep, key: str, messageid: str = "", status: str = ""
    ) -> Response:
        """What became of a text message."""
        if not secret or not hmac.compare_digest(key.encode("utf-8", "replace"), secret.encode()):
            raise not_found("page")
        fields = {"messageid": messageid, "status": status} | _fields(await request.body())
        report = of_kavenegar(fields, database.clock.now())
        return await _keep(database, [] if report is None else [report])


def _stopped(heard: Heard | None, marker: Marker, now: datetime) -> list[Report]:
    """Nothing of the number is kept but its mark, and nothing of the text."""
    mark = None if heard is None else marker.mark("sms", heard.number)
    return [] if heard is None or mark is None else [Report("sms", mark.hex(), What.STOPPED, now, heard.name)]


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise invalid(FieldError("body", "is no form")) from None
    return {name: value for name, value in pairs if "\0" not in value}


async def _keep(database: Database, reports: Sequence[Report]) -> Response:
    clean = [one for one in reports if "\0" not in one.reference + one.code]
    async with acquire(database.pool) as conn:
        await store.add(conn, clean)
    return Response(status_code=204)


async def _note(request: Request, database: Database, report: Report) -> None:
    machine = looks_like_a_machine(request.method, request.headers.get("user-agent", ""))
    try:
        async with acquire(database.pool) as conn:
            await store.add(conn, [report._replace(machine=machine)])
    except AWAY as error:
        log.warning("an open or a click is not counted", error=type(error).__name__)
