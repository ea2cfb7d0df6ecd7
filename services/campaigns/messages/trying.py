"""Tests of templates over HTTP: a message to somebody of the staff, which counts nowhere."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns import templates
from services.campaigns.messages import store
from services.campaigns.messages.domain import Plan, message_id, values_fault
from shared.db import OpenTransaction
from shared.web import Caller, DatabaseDep, FieldError, allow, conflict, invalid, not_found, problem_responses

router = APIRouter(prefix="/v1/templates", tags=["templates"])

HOURLY_MAX = 100
"""Tests of a shop: nobody makes a sender of bulk of it."""
_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"
_LOCALE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,190}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_AGE = timedelta(hours=1)
_NOBODY = 0
_SAMPLE: dict[str, Any] = {"channel": "email", "to": "sara@laleh.example", "locale": "en", "customer": {"name": "Sara"}}


class TrialForm(BaseModel):
    """To whom of the staff, and with which fields in place of a customer's own."""

    channel: Literal["email", "sms", "webhook"] = "email"
    to: str = Field("", max_length=254, description="An address, or a number as `+98…`; of a webhook nothing.")
    locale: str = Field("en", pattern=_LOCALE, description="The language wanted; where there is none, another.")
    customer: dict[str, str | int | bool | None] = Field({}, max_length=100)
    values: dict[str, str | int | bool | list[dict[str, str | int]]] = Field({}, max_length=100)

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": _SAMPLE})


class TrialAnswer(BaseModel):
    """The test, on its way."""

    message: str = Field(description="Its id: `GET /v1/messages/{message}` tells how it stands.")

    model_config = ConfigDict(json_schema_extra={"example": {"message": "00000000-0000-8c52-9c5e-2f6d1f0a7b19"}})


@router.post(
    "/{template}/test",
    response_model=TrialAnswer,
    responses=problem_responses(409),
    summary="Send a test of a template",
)
async def try_template(
    caller: Annotated[Caller, Depends(allow("campaigns:write"))],
    database: DatabaseDep,
    template: Annotated[str, Path(pattern=_NAME, description="As the shop names it.", examples=["thank-you"])],
    body: TrialForm,
) -> TrialAnswer:
    """In its last version, by the worker. No consent is asked, no event tells of it, and no figure counts it."""
    _judge(body)
    async with database.write(caller.shop_id) as tx:
        versions = await templates.last_versions(tx.conn, [(int(caller.shop_id), template)])
        version = versions.get((int(caller.shop_id), template))
        if version is None:
            raise not_found("template")
        if not version.template.languages(body.channel):
            raise invalid(FieldError("body.channel", "the template says nothing by it"))
        plan = _plan(caller, template, body, tx)
        if not await store.add_test(tx.conn, plan, body.to, now=tx.now, hourly_max=HOURLY_MAX):
            raise conflict("too-many-tests", "Nothing is sent", f"A shop has {HOURLY_MAX} tests an hour; wait a while.")
    return TrialAnswer(message=plan.id)


def _judge(body: TrialForm) -> None:
    fits = {"email": _EMAIL.fullmatch, "sms": _PHONE.fullmatch}.get(body.channel, lambda to: None if to else True)
    if not fits(body.to):
        raise invalid(FieldError("body.to", "is nothing that this channel goes to"))
    if (fault := values_fault(body.values)) is not None:
        raise invalid(FieldError("body.values", fault))


def _plan(caller: Caller, template: str, body: TrialForm, tx: OpenTransaction) -> Plan:
    # Each test is a message of its own, so the time is part of its id.
    occasion = f"{tx.now.isoformat()} {body.channel} {body.to}"
    return Plan(
        shop=int(caller.shop_id),
        id=message_id(caller.shop.slug, caller.actor, ("test", template, occasion), body.channel),
        customer=_NOBODY,
        channel=body.channel,
        purpose="test",
        campaign="test",
        step="test",
        occasion=tx.now.isoformat(),
        template=template,
        fields=msgspec.json.encode({"values": body.values, "customer": body.customer, "locale": body.locale}),
        due=tx.now,
        expires_at=tx.now + _AGE,
    )
