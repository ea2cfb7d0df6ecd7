"""Cards over HTTP: issued, shown, looked up at the till, blocked, replaced; bank cards linked by a token."""

from __future__ import annotations

import io
import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

import segno
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.loyalty import members, persons
from services.loyalty.cards import domain, store
from services.loyalty.cards.domain import Card, Kind, Refused, State
from services.loyalty.persons import Person
from shared.db import OpenTransaction, Reads
from shared.kernel import CustomerId, customer_id_text
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    DatabaseDep,
    FieldError,
    Once,
    OnceDep,
    allow,
    conflict,
    customer_number,
    invalid,
    not_found,
    problem_responses,
)

_SAMPLE, _NUMBER = "1k5f0q2v9a3bd", "9000000000010014"
_TRIES = 5
router = APIRouter(prefix="/v1", tags=["cards"])
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]
Writer = Annotated[Caller, Depends(allow("loyalty:write", personal=True))]
Customer = Annotated[
    str, Path(pattern=CUSTOMER_PATTERN, description="Surrogate id, as events and answers have it.", examples=[_SAMPLE])
]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,16}$", description="All digits of the card.", examples=[_NUMBER])]
_CARD: dict[str, Any] = {
    "number": _NUMBER,
    "printed": domain.grouped(_NUMBER),
    "customer": _SAMPLE,
    "kind": "digital",
    "state": "active",
    "issued_at": "2026-03-21T10:15:00Z",
    "changed_at": "2026-03-21T10:15:00Z",
    "replaced_by": None,
}


class CardAnswer(BaseModel):
    """A card."""

    number: str
    printed: str = Field(description="As it stands on the card.")
    customer: str = Field(description="The identity that it was issued to.")
    kind: str = Field(description="`digital` or `physical`.")
    state: str = Field(description="`active`, `blocked` or `replaced`.")
    issued_at: datetime
    changed_at: datetime
    replaced_by: str | None

    model_config = ConfigDict(json_schema_extra={"example": _CARD})


class CardsAnswer(BaseModel):
    """What identifies a person at a till."""

    customer: str = Field(description="Whom they are counted as.")
    cards: list[CardAnswer]
    bank_cards: list[datetime] = Field(description="When each bank card was linked; its token is not told again.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": _SAMPLE, "cards": [_CARD], "bank_cards": ["2026-03-21T10:15:00Z"]}}
    )


class QrAnswer(BaseModel):
    """A card's number as an image."""

    number: str
    svg: str = Field(description="A whole SVG document.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"number": _NUMBER, "svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'}}
    )


class FoundAnswer(BaseModel):
    """Who stands at the till."""

    customer: str = Field(description="Whom the person is counted as.")
    identity: str = Field(description="The identity that the card was issued or linked to.")
    is_member: bool
    by: str = Field(description="`card` or `bank_card`.")

    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": _SAMPLE, "identity": _SAMPLE, "is_member": True, "by": "card"}}
    )


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class IssueBody(_Body):
    """What kind of card."""

    kind: Literal["digital", "physical"] = "digital"

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"kind": "digital"}})


class TokenBody(_Body):
    """A token by which the payment provider names a bank card."""

    token: str = Field(min_length=8, max_length=200, pattern=r"^[!-~]+$", description="Never the card's number.")

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"token": "tok_4f1c2b9e7a4d3c8b"}}
    )


class LookupBody(_Body):
    """What was scanned, typed, or told by the payment terminal: one of the two."""

    number: str | None = Field(None, min_length=1, max_length=60, description="In any digits, with spaces or hyphens.")
    token: str | None = Field(None, min_length=8, max_length=200, pattern=r"^[!-~]+$")

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"number": _NUMBER}})


