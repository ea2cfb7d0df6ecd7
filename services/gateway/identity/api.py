"""Identities of a customer over HTTP: which there are, merge them, undo a merge."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.gateway.identity.domain.joining import Groups
from services.gateway.identity.domain.people import Person
from services.gateway.identity.store import staff
from services.gateway.identity.store.staff import Conflict, Whole, Why
from shared.kernel import CustomerId, customer_id_text, parse_customer_id
from shared.messaging.handling import Transaction
from shared.web import (
    CUSTOMER_PATTERN,
    Caller,
    Cursor,
    DatabaseDep,
    FieldError,
    Limit,
    Page,
    Problem,
    allow,
    conflict,
    invalid,
    not_found,
    problem_responses,
    read_cursor,
)

_SAMPLE = "0b7t4r2pkd91u"
_OTHER = "1k9d0v3mq7c2e"
_NOBODY = "0" * 13

router = APIRouter(prefix="/v1/customers", tags=["identities"])
Customer = Annotated[
    str, Path(pattern=CUSTOMER_PATTERN, description="Surrogate id, as events and answers have it.", examples=[_SAMPLE])
]


class Merge(BaseModel):
    """Whom a customer is to be merged into."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"example": {"into": _OTHER, "reason": "The same person, as she told us"}},
    )

    into: str = Field(
        pattern=CUSTOMER_PATTERN, description="The customer who goes on; orders of both are then counted as theirs."
    )
    reason: str = Field("", max_length=500, description="Kept with the merge.")


