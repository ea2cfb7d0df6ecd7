"""Messages over HTTP: asked for by hand, and how they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns import audience
from services.campaigns.messages import store
from services.campaigns.messages.domain import State
from services.campaigns.messages.events import plan_of
from services.campaigns.messages.store import Shown
from shared.contracts.campaigns import Request
from shared.kernel import CustomerId, customer_id_text
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, FieldError, allow, customer_number, invalid, not_found

router = APIRouter(prefix="/v1/messages", tags=["messages"])

_CUSTOMER = "1k5f0q2v9a3bd"
_ID = "00000000-0000-8c52-9c5e-2f6d1f0a7b17"
_LISTED_MAX = 200
_SHOWN: dict[str, Any] = {
    "message": _ID,
    "customer": _CUSTOMER,
    "test": False,
    "state": "sent",
    "reason": "",
    "channel": "email",
    "purpose": "news",
    "campaign": "by-hand",
    "step": "send",
    "occasion": "spring-2026",
    "template": "thank-you",
    "template_version": 2,
    "locale": "fa",
    "attempts": 1,
    "due": "2026-03-21T09:30:00Z",
    "expires_at": "2026-03-22T09:30:00Z",
    "planned_at": "2026-03-21T09:30:00Z",
    "ended_at": "2026-03-21T09:30:01Z",
}
_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"


class MessageForm(BaseModel):
    """A message that a customer is to have: once for each occasion, however often it is asked for."""

    customer: str = Field(pattern=CUSTOMER_PATTERN, examples=[_CUSTOMER])
    template: str = Field(pattern=_NAME, examples=["thank-you"])
    purpose: str = Field(pattern=_NAME, description="That the customer must have consented to.", examples=["news"])
    occasion: str = Field(min_length=1, max_length=200, description="What it is about.", examples=["spring-2026"])
    channel: Literal["email", "sms", "push", "webhook", "task"] = Field(
        "email", description="By which it goes out; the template must say something by it."
    )
    campaign: str = Field("by-hand", pattern=_NAME, description="What it counts for.")
    values: dict[str, str | int | bool | list[dict[str, str | int]]] = Field(
        {}, max_length=100, description="Fields of the template, as `values.…`. Nothing personal."
    )

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "customer": _CUSTOMER,
                "template": "thank-you",
                "purpose": "news",
                "occasion": "spring-2026",
                "values": {"days": 7},
            }
        },
    )


class MessageAnswer(BaseModel):
    """A message, and how it stands."""

    message: str = Field(description="Its id, also in its events and in the `Message-ID` of an e-mail.")
    customer: str = Field(description="Empty for a test of a template.")
    test: bool = Field(description="Sent to somebody of the staff; it counts nowhere.")
    state: str = Field(description="`planned`, `claimed`, `sent`, `failed`, `unknown` or `suppressed`.")
    reason: str = Field(description="Of a failure or a suppression; else empty.")
    channel: str
    purpose: str
    campaign: str
    step: str
    occasion: str
    template: str
    template_version: int | None
    locale: str
    attempts: int
    due: datetime
    expires_at: datetime
    planned_at: datetime
    ended_at: datetime | None

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class MessagesAnswer(BaseModel):
    """Messages of a person, the newest first."""

    items: list[MessageAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN]}})


@router.post("", response_model=MessageAnswer, summary="Send a customer a message")
async def send_message(
    caller: Annotated[Caller, Depends(allow("campaigns:write"))], database: DatabaseDep, body: MessageForm
) -> MessageAnswer:
    """Planned, and sent by the worker where consent allows it. For the same occasion again it is the same message."""
    wanted = msgspec.convert(body.model_dump(), Request)
    async with database.write(caller.shop_id) as tx:
        known = await audience.profiles_of(tx.conn, [(int(caller.shop_id), int(customer_number(body.customer)))])
        if not known:
            raise not_found("customer")
        try:
            plan = plan_of(wanted, (int(caller.shop_id), caller.shop.slug), tx.now)
        except ValueError as error:
            field, _, what = str(error).removeprefix("data.").partition(": ")
            raise invalid(FieldError(f"body.{field}", what)) from None
        database.concerns(body.customer)
        await store.add(tx.conn, [plan], State.PLANNED, tx.now)
        shown = await store.find(tx.conn, plan.shop, plan.id)
    assert shown is not None, "just planned, or before"
    return _answer(shown)


@router.get("", response_model=MessagesAnswer, summary="Messages of a customer")
async def list_messages(
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))],
    database: DatabaseDep,
    customer: Annotated[
        str, Query(pattern=CUSTOMER_PATTERN, description="Any identity of the person.", examples=[_CUSTOMER])
    ],
) -> MessagesAnswer:
    """Of all identities of the person, the newest 200."""
    async with database.read(caller.shop_id) as reads:
        _, identities = await audience.identities_of(reads, int(caller.shop_id), int(customer_number(customer)))
        found = await store.of_customers(reads, int(caller.shop_id), identities, _LISTED_MAX)
    return MessagesAnswer(items=[_answer(one) for one in found])


@router.get("/{message}", response_model=MessageAnswer, summary="How a message stands")
async def read_message(
    caller: Annotated[Caller, Depends(allow("campaigns:read"))],
    database: DatabaseDep,
    message: Annotated[str, Path(pattern="^[0-9a-z-]{1,64}$", description="Its id.", examples=[_ID])],
) -> MessageAnswer:
    """Its state, and what led there."""
    async with database.read(caller.shop_id) as reads:
        found = await store.find(reads, int(caller.shop_id), message)
    if found is None:
        raise not_found("message")
    return _answer(found)


def _answer(shown: Shown) -> MessageAnswer:
    plan = shown.plan
    about: dict[str, Any] = {
        name: getattr(plan, name) for name in ("channel", "purpose", "campaign", "step", "occasion", "template")
    }
    return MessageAnswer(
        message=plan.id,
        customer="" if shown.test else customer_id_text(CustomerId(plan.customer)),
        test=shown.test,
        state=shown.state.name.lower(),
        reason=shown.reason,
        template_version=shown.version,
        locale=shown.locale,
        attempts=shown.attempt,
        due=plan.due,
        expires_at=plan.expires_at,
        planned_at=shown.planned_at,
        ended_at=shown.ended_at,
        **about,
    )