@router.post(
    "/members/{customer}/cards", response_model=CardAnswer, responses=problem_responses(409), summary="Issue a card"
)
async def issue_card(
    caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer, body: IssueBody | None = None
) -> Response:
    """A new number for a member, with its check digit. A member has a few cards in use at a time."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        number = customer_number(customer)
        await persons.hold(tx.conn, [caller.shop_id])
        found = await members.members_of(tx.conn, [(caller.shop_id, number)], lock=True)
        if not found:
            if not await persons.is_known(tx.conn, caller.shop_id, number):
                raise not_found("customer")
            raise conflict("not-a-member", "There is no card", "the customer is no member; have them join first")
        own = await store.cards_of(tx.conn, caller.shop_id, [number])
        if sum(one.state is State.ACTIVE for one in own) >= domain.ACTIVE_MAX or len(own) >= store.CARDS_MAX:
            detail = f"a member has at most {domain.ACTIVE_MAX} cards in use; block or replace one"
            raise conflict("too-many-cards", "There is no card", detail)
        kind = Kind.PHYSICAL if body is not None and body.kind == "physical" else Kind.DIGITAL
        card = await _drawn(tx, caller, Card("", number, kind, State.ACTIVE, tx.now, tx.now))
        return await once.keep(tx.conn, caller, _told(card))


@router.get("/members/{customer}/cards", response_model=CardsAnswer, summary="Cards of a person")
async def list_cards(caller: Reader, database: DatabaseDep, customer: Customer) -> CardsAnswer:
    """All of them, the oldest first, whatever became of them; and when bank cards were linked."""
    async with database.read(caller.shop_id) as reads:
        person = await _person(reads, caller, customer_number(customer))
        cards = await store.cards_of(reads, caller.shop_id, person.identities)
        links = await store.links(reads, caller.shop_id, person.identities)
    return CardsAnswer(
        customer=_name(person.customer), cards=[CardAnswer(**_answer(one)) for one in cards], bank_cards=links
    )


@router.get("/cards/{number}/qr", response_model=QrAnswer, summary="A card's QR code")
async def read_qr_code(caller: Reader, database: DatabaseDep, number: Number) -> QrAnswer:
    """The number as an image: a scanner at the till reads it as if it were typed. Of a card in use alone."""
    async with database.read(caller.shop_id) as reads:
        card = await store.card_of(reads, caller.shop_id, number)
    if card is None or card.state is not State.ACTIVE:
        raise not_found("card")
    out = io.BytesIO()
    segno.make(card.number, error="m", micro=False).save(out, kind="svg", scale=8, xmldecl=False, svgns=True)
    return QrAnswer(number=card.number, svg=out.getvalue().decode())


@router.post("/cards/lookup", response_model=FoundAnswer, summary="Who stands at the till")
async def look_up_card(caller: Reader, database: DatabaseDep, body: LookupBody) -> FoundAnswer:
    """By a card in use, or by a linked bank card's token. A mistyped number is told from one that nobody has."""
    if (body.number is None) == (body.token is None):
        raise invalid(FieldError("body.number", "give either a card's `number` or a bank card's `token`"))
    async with database.read(caller.shop_id) as reads:
        if body.number is not None:
            number = domain.typed(body.number)
            if number is None:
                raise invalid(FieldError("body.number", "its check digit does not fit; scan or type it again"))
            card = await store.card_of(reads, caller.shop_id, number)
            identity = None if card is None or card.state is not State.ACTIVE else card.customer
        else:
            identity = await store.linked(reads, caller.shop_id, domain.token_hash(caller.shop_id, body.token or ""))
        if identity is None:
            raise not_found("card")
        person = await persons.identities_of_person(reads, caller.shop_id, identity)
        found = await members.members_of(reads, [(caller.shop_id, one) for one in person.identities])
    database.concerns(_name(identity))
    active = any(one.state is members.State.ACTIVE for one in found.values())
    by = "card" if body.number is not None else "bank_card"
    return FoundAnswer(customer=_name(person.customer), identity=_name(identity), is_member=active, by=by)


@router.post(
    "/cards/{number}/block", response_model=CardAnswer, responses=problem_responses(409), summary="Block a card"
)
async def block_card(caller: Writer, database: DatabaseDep, once: OnceDep, number: Number) -> Response:
    """It identifies nobody until it is unblocked. Of a card that is blocked already, nothing changes."""
    return await _change(caller, database, (once, number), "block")


@router.post(
    "/cards/{number}/unblock", response_model=CardAnswer, responses=problem_responses(409), summary="Unblock a card"
)
async def unblock_card(caller: Writer, database: DatabaseDep, once: OnceDep, number: Number) -> Response:
    """It was found again."""
    return await _change(caller, database, (once, number), "unblock")


@router.post(
    "/cards/{number}/replace", response_model=CardAnswer, responses=problem_responses(409), summary="Replace a card"
)
async def replace_card(caller: Writer, database: DatabaseDep, once: OnceDep, number: Number) -> Response:
    """Another number in its place, at once; the old one identifies nobody any more. The answer is the new card."""
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        card = await store.card_of(tx.conn, caller.shop_id, number, lock=True)
        if card is None:
            raise not_found("card")
        if isinstance(refused := domain.replaced(card, "", tx.now), Refused):
            raise conflict(refused.code, "The card stays as it is", refused.detail)
        fresh = await _drawn(tx, caller, refused[1])
        await store.save(tx.conn, caller.shop_id, refused[0]._replace(replaced_by=fresh.number))
        return await once.keep(tx.conn, caller, _told(fresh))


