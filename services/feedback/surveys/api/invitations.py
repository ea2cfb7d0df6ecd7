"""Invitations: who is asked what, by hand, and how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.feedback import clocks, customers
from services.feedback.surveys import wishing
from services.feedback.surveys.api.forms import NAME
from services.feedback.surveys.domain.invitations import Invitation
from services.feedback.surveys.store import invitations, versions
from shared import pointers
from shared.kernel import CustomerId, customer_id_text
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

router = APIRouter(prefix="/v1/invitations", tags=["surveys"])

_CUSTOMER = "1k5f0q2v9a3bd"
_LISTED_MAX = 200
_SHOWN: dict[str, Any] = {
    "invitation": "00000000-0000-8c52-9c5e-2f6d1f0a7b18",
    "customer": _CUSTOMER,
    "survey": "nps-after-delivery",
    "version": 1,
    "occasion": "order:A-1001",
    "state": "sent",
    "reason": "",
    "due": "2026-03-21T09:30:00Z",
    "until": "2026-06-19T09:30:00Z",
    "asked_at": "2026-03-21T09:30:00Z",
    "sent_at": "2026-03-21T09:30:02Z",
    "opened_at": None,
    "ended_at": None,
    "expires_at": "2026-04-20T09:30:00Z",
}


class InvitationForm(BaseModel):
    """A customer who is to be asked: once on each occasion, however often it is said."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, examples=[_CUSTOMER])
    survey: str = Field(pattern=NAME, examples=["nps-after-delivery"])
    occasion: str = Field(
        min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", description="What it is about.", examples=["visit-7"]
    )

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"example": {"customer": _CUSTOMER, "survey": "nps-after-delivery", "occasion": "visit-7"}},
    )


class InvitationAnswer(BaseModel):
    """An invitation, and how it stands."""

    invitation: str
    customer: str
    survey: str
    version: int | None
    occasion: str
    state: str = Field(
        description="`waiting`, `asked`, `sent`, `answered`, `dismissed`, `expired`, `unsent`, `withdrawn` or `lapsed`."
    )
    reason: str = Field(description="Of `unsent`; else empty.")
    due: datetime
    until: datetime = Field(description="Given up then, if its turn has not come.")
    asked_at: datetime | None
    sent_at: datetime | None
    opened_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class InvitationsAnswer(BaseModel):
    """Invitations of a person, the newest first."""

    items: list[InvitationAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN]}})


@router.post("", response_model=InvitationAnswer, summary="Have a customer asked")
async def invite(
    caller: Annotated[Caller, Depends(allow("cases:write"))], database: DatabaseDep, body: InvitationForm
) -> InvitationAnswer:
    """When their turn comes: nobody is asked more often than the policy and the survey say."""
    shop, number = caller.shop, int(customer_number(body.customer))
    async with database.write(caller.shop_id) as tx:
        listed = await versions.find(tx.conn, shop.number, body.survey)
        if listed is None:
            raise not_found("survey")
        if not await customers.is_known(tx.conn, shop.number, number):
            raise not_found("customer")
        database.concerns(body.customer)
        await customers.lock(tx.conn, {(shop.number, number)})
        now = await clocks.time_now(tx.conn, shop, tx.now)
        whom = (number, f"hand:{body.occasion}")
        made = await wishing.wish_by_hand(tx, shop, listed.as_version(), whom, now)
        kept = await invitations.find(tx.conn, shop.number, made)
    assert kept is not None, "kept now, or before"
    return _answer(kept)


@router.get("", response_model=InvitationsAnswer, summary="What a customer was asked")
async def list_invitations(
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))],
    database: DatabaseDep,
    customer: Annotated[
        str, Query(pattern=CUSTOMER_PATTERN, description="Any identity of the person.", examples=[_CUSTOMER])
    ],
) -> InvitationsAnswer:
    """Of all identities of the person, the newest 200."""
    key = (int(caller.shop_id), int(customer_number(customer)))
    async with database.read(caller.shop_id) as reads:
        _, own = (await pointers.identities_of_all(reads, [key]))[key]
        found = await invitations.of_customers(reads, key[0], own, _LISTED_MAX)
    return InvitationsAnswer(items=[_answer(one) for one in found])


def _answer(one: Invitation) -> InvitationAnswer:
    return InvitationAnswer(
        invitation=one.id,
        customer=customer_id_text(CustomerId(one.customer)),
        state=one.state.name.lower(),
        **{
            name: getattr(one, name)
            for name in ("survey", "version", "occasion", "reason", "due", "until", "asked_at", "sent_at", "opened_at")
        },
        ended_at=one.ended_at,
        expires_at=one.expires_at,
    )
