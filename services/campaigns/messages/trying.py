"""Tests of templates over HTTP: a message to somebody of the staff, which counts nowhere."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns import devices, templates
from services.campaigns.messages import store
from services.campaigns.messages.domain import Plan, message_id, values_fault
from shared.db import OpenTransaction
from shared.outgoing import Refused, check_url
from shared.web import Caller, DatabaseDep, FieldError, allow, conflict, invalid, not_found, problem_responses

HOURLY_MAX = 100
"""Tests of a shop: nobody makes a sender of bulk of it."""
_NAME = "^[a-z0-9][a-z0-9_.-]{0,63}$"
_LOCALE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,190}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_AGE = timedelta(hours=1)
_NOBODY = 0
_BROWSER: dict[str, Any] = {
    "endpoint": "https://push.example.com/send/dHJ5",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
_OWNER = re.compile(r"(staff|key):[!-~]{1,190}")
_SAMPLE: dict[str, Any] = {"channel": "email", "to": "sara@laleh.example", "locale": "en", "customer": {"name": "Sara"}}


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class TrialKeysForm(_Part):
    """What only this browser can read is encrypted with, in base64url."""

    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=50)

    model_config = ConfigDict(json_schema_extra={"example": _BROWSER["keys"]})


class TrialBrowserForm(_Part):
    """A browser of the staff, as `PushSubscription.toJSON` gives it. It is kept until the test has ended."""

    endpoint: str = Field(min_length=1, max_length=2_000, description="HTTPS, on the internet.")
    keys: TrialKeysForm

    model_config = ConfigDict(json_schema_extra={"example": _BROWSER})


class TrialForm(BaseModel):
    """To whom of the staff, and with which fields in place of a customer's own."""

    channel: Literal["email", "sms", "push", "webhook", "task"] = "email"
    to: str = Field(
        "",
        max_length=254,
        description="An address; a number as `+98…`; who is to do a task, `staff:<subject>` or `key:<key id>` (empty: "
        "the caller); of a webhook or push nothing.",
    )
    browser: TrialBrowserForm | None = Field(None, description="For push.")
    locale: str = Field("en", pattern=_LOCALE, description="The language wanted; where there is none, another.")
    customer: dict[str, str | int | bool | None] = Field({}, max_length=100)
    values: dict[str, str | int | bool | list[dict[str, str | int]]] = Field({}, max_length=100)

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": _SAMPLE})


class TrialAnswer(BaseModel):
    """The test, on its way."""

    message: str = Field(description="Its id: `GET /v1/messages/{message}` tells how it stands.")

    model_config = ConfigDict(json_schema_extra={"example": {"message": "00000000-0000-8c52-9c5e-2f6d1f0a7b19"}})


def trying_router(*, loopback: bool = False) -> APIRouter:
    """The route. `loopback`: push services on this machine may be named."""
    router = APIRouter(prefix="/v1/templates", tags=["templates"])

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
        to = _judged(body, caller.actor, loopback=loopback)
        async with database.write(caller.shop_id) as tx:
            versions = await templates.last_versions(tx.conn, [(int(caller.shop_id), template)])
            version = versions.get((int(caller.shop_id), template))
            if version is None:
                raise not_found("template")
            if not version.template.languages(body.channel):
                raise invalid(FieldError("body.channel", "the template says nothing by it"))
            plan = _plan(caller, template, body, tx)
            if not await store.add_test(tx.conn, plan, to, now=tx.now, hourly_max=HOURLY_MAX):
                detail = f"A shop has {HOURLY_MAX} tests an hour; wait a while."
                raise conflict("too-many-tests", "Nothing is sent", detail)
        return TrialAnswer(message=plan.id)

    return router


def _judged(body: TrialForm, actor: str, *, loopback: bool) -> str:
    """Where the test goes, in one text."""
    to = body.to or actor if body.channel == "task" else body.to
    fits = {"email": _EMAIL.fullmatch, "sms": _PHONE.fullmatch, "task": _OWNER.fullmatch}.get(
        body.channel, lambda to: None if to else True
    )
    if not fits(to):
        raise invalid(FieldError("body.to", "is nothing that this channel goes to"))
    if (body.browser is not None) != (body.channel == "push"):
        raise invalid(FieldError("body.browser", "is what push goes to, and nothing else"))
    if (fault := values_fault(body.values)) is not None:
        raise invalid(FieldError("body.values", fault))
    return to if body.browser is None else _written(body.browser, loopback=loopback)


def _written(browser: TrialBrowserForm, *, loopback: bool) -> str:
    try:
        check_url(browser.endpoint, loopback=loopback)
        devices.browser_of(browser.endpoint, browser.keys.p256dh, browser.keys.auth)
    except Refused as refused:
        raise invalid(FieldError("body.browser.endpoint", str(refused))) from None
    except ValueError as error:
        raise invalid(FieldError(f"body.browser.{error}", "is no key of a browser")) from None
    said = {"endpoint": browser.endpoint, "key": browser.keys.p256dh, "auth": browser.keys.auth}
    return msgspec.json.encode(said).decode()


def _plan(caller: Caller, template: str, body: TrialForm, tx: OpenTransaction) -> Plan:
    # Each test is a message of its own, so the time is part of its id.
    about = "" if body.browser is None else body.browser.endpoint
    occasion = f"{tx.now.isoformat()} {body.channel} {body.to}{about}"
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
