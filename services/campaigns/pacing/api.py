"""What a shop allows itself, over HTTP: each change is a version, in force at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.pacing import store
from services.campaigns.pacing.domain import FREE, HOURS_MAX, Policy, Weekday, parse
from services.campaigns.pacing.store import Published
from shared.web import Caller, DatabaseDep, FieldError, allow, changed_meanwhile, invalid, problem_responses

router = APIRouter(prefix="/v1/messages/policy", tags=["messages"])
Reader = Annotated[Caller, Depends(allow("campaigns:read"))]
Writer = Annotated[Caller, Depends(allow("campaigns:write"))]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Channel = Literal["email", "sms", "push", "messenger", "social", "phone"]

_SAMPLE: dict[str, Any] = {
    "caps": [
        {"most": 1, "hours": 24, "channel": "sms", "purpose": None},
        {"most": 4, "hours": 168, "channel": None, "purpose": None},
    ],
    "over": "drop",
    "quiet": {"since": "22:00", "until": "08:00"},
    "weekend": ["fri"],
    "channels": ["sms", "push"],
    "exempt": ["orders", "account"],
}
_SHOWN: dict[str, Any] = {
    "version": 1,
    "author": "staff:ava",
    "published_at": "2026-03-20T09:30:00Z",
    "policy": _SAMPLE,
}


class Form(BaseModel):
    """What is sent."""

    model_config = ConfigDict(strict=True, extra="forbid")


class CapForm(Form):
    """No more than so many messages within so many hours."""

    most: int = Field(ge=1, le=1_000)
    hours: int = Field(ge=1, le=HOURS_MAX, description="24: a day; 168: a week. Of any day: it is no calendar's.")
    channel: Channel | None = Field(None, description="That it holds for, and counts; null: all together.")
    purpose: Name | None = Field(None, description="Likewise.")


class QuietForm(Form):
    """Local time of the customer; 22:00 to 08:00 goes past midnight."""

    since: Clock
    until: Clock


class PolicyForm(Form):
    """What the shop allows itself."""

    caps: list[CapForm] = Field([], max_length=20, description="Counted over what was sent, or may have been.")
    over: Literal["drop", "wait"] = Field(
        "drop", description="What becomes of a message over a cap: suppressed, or put off until there is room."
    )
    quiet: QuietForm | None = Field(None, description="What falls due then waits for its end, unless it expires.")
    weekend: list[Weekday] = Field([], max_length=6, description="Days on which nothing is sent.")
    channels: list[Channel] = Field(
        ["email", "sms", "push", "messenger", "social", "phone"],
        max_length=6,
        description="That quiet hours and the weekend hold for. Caps hold for all that reach customers.",
    )
    exempt: list[Name] = Field(
        [], max_length=100, description="Purposes for which none of it holds: what serves an order."
    )

    model_config = ConfigDict(json_schema_extra={"example": _SAMPLE})


class PolicyAnswer(BaseModel):
    """The policy that holds."""

    version: int | None = Field(description="Null: the shop has said nothing, and everything may be sent at any hour.")
    author: str | None
    published_at: datetime | None
    policy: PolicyForm

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})


class PoliciesAnswer(BaseModel):
    """All versions, the newest first."""

    items: list[PolicyAnswer]

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_SHOWN]}})


@router.get("", response_model=PolicyAnswer, summary="When and how often customers may be sent messages")
async def read_policy(caller: Reader, database: DatabaseDep) -> PolicyAnswer:
    """Caps, quiet hours, weekend, and what is exempt."""
    async with database.read(caller.shop_id) as reads:
        found = await store.versions_of(reads, int(caller.shop_id), 1)
    return _answer(found[0] if found else None)


@router.put(
    "", response_model=PolicyAnswer, responses=problem_responses(412), summary="Change when and how often messages go"
)
async def change_policy(caller: Writer, database: DatabaseDep, body: PolicyForm) -> PolicyAnswer:
    """The next version, all of it replaced; what falls due from now on is judged by it. The same again makes none."""
    try:
        policy = parse(body.model_dump())
    except ValueError as error:
        field, _, what = str(error).partition(": ")
        raise invalid(FieldError(f"body.{field}", what)) from None
    shop = int(caller.shop_id)
    async with database.write(caller.shop_id) as tx:
        found = await store.versions_of(tx.conn, shop, 1)
        if not found or found[0].policy != policy:
            if await store.publish(tx.conn, shop, policy, caller.actor, tx.now) is None:
                raise changed_meanwhile()
            found = await store.versions_of(tx.conn, shop, 1)
    return _answer(found[0])


@router.get("/versions", response_model=PoliciesAnswer, summary="Versions of that policy")
async def list_policies(caller: Reader, database: DatabaseDep) -> PoliciesAnswer:
    """Who changed what, and when."""
    async with database.read(caller.shop_id) as reads:
        found = await store.versions_of(reads, int(caller.shop_id))
    return PoliciesAnswer(items=[_answer(one) for one in found])


def _answer(found: Published | None) -> PolicyAnswer:
    policy: Policy = FREE if found is None else found.policy
    return PolicyAnswer(
        version=None if found is None else found.version,
        author=None if found is None else found.author,
        published_at=None if found is None else found.published_at,
        policy=PolicyForm.model_validate(msgspec.to_builtins(policy, builtin_types=(tuple,)), strict=False),
    )
