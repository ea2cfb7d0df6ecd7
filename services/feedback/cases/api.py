"""Cases over HTTP: for staff who owe customers an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.feedback import clocks, customers
from services.feedback.cases import store, working
from services.feedback.cases.domain import Case, Contact, State
from services.feedback.cases.working import Held
from shared import pointers
from shared.contracts.feedback import CaseCause, CaseOutcome
from shared.db import OpenTransaction
from shared.kernel import CustomerId, customer_id_text
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    Limit,
    Page,
    allow,
    customer_number,
    not_found,
    read_cursor,
)

router = APIRouter(prefix="/v1/cases", tags=["cases"])

_CUSTOMER = "1k5f0q2v9a3bd"
_ID = "00000000-0000-8c52-9c5e-2f6d1f0a7b20"
_OWNER = "^[A-Za-z0-9][A-Za-z0-9@._-]{0,99}$"
_WORDS = r"^[^\x00]*$"
_STRICT = ConfigDict(strict=True, extra="forbid")
_SHOWN: dict[str, Any] = {
    "case": _ID,
    "customer": _CUSTOMER,
    "cause": "answer",
    "state": "open",
    "owner": "u-17",
    "opened_at": "2026-03-21T09:30:00Z",
    "due_at": "2026-03-23T09:30:00Z",
    "solved_at": None,
    "escalations": 0,
    "reopened": 0,
    "contacts": 1,
    "survey": "nps-after-delivery",
    "score": 3,
    "answer": "00000000-0000-8c52-9c5e-2f6d1f0a7b19",
    "outcome": None,
}
_CONTACT: dict[str, Any] = {
    "ref": "call-1",
    "at": "2026-03-21T11:00:00Z",
    "channel": "phone",
    "actor": "staff:u-17",
    "text": "Parcel was damaged; a new one is on its way",
    "points": None,
}
CaseId = Annotated[str, Path(pattern="^[0-9a-z-]{1,64}$", description="Its id.", examples=[_ID])]
Worker = Annotated[Caller, Depends(allow("cases:write"))]
Ref = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        pattern=r"^[\x21-\x7e]+$",
        description="Your own id of it: sent again, it is the same one.",
        examples=["call-1"],
    ),
]


class CaseForm(BaseModel):
    """A complaint, or a chat or ticket that was rated badly."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, examples=[_CUSTOMER])
    cause: Literal["complaint", "chat", "ticket"]
    ref: Ref
    about: str = Field("", max_length=4_000, pattern=_WORDS, description="In words; emptied by an erasure.")

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "example": {"customer": _CUSTOMER, "cause": "complaint", "ref": "mail-77", "about": "Parcel came open"}
        },
    )


class OwnerForm(BaseModel):
    """Who works on it."""

    owner: str = Field(pattern=_OWNER, description="Subject of a staff member.", examples=["u-17"])

    model_config = ConfigDict(**_STRICT, json_schema_extra={"example": {"owner": "u-17"}})


class ContactForm(BaseModel):
    """Somebody was in touch with the customer."""

    ref: Ref
    channel: Literal["phone", "email", "sms", "chat", "visit", "letter", "other"]
    text: str = Field("", max_length=4_000, pattern=_WORDS, description="What was said; emptied by an erasure.")

    model_config = ConfigDict(
        **_STRICT, json_schema_extra={"example": {name: _CONTACT[name] for name in ("ref", "channel", "text")}}
    )


class CompensationForm(BaseModel):
    """Points for the customer. loyalty books them once, where the customer is a member."""

    ref: Ref
    points: int = Field(ge=1, le=10**6)
    text: str = Field("", max_length=4_000, pattern=_WORDS, description="Why; emptied by an erasure.")

    model_config = ConfigDict(
        **_STRICT, json_schema_extra={"example": {"ref": "sorry-1", "points": 200, "text": "For the trouble"}}
    )


class OutcomeForm(BaseModel):
    """How it ended."""

    outcome: CaseOutcome

    model_config = ConfigDict(**_STRICT, json_schema_extra={"example": {"outcome": "replaced"}})


class CaseAnswer(BaseModel):
    """A case as it stands."""

    case: str
    customer: str
    cause: CaseCause
    state: Literal["open", "solved"]
    owner: str | None
    opened_at: datetime
    due_at: datetime = Field(description="When it is to be solved.")
    solved_at: datetime | None
    escalations: int = Field(description="How often it was told that it is late.")
    reopened: int
    contacts: int
    survey: str | None
    score: int | None
    answer: str | None
    outcome: str | None

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class ContactAnswer(BaseModel):
    """What was done."""

    ref: str
    at: datetime
    channel: str = Field(description="As it was given; `points` for a compensation.")
    actor: str = Field(description="`key:<key id>` or `staff:<subject>`.")
    text: str
    points: int | None

    model_config = ConfigDict(json_schema_extra={"example": _CONTACT})


class WholeCase(CaseAnswer):
    """A case with all that was done about it."""

    about: str
    log: list[ContactAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {**_SHOWN, "about": "", "log": [_CONTACT]}})


