"""What campaigns holds of a person over HTTP, for an export."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.campaigns.privacy import showing
from shared.web import EXPORTED_EXAMPLE, DatabaseDep, ExportCaller, ExportedCustomer, exported

router = APIRouter(prefix="/v1/customers", tags=["privacy"])


class ExportAnswer(BaseModel):
    """What campaigns holds of a customer."""

    service: str
    customer: str
    profile: dict[str, Any] | None = Field(description="Contacts, and what events told; null where nothing did.")
    consents: list[dict[str, Any]] = Field(description="What holds, by channel and purpose.")
    addresses: list[dict[str, Any]] = Field(description="That staff had tried again after they bounced.")
    segments: list[dict[str, Any]] = Field(description="To which they belong, and since when.")
    messages: list[dict[str, Any]] = Field(description="What was planned and sent, and what it was to show.")
    tasks: list[dict[str, Any]] = Field(description="What staff were to do, and what came of it.")
    browsers: list[dict[str, Any]] = Field(description="That take push.")
    journeys: list[dict[str, Any]] = Field(description="Runs of journeys, and what each was entered with.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "campaigns",
                "customer": EXPORTED_EXAMPLE,
                "profile": {"name": "Sara Ahmadi", "email": "sara@example.com", "orders": 3, "points": 150},
                "consents": [{"channel": "email", "purpose": "newsletter", "state": "given"}],
                "addresses": [{"channel": "email", "lifted_at": "2026-03-21T09:30:00Z", "reason": "mailbox-restored"}],
                "segments": [{"segment": "regulars-at-risk", "since": "2026-03-20T09:30:00Z", "version": 2}],
                "messages": [{"campaign": "by-hand", "template": "thank-you", "state": "sent"}],
                "tasks": [{"campaign": "onboarding", "title": "Call Sara", "state": "open"}],
                "browsers": [{"endpoint": "https://push.example.com/send/dHJ5", "added_at": "2026-03-21T09:30:00Z"}],
                "journeys": [{"journey": "welcome", "version": 1, "state": "completed", "trigger": "member.joined"}],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that campaigns holds of a customer")
async def export(caller: ExportCaller, database: DatabaseDep, customer: ExportedCustomer) -> dict[str, Any]:
    """The profile, what holds of consents, and messages. One identity at a time."""
    return await exported(caller, database, customer, showing.export)
