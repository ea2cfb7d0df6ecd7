"""Answers handed in by a shop's own systems or staff, and answers listed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.feedback import customers, surveys
from services.feedback.answers import store, taking
from services.feedback.answers.domain import Answer, missing, read_values
from shared import pointers
from shared.kernel import CustomerId, customer_id_text
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    Page,
    allow,
    customer_number,
    invalid,
    not_found,
    read_cursor,
)

router = APIRouter(prefix="/v1/answers", tags=["answers"])

_CUSTOMER = "1k5f0q2v9a3bd"
_SURVEY = "nps-after-delivery"
_NAME = "^[a-z0-9][a-z0-9_-]{0,49}$"
_WHY = {
    "missing": "needs an answer",
    "wrong": "is no answer to this question",
    "long": "is longer than this question takes",
}
_SHOWN: dict[str, Any] = {
    "answer": "00000000-0000-8c52-9c5e-2f6d1f0a7b19",
    "customer": _CUSTOMER,
    "survey": _SURVEY,
    "version": 1,
    "kind": "nps",
    "invitation": None,
    "by": "api",
    "at": "2026-03-21T09:30:00Z",
    "score": 9,
    "complete": True,
    "stage": "active",
    "tier": "gold",
    "numbers": {"score": 9},
    "choices": {},
    "texts": {"why": "Quick and friendly"},
}
Said = int | Annotated[str, StringConstraints(max_length=10_000)] | Annotated[list[str], Field(max_length=50)]


class AnswerForm(BaseModel):
    """An answer that came another way: by phone, on a till, in the shop's own app."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, examples=[_CUSTOMER])
    survey: str = Field(pattern=_NAME, description="Its last version is answered.", examples=[_SURVEY])
    ref: str = Field(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Your own id of the answer: sent again, it is the same one.",
        examples=["call-7781"],
    )
    answers: dict[str, Said] = Field(
        min_length=1,
        max_length=50,
        description="By question: a number, a text, or a list of options.",
    )

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "customer": _CUSTOMER,
                "survey": _SURVEY,
                "ref": "call-7781",
                "answers": {"score": 9, "why": "Quick and friendly"},
            }
        },
    )


class AnswerShown(BaseModel):
    """An answer that counts."""

    answer: str
    customer: str
    survey: str
    version: int
    kind: str
    invitation: str | None
    by: str = Field(description="`page` or `api`.")
    at: datetime
    score: int | None
    complete: bool
    stage: str | None = Field(description="The customer's, when they answered.")
    tier: str | None
    numbers: dict[str, int]
    choices: dict[str, list[str]]
    texts: dict[str, str] = Field(description="In their own words; empty once they are erased.")

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class AnswersPage(Page[AnswerShown]):
    """Some answers, the newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN], "next": None}})


@router.post("", response_model=AnswerShown, summary="Hand in an answer")
async def hand_in(
    caller: Annotated[Caller, Depends(allow("cases:write"))], database: DatabaseDep, body: AnswerForm
) -> AnswerShown:
    """It counts at once. With the same `ref` again it is the one that is there, and changes nothing."""
    shop, number = caller.shop, int(customer_number(body.customer))
    async with database.write(caller.shop_id) as tx:
        listed = await surveys.find_version(tx.conn, shop.number, body.survey)
        if listed is None:
            raise not_found("survey")
        if not await customers.is_known(tx.conn, shop.number, number):
            raise not_found("customer")
        given, wrong = read_values(listed.body, body.answers)
        faults = {**dict.fromkeys(missing(listed.body, given), "missing"), **wrong}
        if faults:
            raise invalid(*(FieldError(_field(listed.body, name), _WHY[why]) for name, why in sorted(faults.items())))
        database.concerns(body.customer)
        answer, _ = await taking.hand_in(tx, shop, listed.as_version(), number, given, ref=body.ref)
    return _shown(answer)


@router.get("", response_model=AnswersPage, summary="Answers")
async def list_answers(
    caller: Annotated[Caller, Depends(allow("personal:read", personal=True))],
    database: DatabaseDep,
    *,
    survey: Annotated[str | None, Query(pattern=_NAME, description="Of one survey.", examples=[_SURVEY])] = None,
    customer: Annotated[
        str | None,
        Query(pattern=CUSTOMER_PATTERN, description="Of one person, by any of their identities.", examples=[_CUSTOMER]),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AnswersPage:
    """That count, the newest first, with what people wrote."""
    after = read_cursor(cursor, tuple[datetime, str])
    shop = int(caller.shop_id)
    async with database.read(caller.shop_id) as reads:
        own = None
        if customer is not None:
            key = (shop, int(customer_number(customer)))
            own = (await pointers.identities_of_all(reads, [key]))[key][1]
        found = await store.listed(reads, shop, survey, own, after, most=limit + 1)
    return AnswersPage.of([_shown(one) for one in found], limit, key=lambda one: (one.at.isoformat(), one.answer))


def _field(survey: surveys.Survey, name: str) -> str:
    """The field of a question; of one that there is not no name is repeated."""
    return f"body.answers.{name}" if any(one.id == name for one in survey.questions) else "body.answers"


def _shown(answer: Answer) -> AnswerShown:
    return AnswerShown(
        answer=answer.id,
        customer=customer_id_text(CustomerId(answer.customer)),
        survey=answer.survey,
        version=answer.version,
        kind=answer.kind,
        invitation=answer.invitation,
        by=answer.by,
        at=answer.at,
        score=answer.score,
        complete=answer.complete,
        stage=answer.stage or None,
        tier=answer.tier or None,
        numbers=answer.given.numbers,
        choices=answer.given.choices,
        texts=answer.given.texts,
    )