class CasesPage(Page[CaseAnswer]):
    """Some cases, by their deadline."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN], "next": None}})


@router.get("", response_model=CasesPage, summary="Cases")
async def list_cases(
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))],
    database: DatabaseDep,
    *,
    state: Annotated[Literal["open", "solved"] | None, Query(description="In this state.")] = "open",
    owner: Annotated[str | None, Query(pattern=_OWNER, description="That this staff member works on.")] = None,
    late: Annotated[bool, Query(description="That should have been solved by now.")] = False,
    customer: Annotated[
        str | None, Query(pattern=CUSTOMER_PATTERN, description="Of one person, by any of their identities.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CasesPage:
    """By their deadline, the most urgent first."""
    after, shop = read_cursor(cursor, tuple[datetime, str]), int(caller.shop_id)
    async with database.read(caller.shop_id) as reads:
        own = None
        if customer is not None:
            key = (shop, int(customer_number(customer)))
            own = (await pointers.identities_of_all(reads, [key]))[key][1]
        before = await clocks.time_now(reads, caller.shop, database.clock.now()) if late else None
        wanted = store.Wanted(None if state is None else State[state.upper()], owner, own, before)
        found = await store.listed(reads, shop, wanted, after, limit + 1)
    return CasesPage.of([_answer(one) for one in found], limit, key=lambda one: (one.due_at.isoformat(), one.case))


@router.get("/{case}", response_model=WholeCase, summary="A case")
async def read_case(
    caller: Annotated[Caller, Depends(allow("personal:read", personal=True))], database: DatabaseDep, case: CaseId
) -> WholeCase:
    """With what was written of it, and all that was done about it."""
    async with database.read(caller.shop_id) as reads:
        found = await store.find(reads, int(caller.shop_id), case)
        if found is None:
            raise not_found("case")
        log = await store.contacts_of(reads, int(caller.shop_id), [case])
    return _whole(found, log)


@router.post("", response_model=CaseAnswer, summary="Open a case")
async def open_case(caller: Worker, database: DatabaseDep, body: CaseForm) -> CaseAnswer:
    """Of a complaint, or of a chat or ticket that was rated badly. With the same `ref` again it is the same case."""
    shop, number = caller.shop, int(customer_number(body.customer))
    async with database.write(caller.shop_id) as tx:
        if not await customers.is_known(tx.conn, shop.number, number):
            raise not_found("customer")
        database.concerns(body.customer)
        made = await working.open_by_hand(tx, shop, number, body.cause, ref=body.ref, about=body.about)
    return _answer(made)


@router.post("/{case}/assign", response_model=CaseAnswer, summary="Give a case to somebody")
async def assign_case(caller: Worker, database: DatabaseDep, case: CaseId, body: OwnerForm) -> CaseAnswer:
    """Whoever had it before."""
    async with database.write(caller.shop_id) as tx:
        return _answer(await working.assign(tx, await _held(tx, caller, case), body.owner))


@router.post("/{case}/contacts", response_model=CaseAnswer, summary="Log a contact")
async def log_contact(caller: Worker, database: DatabaseDep, case: CaseId, body: ContactForm) -> CaseAnswer:
    """A call, a mail, a visit: what was said."""
    async with database.write(caller.shop_id) as tx:
        held = await _held(tx, caller, case)
        done = Contact(held.case.shop, case, body.ref, held.now, body.channel, caller.actor, body.text)
        return _answer(await working.contact(tx, held, done))


@router.post("/{case}/compensate", response_model=CaseAnswer, summary="Give points for the trouble")
async def compensate(caller: Worker, database: DatabaseDep, case: CaseId, body: CompensationForm) -> CaseAnswer:
    """Asked of loyalty by event, once for each `ref`."""
    async with database.write(caller.shop_id) as tx:
        held = await _held(tx, caller, case)
        ref = f"points:{body.ref}"
        done = Contact(held.case.shop, case, ref, held.now, "points", caller.actor, body.text, body.points)
        return _answer(await working.contact(tx, held, done))


@router.post("/{case}/solve", response_model=CaseAnswer, summary="Solve a case")
async def solve_case(caller: Worker, database: DatabaseDep, case: CaseId, body: OutcomeForm) -> CaseAnswer:
    """With its outcome. Surveys for solved cases ask the customer, in their turn. One that is solved stays as it is."""
    async with database.write(caller.shop_id) as tx:
        return _answer(await working.solve(tx, await _held(tx, caller, case), body.outcome))


@router.post("/{case}/reopen", response_model=CaseAnswer, summary="Open a case again")
async def reopen_case(caller: Worker, database: DatabaseDep, case: CaseId) -> CaseAnswer:
    """With a new deadline. One that is open stays as it is."""
    async with database.write(caller.shop_id) as tx:
        return _answer(await working.reopen(tx, await _held(tx, caller, case)))


async def _held(tx: OpenTransaction, caller: Caller, case: str) -> Held:
    held = await working.hold(tx, caller.shop, case)
    if held is None:
        raise not_found("case")
    return held


def _answer(case: Case) -> CaseAnswer:
    return CaseAnswer(**_shown(case))


def _whole(case: Case, log: Sequence[Contact]) -> WholeCase:
    done = [ContactAnswer(**{name: getattr(one, name) for name in ContactAnswer.model_fields}) for one in log]
    return WholeCase(**_shown(case), about=case.about, log=done)


def _shown(case: Case) -> dict[str, Any]:
    kept = ("cause", "opened_at", "due_at", "solved_at", "escalations", "reopened", "contacts", "survey", "score")
    return {
        **{name: getattr(case, name) for name in kept},
        "case": case.id,
        "customer": customer_id_text(CustomerId(case.customer)),
        "state": case.state.name.lower(),
        "owner": case.owner or None,
        "answer": case.answer,
        "outcome": case.outcome or None,
    }