@router.post(
    "/members/{customer}/bank-cards",
    response_model=CardsAnswer,
    responses=problem_responses(409),
    summary="Link a bank card",
)
async def link_bank_card(
    caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer, body: TokenBody
) -> Response:
    """Who pays with it is known without showing a card. Linked to another before, it is theirs no longer."""
    token = _token(caller, body)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        number = customer_number(customer)
        await persons.hold(tx.conn, [caller.shop_id])
        await members.members_of(tx.conn, [(caller.shop_id, number)], lock=True)  # as an erasure does
        person = await _person(tx.conn, caller, number)
        linked = await store.links(tx.conn, caller.shop_id, person.identities)
        if len(linked) >= domain.BANK_CARDS_MAX:
            detail = f"a person has at most {domain.BANK_CARDS_MAX} linked; unlink one"
            raise conflict("too-many-bank-cards", "The bank card is not linked", detail)
        await store.link(tx.conn, caller.shop_id, token, number, tx.now)
        return await once.keep(tx.conn, caller, await _all(tx, caller, person))


@router.post("/members/{customer}/bank-cards/unlink", response_model=CardsAnswer, summary="Unlink a bank card")
async def unlink_bank_card(
    caller: Writer, database: DatabaseDep, once: OnceDep, customer: Customer, body: TokenBody
) -> Response:
    """It identifies the person no longer. Of one that did not, nothing changes."""
    token = _token(caller, body)
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        person = await _person(tx.conn, caller, customer_number(customer))
        await store.unlink(tx.conn, caller.shop_id, token, person.identities)
        return await once.keep(tx.conn, caller, await _all(tx, caller, person))


def _token(caller: Caller, body: TokenBody) -> bytes:
    if domain.is_bank_number(body.token):
        raise invalid(FieldError("body.token", "looks like a card's number; give the payment provider's token"))
    return domain.token_hash(caller.shop_id, body.token)


async def _change(
    caller: Caller, database: DatabaseDep, asked: tuple[Once, str], change: Literal["block", "unblock"]
) -> Response:
    once, number = asked
    async with database.write(caller.shop_id) as tx:
        if (told := await once.before(tx.conn, caller)) is not None:
            return told
        card = await store.card_of(tx.conn, caller.shop_id, number, lock=True)
        if card is None:
            raise not_found("card")
        after = (domain.blocked if change == "block" else domain.unblocked)(card, tx.now)
        if isinstance(after, Refused):
            raise conflict(after.code, "The card stays as it is", after.detail)
        if after != card:
            await store.save(tx.conn, caller.shop_id, after)
        return await once.keep(tx.conn, caller, _told(after))


async def _drawn(tx: OpenTransaction, caller: Caller, card: Card) -> Card:
    """The card with a number of its own."""
    for _ in range(_TRIES):
        fresh = card._replace(number=domain.number_of(secrets.randbelow(domain.DRAWN)))
        if await store.add(tx.conn, caller.shop_id, fresh):
            return fresh
    raise RuntimeError("numbers of cards are drawn twice again and again")


async def _person(reads: Reads, caller: Caller, number: int) -> Person:
    """404 for whom nobody knows."""
    person = await persons.identities_of_person(reads, caller.shop_id, number)
    found = await members.members_of(reads, [(caller.shop_id, one) for one in person.identities])
    if not found and not await persons.is_known(reads, caller.shop_id, number):
        raise not_found("customer")
    return person


async def _all(tx: OpenTransaction, caller: Caller, person: Person) -> Response:
    cards = await store.cards_of(tx.conn, caller.shop_id, person.identities)
    links = await store.links(tx.conn, caller.shop_id, person.identities)
    answer = CardsAnswer(
        customer=_name(person.customer), cards=[CardAnswer(**_answer(one)) for one in cards], bank_cards=links
    )
    return Response(answer.model_dump_json(), media_type="application/json")


def _told(card: Card) -> Response:
    return Response(CardAnswer(**_answer(card)).model_dump_json(), media_type="application/json")


def _answer(card: Card) -> dict[str, Any]:
    return {
        "number": card.number,
        "printed": domain.grouped(card.number),
        "customer": _name(card.customer),
        "kind": card.kind.name.lower(),
        "state": card.state.name.lower(),
        "issued_at": card.issued_at,
        "changed_at": card.changed_at,
        "replaced_by": card.replaced_by or None,
    }


def _name(customer: int) -> str:
    return customer_id_text(CustomerId(customer))
