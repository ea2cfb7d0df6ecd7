"""The preference centre and unsubscribing by one click (RFC 8058), by a link that was sent in a message.

GET shows and changes nothing, whoever fetches it: scanners of mail follow every link. POST changes, and asks for no
more than the link: a mail program sends it without a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.campaigns import audience
from services.campaigns.consent import store
from services.campaigns.consent.domain import (
    EVERY_PURPOSE,
    PREFERENCES,
    UNSUBSCRIBE,
    Choice,
    Word,
    holding,
    means_something,
    said,
)
from services.campaigns.consent.events import key_of, stated
from services.campaigns.consent.pages import Address, page
from services.campaigns.consent.store import Link
from shared.contracts import topics
from shared.contracts.consents import Channel
from shared.contracts.shops import Shop
from shared.db import OpenTransaction
from shared.kernel import ShopId
from shared.web import DatabaseDep, FieldError, invalid, not_found, public
from shared.web.keyring import Keyring

_FIELDS_MAX = 200
_PATH = "/{shop}/{token}"
_AS_PAGE: dict[str, Any] = {
    "include_in_schema": False,
    "openapi_extra": public("a link with a random token, which was sent to the person"),
    "response_class": HTMLResponse,
}
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}
_GONE = 404
Slug = Annotated[str, Path(max_length=64, pattern="^[a-z0-9][a-z0-9-]*$")]
Token = Annotated[str, Path(min_length=22, max_length=64, pattern="^[A-Za-z0-9_-]+$")]

router = APIRouter(tags=["pages"])


@router.get(PREFERENCES + _PATH, **_AS_PAGE)
async def show(request: Request, database: DatabaseDep, shop: Slug, token: Token) -> HTMLResponse:
    """What the person agreed to."""
    known = await _shop(request, shop)
    async with database.read(ShopId(known.number)) as reads:
        link = await store.find_link(reads, known.number, token)
        if link is None:
            return _gone(known)
        _, identities = await audience.identities_of(reads, known.number, link.customer)
        words = await store.words_of(reads, [(known.number, one) for one in identities])
    return _answer(known, link, token, words)


@router.get(UNSUBSCRIBE + _PATH, **_AS_PAGE)
async def confirm(request: Request, database: DatabaseDep, shop: Slug, token: Token) -> HTMLResponse:
    """The same page: a person who follows the link presses the button there."""
    return await show(request, database, shop, token)


@router.post(PREFERENCES + _PATH, **_AS_PAGE)
async def change(request: Request, database: DatabaseDep, shop: Slug, token: Token) -> HTMLResponse:
    """What the person chose of what the page showed."""
    known = await _shop(request, shop)
    choices = _choices(await request.body())
    async with database.write(ShopId(known.number)) as tx:
        link = await store.find_link(tx.conn, known.number, token)
        if link is None:
            return _gone(known)
        words = await _say(tx, known, link, choices, "preference-centre")
    return _answer(known, link, token, words, "saved")


@router.post(UNSUBSCRIBE + _PATH, **_AS_PAGE)
async def unsubscribe(request: Request, database: DatabaseDep, shop: Slug, token: Token) -> HTMLResponse:
    """No more messages of the channel, for any purpose."""
    known = await _shop(request, shop)
    async with database.write(ShopId(known.number)) as tx:
        link = await store.find_link(tx.conn, known.number, token)
        if link is None:
            return _gone(known)
        choice = Choice(cast(Channel, link.channel), EVERY_PURPOSE, "withdrawn")
        words = await _say(tx, known, link, [choice], "unsubscribe-link")
    return _answer(known, link, token, words, "stopped")


async def _shop(request: Request, slug: str) -> Shop:
    keyring: Keyring = request.app.state.keyring
    found = await keyring.shop(slug)
    if found is None:
        raise not_found("page")
    return found[0]


async def _say(tx: OpenTransaction, shop: Shop, link: Link, choices: Sequence[Choice], source: str) -> list[Word]:
    """Keep what changes, tell gateway, and give what holds then. It is the identity's that the link was sent to."""
    _, identities = await audience.identities_of(tx.conn, shop.number, link.customer)
    keys = [(shop.number, one) for one in identities]
    await store.lock(tx.conn, keys)
    before = await store.words_of(tx.conn, keys)
    asked = [one for one in choices if means_something(before, one, tx.now)]
    words = [said((shop.number, shop.slug), link.customer, one, tx.now, source) for one in asked]
    await tx.lock_keys(Counter(key_of(word, shop.slug) for word in words))
    await store.save(tx.conn, words)
    for word in words:
        key = key_of(word, shop.slug)
        event = stated(word, shop.slug, f"link in message {link.message}", tx.sequence(key))
        tx.publish(topics.CAMPAIGNS_STATEMENTS, key, event)
    return await store.words_of(tx.conn, keys)


def _choices(body: bytes) -> list[Choice]:
    """Of each channel and purpose that the page showed, whether it is ticked."""
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=_FIELDS_MAX, strict_parsing=True) if body else []
    except ValueError:
        raise invalid(FieldError("body", "must be a form of the page")) from None
    ticked = {value for name, value in fields if name == "on"}
    shown = dict.fromkeys(value for name, value in fields if name == "shown")
    return [
        Choice(cast(Channel, channel), purpose, "given" if value in ticked else "withdrawn")
        for value in shown
        for channel, _, purpose in [value.partition("/")]
        if purpose != EVERY_PURPOSE
    ]


def _answer(shop: Shop, link: Link, token: str, words: Sequence[Word], note: str = "") -> HTMLResponse:
    to = Address(f"{PREFERENCES}/{shop.slug}/{token}", f"{UNSUBSCRIBE}/{shop.slug}/{token}")
    held: Mapping[tuple[str, str], Word] = holding(words)
    return HTMLResponse(page(shop.name, link.locale, held, to, note), headers=_HEADERS)


def _gone(shop: Shop) -> HTMLResponse:
    return HTMLResponse(page(shop.name, shop.languages[0], {}, Address(), "gone"), _GONE, headers=_HEADERS)
