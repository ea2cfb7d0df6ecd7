"""What campaigns holds of a person over HTTP, for an export."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.privacy import showing
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

router = APIRouter(prefix="/v1/customers", tags=["privacy"])

_EXAMPLE = "1k5f0q2v9a3bd"


class ExportAnswer(BaseModel):
    """What campaigns holds of a customer."""

    service: str
    customer: str
    profile: dict[str, Any] | None = Field(description="Contacts, and what events told; null where nothing did.")
    consents: list[dict[str, Any]] = Field(description="What holds, by channel and purpose.")
    segments: list[dict[str, Any]] = Field(description="To which they belong, and since when.")
    messages: list[dict[str, Any]] = Field(description="What was planned and sent, and what it was to show.")
    tasks: list[dict[str, Any]] = Field(description="What staff were to do, and what came of it.")
    browsers: list[dict[str, Any]] = Field(description="That take push.")
    journeys: list[dict[str, Any]] = Field(description="Runs of journeys, and what each was entered with.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "campaigns",
                "customer": _EXAMPLE,
                "profile": {"name": "Sara Ahmadi", "email": "sara@example.com", "orders": 3, "points": 150},
                "consents": [{"channel": "email", "purpose": "newsletter", "state": "given"}],
                "segments": [{"segment": "regulars-at-risk", "since": "2026-03-20T09:30:00Z", "version": 2}],
                "messages": [{"campaign": "by-hand", "template": "thank-you", "state": "sent"}],
                "tasks": [{"campaign": "onboarding", "title": "Call Sara", "state": "open"}],
                "browsers": [{"endpoint": "https://push.example.com/send/dHJ5", "added_at": "2026-03-21T09:30:00Z"}],
                "journeys": [{"journey": "welcome", "version": 1, "state": "completed", "trigger": "member.joined"}],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that campaigns holds of a customer")
async def export(
    caller: Annotated[Caller, Depends(allow("personal:read", personal=True))],
    database: DatabaseDep,
    customer: Annotated[
        str,
        Path(
            pattern=CUSTOMER_PATTERN,
            description="The platform's own id; gateway's export names all identities of a person.",
            examples=[_EXAMPLE],
        ),
    ],
) -> dict[str, Any]:
    """The profile, what holds of consents, and messages. One identity at a time."""
    number = customer_number(customer)
    async with database.read(caller.shop_id) as reads:
        found = await showing.export(reads, caller.shop_id, number)
    if not any(found[kind] for kind in found.keys() - {"service", "customer"}):
        raise not_found("customer")
    return found
