"""The policy over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.feedback.policy import store
from services.feedback.policy.domain import Policy
from shared.web import Caller, DatabaseDep, allow, changed_meanwhile, problem_responses

router = APIRouter(prefix="/v1/policy", tags=["surveys"])

_SHOWN: dict[str, Any] = {"rest_days": 30, "case_hours": 48, "escalate_hours": 24, "escalations": 3}


class PolicyForm(BaseModel):
    """How often customers are asked, and how fast a bad answer is owed an answer."""

    rest_days: int = Field(30, ge=1, le=730, description="A customer is asked at most once in so many days.")
    case_hours: int = Field(48, ge=1, le=8760, description="A case is to be solved so many hours after it was opened.")
    escalate_hours: int = Field(24, ge=1, le=8760, description="One that is late is told again so often.")
    escalations: int = Field(3, ge=1, le=20, description="And so many times in all.")

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {**_SHOWN, "rest_days": 14}})


class PolicyAnswer(BaseModel):
    """What holds now."""

    version: int = Field(description="0: nobody has said anything, and this is what holds by itself.")
    rest_days: int
    case_hours: int
    escalate_hours: int
    escalations: int

    model_config = ConfigDict(json_schema_extra={"example": {"version": 1, **_SHOWN}})


@router.get("", response_model=PolicyAnswer, summary="How often customers are asked")
async def read_policy(caller: Annotated[Caller, Depends(allow("feedback:read"))], database: DatabaseDep) -> Any:
    """What holds for all surveys and cases of the shop."""
    async with database.read(caller.shop_id) as reads:
        version, policy = (await store.versions(reads, [caller.shop_id]))[caller.shop_id]
    return {"version": version, **msgspec.structs.asdict(policy)}


@router.put("", response_model=PolicyAnswer, responses=problem_responses(412), summary="Change how often")
async def change_policy(
    caller: Annotated[Caller, Depends(allow("feedback:write"))], database: DatabaseDep, body: PolicyForm
) -> Any:
    """It holds from now on, also for those who wait to be asked: they are looked at when they were due before."""
    wanted = msgspec.convert(body.model_dump(), Policy)
    async with database.write(caller.shop_id) as tx:
        version = await store.publish(tx.conn, caller.shop_id, wanted, author=caller.actor, now=tx.now)
        if version is None:
            raise changed_meanwhile()
    return {"version": version, **msgspec.structs.asdict(wanted)}