class Unmerge(BaseModel):
    """Why a merge is undone."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"example": {"reason": "Mother and daughter share a phone"}}
    )

    reason: str = Field("", max_length=500, description="Kept with it.")


class IdentityAnswer(BaseModel):
    """One of the identities of a person."""

    customer: str
    merged_into: str | None = Field(description="Whom it was merged into itself; null for the one that goes on.")
    guest: bool = Field(description="The shop has given it no customer id.")
    created_at: datetime


class DoneAnswer(BaseModel):
    """A merge, or its undoing."""

    customer: str
    other: str
    action: str = Field(description="`merged` or `unmerged`.")
    by: str = Field(description="`event`, or who asked for it: `key:<key id>`, `staff:<subject>`.")
    reason: str
    at: datetime


class ConflictAnswer(BaseModel):
    """Two whom an event names together, and who are not merged: to be merged by hand where they are one person."""

    customer: str
    other: str
    reason: str = Field(description="`two_customer_ids`, `too_many_phones`, `too_many_emails`, `kept_apart`.")
    at: datetime

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _SAMPLE,
                "other": _OTHER,
                "reason": "two_customer_ids",
                "at": "2026-03-01T12:00:00Z",
            }
        }
    )


class PersonAnswer(BaseModel):
    """A person with all identities."""

    customer: str
    canonical: str = Field(description="The identity as which the person is counted.")
    changed: bool = Field(description="Whether this request moved anything.")
    identities: list[IdentityAnswer]
    merges: list[DoneAnswer] = Field(description="What was merged and undone, the latest first, at most 200.")
    suggestions: list[ConflictAnswer] = Field(description="The latest first, at most 200.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _SAMPLE,
                "canonical": _OTHER,
                "changed": False,
                "identities": [
                    {
                        "customer": _SAMPLE,
                        "merged_into": _OTHER,
                        "guest": True,
                        "created_at": "2026-03-01T12:00:00Z",
                    }
                ],
                "merges": [],
                "suggestions": [],
            }
        }
    )


@router.get("/suggestions", response_model=Page[ConflictAnswer], summary="Customers who may be one person")
async def list_suggestions(
    caller: Annotated[Caller, Depends(allow("customers:list", personal=True))],
    database: DatabaseDep,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ConflictAnswer]:
    """Whom an event named together and who were not merged, with the reason. Those whom staff parted are left out."""
    after = read_cursor(cursor, tuple[int, int, str]) or (0, 0, "")
    async with database.read(caller.shop_id) as reads:
        found = await staff.load_conflicts(reads, caller.shop_id, after, limit + 1)
    page = Page[Conflict].of(found, limit, lambda one: (one.customer, one.other, one.reason))
    return Page[ConflictAnswer](items=[_conflict(one) for one in page.items], next=page.next)


@router.get("/{customer}/identities", response_model=PersonAnswer, summary="A customer's identities")
async def read_identities(
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))],
    database: DatabaseDep,
    customer: Customer,
) -> PersonAnswer:
    """All identities that are one person with the customer, what was merged, and who else it might be."""
    async with database.read(caller.shop_id) as reads:
        whole = await staff.load_person(reads, caller.shop_id, _number(customer))
    if whole is None:
        raise not_found("customer")
    return _answer(customer, whole, changed=False)


@router.post(
    "/{customer}/merge", response_model=PersonAnswer, responses=problem_responses(409), summary="Merge into another"
)
async def merge(
    caller: Annotated[Caller, Depends(allow("customers:write", personal=True))],
    database: DatabaseDep,
    customer: Customer,
    body: Merge,
) -> PersonAnswer:
    """Join the customer, and who is merged into it, to another one. Nothing is lost: `unmerge` parts them again.

    Those who are one person already stay so, and nothing changes.
    """
    if body.into == customer:
        raise invalid(FieldError("body.into", "is the customer itself; name the one who is to go on"))
    async with database.write(caller.shop_id) as tx:
        person, into, groups = await _two(tx, caller, _number(customer), _number(body.into))
        database.concerns(body.into)
        changed = person.canonical != into.canonical
        if changed and person.merged_into is not None:
            raise _merged_already(person)
        if changed:
            why = Why(caller.shop.slug, caller.actor, body.reason)
            await staff.save_merge(tx, groups, person, into, why)
        whole = await staff.load_person(tx.conn, caller.shop_id, person.customer)
    assert whole is not None, "was locked"
    return _answer(customer, whole, changed=changed)


@router.post("/{customer}/unmerge", response_model=PersonAnswer, summary="Undo a merge")
async def unmerge(
    caller: Annotated[Caller, Depends(allow("customers:write", personal=True))],
    database: DatabaseDep,
    customer: Customer,
    body: Unmerge | None = None,
) -> PersonAnswer:
    """Part the customer from the one it was merged into. Who was merged into it stays with it.

    Events do not join the two again. A customer who is not merged stays as it is.
    """
    key = caller.shop_id, _number(customer)
    async with database.write(caller.shop_id) as tx:
        people = await staff.lock_groups(tx, [key])
        person = people.get(key)
        if person is None:
            raise not_found("customer")
        changed = person.merged_into is not None
        if changed:
            why = Why(caller.shop.slug, caller.actor, "" if body is None else body.reason)
            await staff.save_unmerge(tx, Groups(people.values()), person, why)
        whole = await staff.load_person(tx.conn, caller.shop_id, person.customer)
    assert whole is not None, "was locked"
    return _answer(customer, whole, changed=changed)


async def _two(tx: Transaction, caller: Caller, one: CustomerId, other: CustomerId) -> tuple[Person, Person, Groups]:
    shop = caller.shop_id
    people = await staff.lock_groups(tx, [(shop, one), (shop, other)])
    person, into = people.get((shop, one)), people.get((shop, other))
    if person is None:
        raise not_found("customer")
    if into is None:
        raise invalid(FieldError("body.into", "there is no such customer; give the id of one of this shop"))
    return person, into, Groups(people.values())


def _merged_already(person: Person) -> Problem:
    into = customer_id_text(person.merged_into or person.canonical)
    return conflict(
        "merged-already",
        "The customer is merged into another",
        f"`customer`: is merged into {into}; undo that first, or merge {customer_id_text(person.canonical)}.",
    )


def _answer(customer: str, whole: Whole, *, changed: bool) -> PersonAnswer:
    return PersonAnswer(
        customer=customer,
        canonical=_text(whole.identities[0].canonical),
        changed=changed,
        identities=[
            IdentityAnswer(
                customer=_text(one.customer),
                merged_into=None if one.merged_into is None else _text(one.merged_into),
                guest=not one.has_id,
                created_at=one.created_at,
            )
            for one in whole.identities
        ],
        merges=[
            DoneAnswer(
                customer=_text(one.customer),
                other=_text(one.other),
                action=one.action,
                by=one.by,
                reason=one.reason,
                at=one.at,
            )
            for one in whole.done
        ],
        suggestions=[_conflict(one) for one in whole.conflicts],
    )


def _conflict(one: Conflict) -> ConflictAnswer:
    return ConflictAnswer(customer=_text(one.customer), other=_text(one.other), reason=one.reason, at=one.at)


def _number(customer: str) -> CustomerId:
    # The pattern leaves one text that is no id, of which there is no customer either.
    return CustomerId(0) if customer == _NOBODY else parse_customer_id(customer)


def _text(customer: int) -> str:
    return customer_id_text(CustomerId(customer))
