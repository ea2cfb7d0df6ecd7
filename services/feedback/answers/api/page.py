"""The page of a survey, by a link that was sent in a message.

GET shows and changes nothing, whoever fetches it: scanners of mail follow every link. A score that the link names is
chosen already, and counts once the page is sent off. That the page was fetched is observed, once.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.feedback.answers import taking
from services.feedback.answers.domain import Why, preselected, read_fields
from services.feedback.answers.pages import Note, Shown, page, told
from services.feedback.answers.taking import Found
from services.feedback.surveys import PATH, State
from shared.contracts.shops import Shop
from shared.kernel import ShopId
from shared.web import DatabaseDep, FieldError, invalid, not_found, public
from shared.web.keyring import Keyring

_FIELDS_MAX = 500
_AS_PAGE: dict[str, Any] = {
    "include_in_schema": False,
    "openapi_extra": public("a signed link, which was sent to the person"),
    "response_class": HTMLResponse,
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
}
_PREFETCH = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_GONE = 404
_UNPROCESSABLE = 422
_ENDED: dict[State, Note] = {State.ANSWERED: "answered", State.DISMISSED: "dismissed"}
Slug = Annotated[str, Path(max_length=64, pattern="^[a-z0-9][a-z0-9-]*$")]
Token = Annotated[str, Path(min_length=22, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
Language = Annotated[str, Query(max_length=35, pattern="^[A-Za-z0-9-]*$")]

router = APIRouter(tags=["pages"])


@router.get(PATH + "/{shop}/{token}", **_AS_PAGE)
async def show(
    request: Request,
    database: DatabaseDep,
    shop: Slug,
    token: Token,
    *,
    score: Annotated[str | None, Query(max_length=2)] = None,
    lang: Language = "",
) -> HTMLResponse:
    """The questions, with what was answered so far."""
    known = await _shop(request, shop)
    async with database.read(ShopId(known.number)) as reads:
        found = await taking.look(reads, known, token, database.clock.now())
    if found is None:
        return _said(known, lang, None, "gone", _GONE)
    if not found.is_open:
        return _said(known, lang, found, _ended(found))
    if found.invitation.opened_at is None and not any("prefetch" in request.headers.get(one, "") for one in _PREFETCH):
        async with database.write(ShopId(known.number)) as tx:
            held = await taking.hold(tx, known, token)
            if held is not None and held.is_open:
                await taking.opened(tx, known, held)
    given = found.kept if found.kept.numbers or score is None else preselected(found.version.body, score)
    return _form(known, lang, found, Shown(found.version.body, given))


@router.post(PATH + "/{shop}/{token}", **_AS_PAGE)
async def answer(
    request: Request, database: DatabaseDep, shop: Slug, token: Token, lang: Language = ""
) -> HTMLResponse:
    """What the person answered of what the page asked."""
    known = await _shop(request, shop)
    fields = _fields(await request.body())
    do = dict(fields).get("do", "send")
    async with database.write(ShopId(known.number)) as tx:
        found = await taking.hold(tx, known, token)
        if found is None:
            return _said(known, lang, None, "gone", _GONE)
        if not found.is_open:
            return _said(known, lang, found, _ended(found))
        if do == "dismiss":
            await taking.dismiss(tx, known, found)
            return _said(known, lang, found, "dismissed")
        given, wrong = read_fields(found.version.body, fields)
        lacking = await taking.take(tx, known, found, given, send=do != "save" and not wrong)
    faults: dict[str, Why] = {**lacking, **wrong}
    shown = Shown(found.version.body, given, faults)
    if faults:
        return _form(known, lang, found, shown, status=_UNPROCESSABLE)
    if do == "save":
        return _form(known, lang, found, shown, note="saved")
    return _said(known, lang, found, "thanks")


async def _shop(request: Request, slug: str) -> Shop:
    keyring: Keyring = request.app.state.keyring
    found = await keyring.shop(slug)
    if found is None:
        raise not_found("page")
    return found[0]


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX, strict_parsing=bool(body)
        )
    except ValueError:
        raise invalid(FieldError("body", "must be a form of the page")) from None


def _ended(found: Found) -> Note:
    return _ENDED.get(found.invitation.state, "expired")


def _languages(shop: Shop, lang: str, found: Found | None) -> list[str]:
    own = None if found is None else found.locale
    return [one for one in (lang, own, *shop.languages) if one]


def _form(
    shop: Shop, lang: str, found: Found, shown: Shown, *, note: Note | None = None, status: int = 200
) -> HTMLResponse:
    action = f"{PATH}/{shop.slug}/{found.token}"
    return HTMLResponse(page(shop.name, _languages(shop, lang, found), shown, action, note), status, headers=_HEADERS)


def _said(shop: Shop, lang: str, found: Found | None, note: Note, status: int = 200) -> HTMLResponse:
    survey = None if found is None else found.version.body
    return HTMLResponse(told(shop.name, _languages(shop, lang, found), note, survey), status, headers=_HEADERS)
